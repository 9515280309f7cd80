// What vLLM's configuration decides about attention before any layer asks for a backend.
#pragma once

#include <optional>

#include "memory/attention_backends.h"
#include "memory/kv_settings.h"
#include "model/model.h"
#include "units/result.h"

namespace vram::memory {

struct AttentionConfig {
  std::optional<AttentionBackend> backend;  // --attention-backend, or what vLLM puts in its place
  std::optional<int> flash_attention;       // flash_attn_version
};

/// A model that has layers of attention and recurrent ones: vLLM's is_hybrid.
bool is_hybrid(const Model& model);

/// errors  kBadInput for a backend that vLLM does not have
/// source  vllm/engine/arg_utils.py; model_executor/models/config.py; platforms/cuda.py, check_and_update_config
Result<AttentionConfig> attention_config(const Model& model, const Platform& platform, const KvShape& settings);

/// The block size that vLLM's configuration forces on MLA (until 0.18 asked the backends themselves).
///
///   source  vllm/platforms/cuda.py, check_and_update_config (0.8 to 0.17)
Tokens forced_latent_block(const Model& model, const Platform& platform, const AttentionConfig& config, Tokens block);

}  // namespace vram::memory
