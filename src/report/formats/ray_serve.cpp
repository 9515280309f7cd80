// ray-serve: the config file of Ray Serve LLM, for `serve run` and `serve deploy`.
//
// source  https://docs.ray.io/en/latest/serve/llm/quick-start.html
#include <algorithm>

#include "report/container.h"
#include "report/formats.h"
#include "report/yaml.h"

namespace vram::report::formats {

extern const Entry ray_serve;

namespace {

using json::Array;
using json::Value;

// Arguments of vLLM's server, not of its engine: Ray Serve brings its own server.
//   source  vllm v0.33.0 vllm/entrypoints/common/cli_args.py, FrontendArgs and make_arg_parser
constexpr std::string_view kServers[] = {"aggregate_engine_logging",
                                         "allow_credentials",
                                         "allowed_headers",
                                         "allowed_methods",
                                         "allowed_origins",
                                         "anthropic_disabled_thinking_effort",
                                         "api_key",
                                         "api_server_count",
                                         "chat_template",
                                         "chat_template_content_format",
                                         "cohere_format",
                                         "cohere_is_reasoning_model",
                                         "config",
                                         "data_parallel_supervisor_port",
                                         "default_chat_template_kwargs",
                                         "disable_access_log_for_endpoints",
                                         "disable_fastapi_docs",
                                         "disable_log_stats",
                                         "disable_uvicorn_access_log",
                                         "dp_supervisor_probe_failure_threshold",
                                         "dp_supervisor_probe_interval_s",
                                         "dp_supervisor_probe_timeout_s",
                                         "enable_auto_tool_choice",
                                         "enable_flash_late_interaction",
                                         "enable_force_include_usage",
                                         "enable_log_deltas",
                                         "enable_log_outputs",
                                         "enable_log_requests",
                                         "enable_offline_docs",
                                         "enable_per_request_metrics",
                                         "enable_prompt_tokens_details",
                                         "enable_request_id_headers",
                                         "enable_scale_out",
                                         "enable_server_load_tracking",
                                         "enable_ssl_refresh",
                                         "enable_tokenizer_info_endpoint",
                                         "exclude_tools_when_tool_choice_none",
                                         "fail_on_environ_validation",
                                         "fingerprint_mode",
                                         "fingerprint_value",
                                         "grpc",
                                         "grpc_port",
                                         "h11_max_header_count",
                                         "h11_max_incomplete_event_size",
                                         "headless",
                                         "host",
                                         "log_error_stack",
                                         "lora_modules",
                                         "max_log_len",
                                         "middleware",
                                         "port",
                                         "reasoning_effort_map",
                                         "response_role",
                                         "return_tokens_as_token_ids",
                                         "root_path",
                                         "shutdown_timeout",
                                         "sse_keep_alive_interval",
                                         "ssl_ca_certs",
                                         "ssl_cert_reqs",
                                         "ssl_certfile",
                                         "ssl_ciphers",
                                         "ssl_keyfile",
                                         "tokens_only",
                                         "tool_call_parser",
                                         "tool_parser_plugin",
                                         "tool_server",
                                         "tool_strict_level",
                                         "trust_request_chat_template",
                                         "trust_request_mm_kwargs",
                                         "uds",
                                         "uvicorn_log_level"};

struct Accelerator {
  std::string_view begins;  // of the catalogue's id
  const char* ray;
};
// source  https://docs.ray.io/en/latest/ray-core/accelerator-types.html
constexpr Accelerator kAccelerators[] = {{"A100-SXM-40GB", "A100-40G"},
                                         {"A100-PCIe-40GB", "A100-40G"},
                                         {"A100-SXM-80GB", "A100-80G"},
                                         {"A100-PCIe-80GB", "A100-80G"},
                                         {"H100", "H100"},
                                         {"H200", "H200"},
                                         {"H20-", "H20"},
                                         {"B200", "B200"},
                                         {"B300", "B300"},
                                         {"L40S", "L40S"},
                                         {"L4", "L4"},
                                         {"A10G", "A10G"},
                                         {"T4", "T4"}};

const char* accelerator(const hardware::Gpu& gpu) {
  for (const Accelerator& each : kAccelerators)
    if (gpu.id.starts_with(each.begins) && !(each.begins == "L4" && gpu.id != "L4")) return each.ray;
  return nullptr;
}

/// Replicas of a dense model are replicas of the deployment; those of experts belong to one engine.
bool replicas_apart(const plan::Request& request) {
  const json::Value* data = request.args.find("data_parallel_size");
  return data && data->integer() && *data->integer() > 1 && !request.args.find("enable_expert_parallel");
}

Value engine(const plan::Request& request) {
  json::Object kept;
  for (const auto& [name, value] : request.args.members())
    if (std::ranges::find(kServers, name) == std::end(kServers) && !value.is_null() &&
        !(name == "data_parallel_size" && replicas_apart(request)))
      kept.set(name, value);
  return Value(std::move(kept));
}

Value config(const plan::Request& request) {
  const std::string& name = request.model->name;
  json::Object made;
  made.set("model_loading_config",
           object_of({{"model_id", Value(name.substr(name.rfind('/') + 1))}, {"model_source", Value(name)}}));
  if (const char* type = accelerator(request.gpu)) made.set("accelerator_type", Value(type));
  const Value replicas = replicas_apart(request) ? *request.args.find("data_parallel_size") : Value(1);
  made.set("deployment_config",
           object_of({{"autoscaling_config", object_of({{"min_replicas", replicas}, {"max_replicas", replicas}})}}));
  if (!request.environment.empty()) {
    json::Object variables;
    for (const auto& [variable, value] : request.environment) variables.set(variable, Value(value));
    made.set("runtime_env", object_of({{"env_vars", Value(std::move(variables))}}));
  }
  made.set("engine_kwargs", engine(request));
  return Value(std::move(made));
}

std::string write(const Answered& answered) {
  const Value application = object_of({{"name", "llm"},
                                       {"route_prefix", "/"},
                                       {"import_path", "ray.serve.llm:build_openai_app"},
                                       {"args", object_of({{"llm_configs", Value(Array{config(answered.request)})}})}});
  return refusal_comment(answered.report) + yaml(object_of({{"applications", Value(Array{application})}}));
}

}  // namespace

const Entry ray_serve{"ray-serve", "Ray Serve LLM's config file", write};

}  // namespace vram::report::formats
