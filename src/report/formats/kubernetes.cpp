// kubernetes: a Deployment and its Service; over several machines a StatefulSet whose pods are the machines.
#include "report/container.h"
#include "report/formats.h"
#include "report/yaml.h"
#include "vllm/launch_words.h"

namespace vram::report::formats {

extern const Entry kubernetes;

namespace {

using json::Array;
using json::Value;

const char* resource(const plan::Request& request) {
  switch (request.gpu.vendor) {
    case hardware::Vendor::kNvidia:
      return "nvidia.com/gpu";
    case hardware::Vendor::kAmd:
      return "amd.com/gpu";
    case hardware::Vendor::kIntel:
      return "gpu.intel.com/xe";
  }
  return "";
}

Value labels(const plan::Request& request) { return object_of({{"app", Value(service_name(request))}}); }

Value probe(std::int64_t patience) {
  return object_of({{"httpGet", object_of({{"path", "/health"}, {"port", Value(kPort)}})},
                    {"periodSeconds", Value(10)},
                    {"failureThreshold", Value(patience)}});
}

/// Each pod's own command by its ordinal, the first pod's address in the place of MACHINE_1.
std::vector<std::string> by_ordinal(const plan::Request& request) {
  const std::string name = service_name(request);
  const auto nodes = launches(request);
  std::string script = "case ${HOSTNAME##*-} in\n";
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::vector<std::string> words = container_command(nodes[i]);
    std::string line = words.front() == "sh" ? words.back() : "exec " + vllm::shell_line(words);
    const std::string address = name + "-0." + name;
    for (std::size_t at = line.find("MACHINE_1"); at != std::string::npos; at = line.find("MACHINE_1"))
      line.replace(at, std::string_view("MACHINE_1").size(), address);
    script += std::to_string(i) + ") " + line + " ;;\n";
  }
  return {"sh", "-c", script + "esac\n"};
}

Value container(const plan::Request& request, const std::vector<std::string>& command, bool probed) {
  json::Object limits;
  limits.set(resource(request), Value(gpus_in_node(request)));
  const Value token = object_of(
      {{"name", "HF_TOKEN"},
       {"valueFrom", object_of({{"secretKeyRef",
                                 object_of({{"name", "hf-token"}, {"key", "token"}, {"optional", Value(true)}})}})}});
  Array environment{token};
  for (const auto& [name, value] : request.environment)
    environment.push_back(object_of({{"name", Value(name)}, {"value", Value(value)}}));
  json::Object made;
  made.set("name", Value("vllm"));
  made.set("image", Value(image(request)));
  made.set("command", texts(command));
  made.set("env", Value(std::move(environment)));
  made.set("ports", Value(Array{object_of({{"name", "http"}, {"containerPort", Value(kPort)}})}));
  made.set("resources", object_of({{"limits", Value(std::move(limits))}}));
  if (probed) {
    // Reading the weights of a large model takes minutes.
    made.set("startupProbe", probe(360));
    made.set("readinessProbe", probe(3));
  }
  made.set("volumeMounts", Value(Array{object_of({{"name", "cache"}, {"mountPath", Value(kCacheFolder)}}),
                                       object_of({{"name", "shm"}, {"mountPath", "/dev/shm"}})}));
  return Value(std::move(made));
}

Value pod(const plan::Request& request, const std::vector<std::string>& command, bool probed) {
  // Tensor parallelism shares memory between processes: the 64 MiB that a pod gets are too few.
  const Value volumes(Array{object_of({{"name", "cache"}, {"emptyDir", Value(json::Object())}}),
                            object_of({{"name", "shm"}, {"emptyDir", object_of({{"medium", "Memory"}})}})});
  return object_of(
      {{"metadata", object_of({{"labels", labels(request)}})},
       {"spec", object_of({{"containers", Value(Array{container(request, command, probed)})}, {"volumes", volumes}})}});
}

Value workload(const plan::Request& request) {
  const auto nodes = launches(request);
  const bool one = nodes.size() == 1;
  json::Object spec;
  spec.set("replicas", Value(std::int64_t(nodes.size())));
  if (!one) {
    spec.set("serviceName", Value(service_name(request)));
    spec.set("podManagementPolicy", Value("Parallel"));
  }
  spec.set("selector", object_of({{"matchLabels", labels(request)}}));
  // Only the first machine of several answers requests, so none of them is probed.
  spec.set("template", pod(request, one ? container_command(nodes.front()) : by_ordinal(request), one));
  return object_of({{"apiVersion", "apps/v1"},
                    {"kind", Value(one ? "Deployment" : "StatefulSet")},
                    {"metadata", object_of({{"name", Value(service_name(request))}, {"labels", labels(request)}})},
                    {"spec", Value(std::move(spec))}});
}

Value service(const plan::Request& request) {
  const bool one = launches(request).size() == 1;
  json::Object spec, selector;
  if (!one) {
    // Pods find the first one by name, before it is ready.
    spec.set("clusterIP", Value("None"));
    spec.set("publishNotReadyAddresses", Value(true));
  }
  spec.set("selector", labels(request));
  spec.set("ports", Value(Array{object_of({{"name", "http"}, {"port", Value(kPort)}, {"targetPort", "http"}})}));
  return object_of({{"apiVersion", "v1"},
                    {"kind", "Service"},
                    {"metadata", object_of({{"name", Value(service_name(request))}, {"labels", labels(request)}})},
                    {"spec", Value(std::move(spec))}});
}

std::string write(const Answered& answered) {
  return refusal_comment(answered.report) + yaml(workload(answered.request)) + "---\n" +
         yaml(service(answered.request));
}

}  // namespace

const Entry kubernetes{"kubernetes", "a Deployment and a Service", write};

}  // namespace vram::report::formats
