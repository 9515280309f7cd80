// Mistral's own params.json, beside consolidated.safetensors: rewritten as the config.json that vLLM makes of it.
#pragma once

#include "readers/config_json.h"

namespace vram {

/// Dense, Mixtral's and Mistral Large 3's experts, fp8 and compressed-tensors, alone or with Pixtral's vision encoder
/// or Voxtral's encoder of sound beside them.
///
///   errors  kBadInput for bad figures; kUnsupported for a quantisation that vLLM does not know
///   source  vllm v0.33.0 vllm/transformers_utils/configs/mistral.py, adapt_config_dict
Result<ModelSource> read_mistral_params(std::string_view text, std::string name, const std::string& place);

}  // namespace vram
