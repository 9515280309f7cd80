// A launch while its defaults are filled in: the steps of resolve(), each a file, and what they hand on to each other.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/fields.h"
#include "plan/deployment.h"
#include "plan/hf_config.h"
#include "plan/schedule.h"
#include "vllm/architecture_facts.h"

namespace vram::plan {

struct Launch {
  Launch(const ModelSource& model, const json::Value& arguments, const vllm::Engine& engine, const hardware::Gpu& gpu,
         const Surroundings& around);
  Launch(const Launch&) = delete;
  Launch& operator=(const Launch&) = delete;

  const json::Fields given;  // vLLM's arguments by name
  const Surroundings& around;
  const vllm::Date day;
  const int capability;  // 90 for 9.0

  const ModelSource& original;
  std::optional<ModelSource> changed;  // by the arguments' overrides
  Deployment plan;

  /// How lengths and batches follow from what is asked for; where they are `open` they are left at defaults that nobody
  /// has checked, for the caller to apply it.
  Schedule schedule;
  bool open = false;

  // What the steps find out.
  const vllm::ArchitectureFacts* facts = nullptr;  // nothing for a class that is not in the registry
  bool hybrid = false, attention_free = false, multimodal = false, encoder_decoder = false, latent_attention = false;
  bool causal = true;
  vllm::PoolingType pooling_type = vllm::PoolingType::kLast;
  std::int64_t experts = 0;
  std::vector<std::string> notes;

  [[nodiscard]] const ModelSource& source() const { return changed ? *changed : original; }
  /// Its config, and the language model's part of it; read once the overrides are in place.
  [[nodiscard]] const HfConfig& root() const { return *root_; }
  [[nodiscard]] const HfConfig& text() const { return *text_; }
  void read_configs();
  [[nodiscard]] bool has(vllm::Trait trait) const { return facts && facts->has(trait); }
  [[nodiscard]] bool pooling() const { return plan.runner == "pooling"; }
  [[nodiscard]] bool is_architecture(std::initializer_list<std::string_view> names) const;
  /// Nothing where it was not given.
  [[nodiscard]] std::optional<bool> flag(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name) const;
  [[nodiscard]] AskedSizes asked_sizes() const;
  [[nodiscard]] std::string text(std::string_view name) const { return given.text_or(name, ""); }

 private:
  std::optional<HfConfig> root_, text_;
};

// The same steps as V0 takes them.
void choose_features_v0(Launch& launch);
void choose_batches_v0(const BatchRule& rule, const AskedSizes& asked, bool chunked_prefill, memory::KvSettings& kv);
/// 1, 2, 4 and every 8 up to the first that holds all sequences.
std::vector<std::int64_t> capture_sizes_v0(std::int64_t sequences);

/// vLLM's own words.
Error refused(std::string words);
/// A class that vLLM does not split into pipeline stages.
Error no_pipeline();

// The steps, in vLLM's order.
Stop apply_overrides(Launch& launch);         // hf_overrides and the rewrites of vLLM's config classes
Stop choose_runner(Launch& launch);           // architecture, runner, convert
Stop classify(Launch& launch);                // hybrid, multimodal, pooling, experts, MLA
Stop choose_dtype(Launch& launch);            // dtype
Stop choose_length(Launch& launch);           // max_model_len
Stop choose_quantization(Launch& launch);     // quantization
Stop choose_towers(Launch& launch);           // limit_mm_per_prompt, language_model_only
Stop choose_generation(Launch& launch);       // V0 or V1, while there were both
Stop choose_features(Launch& launch);         // chunked prefill, prefix caching
Stop choose_cache(Launch& launch);            // kv_cache_dtype, block_size
Stop choose_parallel(Launch& launch);         // parallel sizes
Stop choose_draft(Launch& launch);            // speculative_config
Stop choose_scheduler(Launch& launch);        // max_num_batched_tokens, max_num_seqs
Stop check_parallel(Launch& launch);          // whether the model divides by the parallel sizes
Stop choose_adapters(Launch& launch);         // LoRA
Stop check_quantization(Launch& launch);      // what the method asks of the GPU and the dtype
Stop check_cache(Launch& launch);             // the cache's dtype against the model's
Stop choose_state(Launch& launch);            // mamba caches, the hybrid manager
Stop choose_engine(Launch& launch);           // async scheduling, model runner, batches in flight
Stop choose_graphs(Launch& launch);           // cudagraph_mode and capture sizes
Stop check_cache_of_latents(Launch& launch);  // what MLA does not cache
void state_arguments(Launch& launch);         // the report's "args"

}  // namespace vram::plan
