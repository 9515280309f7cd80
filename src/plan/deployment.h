// vLLM's arguments with every default filled in, as vLLM would fill it for this model, release and GPU.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "arch/build_options.h"
#include "hardware/gpu.h"
#include "json/value.h"
#include "memory/kv_spec.h"
#include "memory/weights.h"
#include "plan/schedule.h"
#include "readers/config_json.h"
#include "vllm/release.h"

namespace vram::plan {

/// The draft of speculative decoding.
struct DraftSource {
  std::string method;                         // speculative_config.method
  std::shared_ptr<const ModelSource> source;  // the draft's config; null: the target's own, as for "mtp"
};

struct Deployment {
  /// The config that the model is built from: hf_overrides are in it. Null where it is the one that was given, until
  /// derive() puts that here.
  std::shared_ptr<const ModelSource> source;
  vllm::Engine engine;
  hardware::Gpu gpu;
  memory::Parallel parallel;
  memory::KvSettings kv;
  memory::Towers towers;
  arch::BuildOptions build;
  std::optional<DraftSource> draft;

  double gpu_memory_utilization = 0.9;
  std::optional<Bytes> kv_cache_memory_bytes;
  Bytes cpu_offload;                // a GPU
  std::string runner = "generate";  // or "pooling"
  std::string convert = "none";     // "embed", "classify": what a generative model is made into
  bool enforce_eager = false;
  bool chunked_prefill = true;
  bool async_scheduling = false;
  bool model_runner_v2 = false;
  bool skip_mm_profiling = false;  // the encoder does not run while memory is profiled
  std::string cudagraph_mode;      // "FULL_AND_PIECEWISE", "PIECEWISE", "NONE", …
  std::vector<std::int64_t> cudagraph_capture_sizes;
  std::string quantization;  // vLLM's name after resolution; empty when not quantised
  struct Lora {
    std::int64_t max_loras = 1, max_rank = 16;
    bool fully_sharded = false;
    friend bool operator==(const Lora&, const Lora&) = default;
  };
  std::optional<Lora> lora;

  json::Object resolved;  // the report's "args"; empty where nobody reads one
};

/// What a launch has around it besides its arguments.
struct Surroundings {
  /// The config of a model that an argument names (a draft); may be empty, answers nothing where there is none.
  std::function<std::optional<ModelSource>(std::string_view)> find_model;
  std::vector<std::pair<std::string, std::string>> environment;  // VLLM_…

  /// Empty where it is not set.
  [[nodiscard]] std::string_view variable(std::string_view name) const;
  /// "1" and "true" are set, as vLLM reads its switches.
  [[nodiscard]] bool set(std::string_view name) const;
};

/// Whether a deployment states its arguments for a report.
enum class Stated { kAll, kNothing };

/// The model's derived maximum length and vLLM's refusal of a longer one, dtype, scheduler limits and the rest.
///
///   arguments  vLLM's serve arguments by name (underscores), checked and typed by vllm::read_arguments
///   errors     kRefused with vLLM's sentence; kBadInput for values that make no sense
Result<Deployment> resolve(const ModelSource& source, const json::Object& arguments, const vllm::Engine& engine,
                           const hardware::Gpu& gpu, const Surroundings& around = {}, Stated stated = Stated::kAll);

/// A deployment without its lengths and batches, and how those follow from what is asked for.
struct OpenDeployment {
  Deployment deployment;  // `resolved` is empty
  Schedule schedule;
  AskedSizes asked;  // by the arguments
};

/// As resolve(), but for max_model_len, max_num_batched_tokens, max_num_seqs and what follows from them.
Result<OpenDeployment> resolve_open(const ModelSource& source, const json::Object& arguments,
                                    const vllm::Engine& engine, const hardware::Gpu& gpu,
                                    const Surroundings& around = {});

}  // namespace vram::plan
