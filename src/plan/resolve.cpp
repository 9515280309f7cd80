// Every default that vLLM derives, in the order in which it derives them: what it refuses first, we refuse first.
#include <algorithm>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

/// source  https://github.com/vllm-project/vllm/pull/38284
constexpr vllm::Step<double> kUtilisation[] = {
    {{}, 0.9, "vllm v0.9.2 vllm/config.py, CacheConfig"},
    {{2026, 4, 21}, 0.92, "https://github.com/vllm-project/vllm/pull/38284"},
};
static_assert(vllm::well_formed(kUtilisation));

Stop choose_memory(Launch& launch) {
  Deployment& plan = launch.plan;
  const double utilisation =
      launch.given.maybe_number("gpu_memory_utilization").value_or(vllm::in_force(kUtilisation, launch.day));
  if (!(utilisation > 0 && utilisation <= 1))
    return Error{ErrorCode::kBadInput, "\"gpu_memory_utilization\"",
                 "expected a share above 0 and at most 1, found " + python_float(utilisation),
                 "the default is " + python_float(vllm::in_force(kUtilisation, launch.day))};
  plan.gpu_memory_utilization = utilisation;
  if (const auto bytes = launch.whole("kv_cache_memory_bytes")) plan.kv_cache_memory_bytes = Bytes(*bytes);
  if (const auto gib = launch.given.maybe_number("cpu_offload_gb"))
    plan.cpu_offload = Bytes(std::int64_t(std::clamp(*gib, 0.0, 1e6) * double(kGiB)));
  plan.kv.num_gpu_blocks_override = launch.whole("num_gpu_blocks_override");
  return std::nullopt;
}

}  // namespace

std::string_view Surroundings::variable(std::string_view name) const {
  for (const auto& [key, value] : environment)
    if (key == name) return value;
  return "";
}

bool Surroundings::set(std::string_view name) const {
  const std::string value = lower(variable(name));
  return value == "1" || value == "true";
}

Launch::Launch(const ModelSource& model, const json::Value& arguments, const vllm::Engine& engine,
               const hardware::Gpu& gpu, const Surroundings& surroundings)
    : given(arguments, "vLLM's arguments"),
      around(surroundings),
      day(engine.as_of),
      capability(gpu.capability.major * 10 + gpu.capability.minor),
      original(model) {
  plan.engine = engine;
  plan.gpu = gpu;
}

void Launch::read_configs() {
  root_ = HfConfig(source().config);
  text_ = text_config(source(), day);
}

bool Launch::is_architecture(std::initializer_list<std::string_view> names) const {
  return std::find(names.begin(), names.end(), source().architecture) != names.end();
}

std::optional<bool> Launch::flag(std::string_view name) const {
  if (!given.has(name)) return std::nullopt;
  return given.flag_or(name, false);
}

std::optional<std::int64_t> Launch::whole(std::string_view name) const {
  const json::Value* value = given.find(name);
  const auto number = value ? value->number() : std::nullopt;
  if (value && !number) given.refuse(name, "expected a number, found " + json::describe(*value));
  return number ? std::optional(std::int64_t(*number)) : std::nullopt;
}

AskedSizes Launch::asked_sizes() const {
  const json::Value* length = given.find("max_model_len");
  const bool automatic = length && length->string() && *length->string() == "auto";
  return {automatic ? -1 : whole("max_model_len"), whole("max_num_batched_tokens"), whole("max_num_seqs")};
}

Error refused(std::string words) { return {ErrorCode::kRefused, "", std::move(words), ""}; }

namespace {

Stop take_steps(Launch& launch) {
  constexpr Stop (*kSteps[])(Launch&) = {
      apply_overrides, choose_runner,    classify,          choose_dtype,          choose_length,   choose_quantization,
      choose_towers,   choose_memory,    choose_generation, choose_features,       choose_cache,    choose_parallel,
      choose_draft,    choose_scheduler, check_cache,       check_parallel,        choose_adapters, check_quantization,
      choose_state,    choose_engine,    choose_graphs,     check_cache_of_latents};
  for (const auto step : kSteps) {
    if (Stop stop = step(launch)) return stop;
    if (launch.given.error()) return *launch.given.error();
  }
  if (launch.changed) launch.plan.source = std::make_shared<const ModelSource>(*std::move(launch.changed));
  return std::nullopt;
}

}  // namespace

Result<Deployment> resolve(const ModelSource& source, const json::Object& arguments, const vllm::Engine& engine,
                           const hardware::Gpu& gpu, const Surroundings& around, Stated stated) {
  const json::Value given(arguments);
  Launch launch(source, given, engine, gpu, around);
  if (Stop stop = take_steps(launch)) return *std::move(stop);
  if (stated == Stated::kAll) state_arguments(launch);
  return std::move(launch.plan);
}

Result<OpenDeployment> resolve_open(const ModelSource& source, const json::Object& arguments,
                                    const vllm::Engine& engine, const hardware::Gpu& gpu, const Surroundings& around) {
  const json::Value given(arguments);
  Launch launch(source, given, engine, gpu, around);
  launch.open = true;
  if (Stop stop = take_steps(launch)) return *std::move(stop);
  OpenDeployment open{std::move(launch.plan), std::move(launch.schedule), launch.asked_sizes()};
  if (launch.given.error()) return *launch.given.error();
  return open;
}

}  // namespace vram::plan
