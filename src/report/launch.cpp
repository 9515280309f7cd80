#include "report/launch.h"

#include <algorithm>

#include "report/text_style.h"
#include "vllm/arguments.h"
#include "vllm/launch_words.h"

namespace vram::report {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kFirst = "MACHINE_1";

std::int64_t size_of(const plan::Request& request, const char* name) {
  const json::Value* found = request.args.find(name);
  return found && found->integer() ? *found->integer() : 1;
}

Words serve(const plan::Request& request) {
  Words words;
  for (const auto& [name, value] : request.environment) words.push_back(name + '=' + value);
  words.insert(words.end(), {"vllm", "serve", request.model->name});
  for (std::string& word : vllm::launch_words(request.args)) words.push_back(std::move(word));
  return words;
}

Words with(Words words, std::initializer_list<std::string> more) {
  words.insert(words.end(), more);
  return words;
}

bool has_argument(const plan::Request& request, const char* name) {
  json::Object given;
  given.set(name, json::Value(1));
  return bool(vllm::read_arguments(given, request.engine));
}

std::string where(std::int64_t node, std::int64_t nodes) {
  return "on machine " + std::to_string(node + 1) + " of " + std::to_string(nodes);
}

/// Replicas on several machines: each machine runs its share of them.
std::vector<NodeLaunch> replicas(const plan::Request& request, std::int64_t nodes) {
  const std::int64_t data = size_of(request, "data_parallel_size");
  const std::int64_t local = (data + nodes - 1) / nodes;
  std::vector<NodeLaunch> all;
  for (std::int64_t node = 0; node < nodes; ++node) {
    const std::string here = std::to_string(std::min(local, data - node * local));
    Words words = with(serve(request), {"--data-parallel-size-local", here, "--data-parallel-address", kFirst,
                                        "--data-parallel-rpc-port", "13345"});
    if (node > 0)
      words = with(std::move(words), {"--data-parallel-start-rank", std::to_string(node * local), "--headless"});
    all.push_back({where(node, nodes), {std::move(words)}});
  }
  return all;
}

/// One replica over several machines.
std::vector<NodeLaunch> stages(const plan::Request& request, std::int64_t nodes) {
  std::vector<NodeLaunch> all;
  const bool own = has_argument(request, "nnodes");
  for (std::int64_t node = 0; node < nodes; ++node) {
    NodeLaunch launch{where(node, nodes), {}};
    if (own) {
      Words words = with(serve(request), {"--nnodes", std::to_string(nodes), "--node-rank", std::to_string(node),
                                          "--master-addr", kFirst});
      if (node > 0) words.emplace_back("--headless");
      launch.lines.push_back(std::move(words));
    } else if (node == 0) {
      launch.lines.push_back({"ray", "start", "--head", "--port=6379"});
      launch.lines.push_back(with(serve(request), {"--distributed-executor-backend", "ray"}));
    } else {
      launch.lines.push_back({"ray", "start", std::string("--address=") + kFirst + ":6379"});
    }
    all.push_back(std::move(launch));
  }
  return all;
}

}  // namespace

std::int64_t gpus_of(const plan::Request& request) {
  return size_of(request, "tensor_parallel_size") * size_of(request, "pipeline_parallel_size") *
         size_of(request, "data_parallel_size");
}

std::vector<NodeLaunch> launches(const plan::Request& request) {
  const std::int64_t per_node = std::max<std::int64_t>(request.gpu.per_node, 1);
  const std::int64_t nodes = (gpus_of(request) + per_node - 1) / per_node;
  if (nodes == 1) return {{"", {serve(request)}}};
  return size_of(request, "data_parallel_size") > 1 ? replicas(request, nodes) : stages(request, nodes);
}

std::string command_text(const Words& words, int width, const std::string& indent) {
  std::string out, line = indent;
  const std::string more = indent + "      ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string word = vllm::shell_word(words[i]);
    // A flag stays with its value.
    const bool flag = words[i].starts_with("--") && i + 1 < words.size() && !words[i + 1].starts_with("--");
    if (flag) word += ' ' + vllm::shell_word(words[++i]);
    const bool fresh = line == indent || line == more;
    if (!fresh && columns(line) + 1 + columns(word) + 2 > width) {
      out += line + " \\\n";
      line = more + word;
    } else {
      line += (fresh ? "" : " ") + word;
    }
  }
  return out + line + '\n';
}

std::string launch_text(const plan::Request& request) {
  constexpr int kWidth = 100;
  std::string out;
  for (const NodeLaunch& node : launches(request)) {
    if (!node.where.empty()) out += "# " + node.where + '\n';
    for (const Words& words : node.lines) out += command_text(words, kWidth, "");
  }
  return out;
}

}  // namespace vram::report
