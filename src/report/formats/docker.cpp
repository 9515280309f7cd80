// docker: `docker run`, a machine's after the other's.
#include "report/container.h"
#include "report/formats.h"

namespace vram::report::formats {

extern const Entry docker;

namespace {

constexpr int kWidth = 100;

std::vector<std::string> run_words(const plan::Request& request, const NodeLaunch& node) {
  std::vector<std::string> words{"docker", "run", "--rm"};
  const auto add = [&](std::initializer_list<const char*> more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  const auto files = device_files(request.gpu);
  for (const std::string& file : files) words.insert(words.end(), {"--device", file});
  if (files.empty())
    words.insert(words.end(), {"--gpus", std::to_string(gpus_in_node(request))});
  else
    add({"--group-add", "video"});
  add({"--ipc", "host"});
  const std::string port = std::to_string(kPort);
  if (node.where.empty()) {
    words.emplace_back("--publish");
    words.push_back(port + ':' + port);
  } else {
    add({"--network", "host"});
  }
  words.emplace_back("--volume");
  words.push_back(std::string("huggingface:") + kCacheFolder);
  add({"--env", "HF_TOKEN"});
  for (const auto& [name, value] : request.environment) words.insert(words.end(), {"--env", name + '=' + value});
  const std::vector<std::string> command = container_command(node);
  words.emplace_back("--entrypoint");
  words.push_back(command.front());
  words.push_back(image(request));
  words.insert(words.end(), command.begin() + 1, command.end());
  return words;
}

std::string write(const Answered& answered) {
  std::string out = refusal_comment(answered.report);
  for (const NodeLaunch& node : launches(answered.request)) {
    if (!node.where.empty()) out += "# " + node.where + '\n';
    out += command_text(run_words(answered.request, node), kWidth, "");
  }
  return out;
}

}  // namespace

const Entry docker{"docker", "docker run", write};

}  // namespace vram::report::formats
