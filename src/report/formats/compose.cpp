// compose: a Docker Compose file; over several machines a service each, chosen by a profile: Compose runs on one.
#include "report/container.h"
#include "report/formats.h"
#include "report/yaml.h"

namespace vram::report::formats {

extern const Entry compose;

namespace {

using json::Array;
using json::Value;

/// source  https://github.com/compose-spec/compose-spec/blob/main/deploy.md#devices
Value devices(const plan::Request& request) {
  const Value device = object_of(
      {{"driver", "nvidia"}, {"count", Value(gpus_in_node(request))}, {"capabilities", Value(Array{Value("gpu")})}});
  return object_of({{"resources", object_of({{"reservations", object_of({{"devices", Value(Array{device})}})}})}});
}

/// A dollar sign is Compose's own.
std::vector<std::string> escaped(std::vector<std::string> words) {
  for (std::string& word : words)
    for (std::size_t at = word.find('$'); at != std::string::npos; at = word.find('$', at + 2)) word.insert(at, "$");
  return words;
}

Value service(const plan::Request& request, const NodeLaunch& node) {
  json::Object made;
  made.set("image", Value(image(request)));
  made.set("entrypoint", Value(Array{}));
  made.set("command", texts(escaped(container_command(node))));
  made.set("ipc", Value("host"));
  const std::string port = std::to_string(kPort);
  if (node.where.empty())
    made.set("ports", Value(Array{Value(port + ':' + port)}));
  else
    made.set("network_mode", Value("host"));
  made.set("volumes", Value(Array{Value(std::string("huggingface:") + kCacheFolder)}));
  std::vector<std::string> environment{"HF_TOKEN"};
  for (const auto& [name, value] : request.environment) environment.push_back(name + '=' + value);
  made.set("environment", texts(escaped(std::move(environment))));
  if (const auto files = device_files(request.gpu); !files.empty()) {
    made.set("devices", texts(files));
    made.set("group_add", texts({"video"}));
  } else {
    made.set("deploy", devices(request));
  }
  made.set("restart", Value("unless-stopped"));
  return Value(std::move(made));
}

std::string write(const Answered& answered) {
  const auto nodes = launches(answered.request);
  json::Object services, volumes;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    Value made = service(answered.request, nodes[i]);
    const std::string machine = "machine-" + std::to_string(i + 1);
    if (nodes.size() > 1) made.object()->set("profiles", texts({machine}));
    services.set(nodes.size() > 1 ? machine : "vllm", std::move(made));
  }
  volumes.set("huggingface", Value(json::Object()));
  const std::string how =
      nodes.size() > 1 ? "# On each machine: docker compose --profile machine-1 up, machine-2 and so on.\n" : "";
  return refusal_comment(answered.report) + how +
         yaml(object_of({{"services", Value(std::move(services))}, {"volumes", Value(std::move(volumes))}}));
}

}  // namespace

const Entry compose{"compose", "a Docker Compose file", write};

}  // namespace vram::report::formats
