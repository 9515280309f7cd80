// What vLLM's registry knows of a model class without building it: the defaults of a launch hang on it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "vllm/seen.h"

namespace vram::vllm {

/// Bits of ArchitectureFacts::traits; vLLM's names of the protocols a model class follows.
enum Trait : std::uint16_t {
  kGenerates = 1 << 0,       // is_text_generation_model
  kPools = 1 << 1,           // is_pooling_model
  kMultimodal = 1 << 2,      // supports_multimodal
  kPipeline = 1 << 3,        // supports_pp
  kHybrid = 1 << 4,          // is_hybrid
  kAttentionFree = 1 << 5,   // is_attention_free
  kEncoderOnly = 1 << 6,     // attn_type
  kTowerData = 1 << 7,       // supports_multimodal_encoder_tp_data
  kMambaCaching = 1 << 8,    // supports_mamba_prefix_caching: states are kept in mode "all" (0.14 to 0.28)
  kV0Until0_9_2 = 1 << 9,    // supports_v0_only, in 0.9.2
  kV0Until0_10_2 = 1 << 10,  // the same, in 0.9.2 and 0.10.2
  kNoLora = 1 << 11,         // not supports_lora, read from 0.33.0
};

/// default_seq_pooling_type; kStep is "STEP" over tokens.
enum class PoolingType : std::uint8_t { kLast, kCls, kMean, kAll, kStep };

/// Bits: which modalities' encoders the class marks as towers.
enum Tower : std::uint8_t {
  kNoTower = 0,
  kImageTower = 1 << 0,       // left out when "image" is 0
  kImageVideoTower = 1 << 1,  // left out when "image" and "video" are 0
  kVideoTower = 1 << 2,       // left out when "video" is 0
  kChunkTower = 1 << 3,       // left out when "vision_chunk" is 0
  kAudioTower = 1 << 4,       // left out when "audio" is 0
};

struct ArchitectureFacts {
  std::string_view name;
  Seen seen;
  unsigned traits = 0;
  PoolingType pooling = PoolingType::kLast;
  unsigned towers = kNoTower;

  [[nodiscard]] bool has(Trait trait) const { return (traits & trait) != 0; }
};

/// The class of that name in the registry of `day`; nothing when the registry does not have it.
const ArchitectureFacts* architecture_facts(std::string_view name, Date day);

/// The registered class that vLLM takes for `name`: itself, or the base of a pooling variant (Qwen2ForCausalLM for
/// Qwen2ForRewardModel).
///
///   source  vllm/model_executor/models/registry.py, _normalize_arch
const ArchitectureFacts* base_architecture(std::string_view name, Date day);

/// The runner of a class that the registry does not name, after its suffix: "generate", "pooling", or nothing.
///
///   source  vllm/config/model.py, _SUFFIX_TO_DEFAULTS
std::optional<std::string_view> runner_of_suffix(std::string_view name);

/// vLLM's sentence about a class that it has no more or knows as a plugin's; nothing where it never had it.
///
///   source  vllm/model_executor/models/registry.py, _PREVIOUSLY_SUPPORTED_MODELS, _OOT_SUPPORTED_MODELS
std::optional<std::string> removed_architecture(std::string_view name, Date day);

/// The Python class that the registry has for `name`, where it is called otherwise.
std::string_view class_name(std::string_view name);

/// Whether any release had the class, or neither one nor Transformers ever did.
bool known_architecture(std::string_view name);

/// Every class of vLLM's registries, with when it was there.
std::span<const std::span<const ArchitectureFacts>> architecture_tables();

}  // namespace vram::vllm
