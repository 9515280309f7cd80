#include "report/container.h"

#include <algorithm>

#include "units/text.h"
#include "vllm/launch_words.h"

namespace vram::report {

std::string image(const plan::Request& request) {
  const std::string& version = request.engine.version;
  const bool release =
      version.find_first_not_of("0123456789.") == std::string::npos && std::ranges::count(version, '.') == 2;
  const char* repository = request.gpu.vendor == hardware::Vendor::kAmd ? "vllm/vllm-openai-rocm" : "vllm/vllm-openai";
  return std::string(repository) + ':' + (release ? "v" + version : "nightly");
}

std::int64_t gpus_in_node(const plan::Request& request) {
  const std::int64_t nodes = std::int64_t(launches(request).size());
  return (gpus_of(request) + nodes - 1) / nodes;
}

std::vector<std::string> device_files(const hardware::Gpu& gpu) {
  switch (gpu.vendor) {
    case hardware::Vendor::kNvidia:
      return {};
    case hardware::Vendor::kAmd:
      return {"/dev/kfd", "/dev/dri"};
    case hardware::Vendor::kIntel:
      return {"/dev/dri"};
  }
  return {};
}

std::vector<std::string> container_command(const NodeLaunch& node) {
  const bool ray = node.lines.front().front() == "ray";
  const auto& first = node.lines.front();
  // What stands in front of the command is the container's own setting.
  if (!ray) return {std::ranges::find(first, "vllm"), first.end()};
  std::string script;
  for (const auto& words : node.lines) script += (script.empty() ? "" : " && ") + vllm::shell_line(words);
  // A worker's `ray start` returns at once; the container must stay.
  if (node.lines.size() == 1) script += " --block";
  return {"sh", "-c", script};
}

std::string service_name(const plan::Request& request) {
  constexpr std::size_t kLongest = 40;  // a label of Kubernetes has 63 characters, and suffixes follow
  const std::string name = lower(request.model->name.substr(request.model->name.rfind('/') + 1));
  std::string label;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (good)
      label += c;
    else if (!label.empty() && label.back() != '-')
      label += '-';
  }
  label = "vllm-" + label.substr(0, kLongest);
  while (label.back() == '-') label.pop_back();
  return label;
}

json::Value object_of(std::initializer_list<std::pair<const char*, json::Value>> members) {
  json::Object object;
  for (const auto& [name, value] : members) object.set(name, value);
  return json::Value(std::move(object));
}

json::Value texts(const std::vector<std::string>& words) {
  json::Array items;
  for (const std::string& word : words) items.emplace_back(word);
  return json::Value(std::move(items));
}

}  // namespace vram::report
