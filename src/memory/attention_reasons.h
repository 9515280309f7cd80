// Why an attention backend does not take a layer.
#pragma once

#include <string>
#include <vector>

#include "memory/attention_selection.h"

namespace vram::memory {

/// In vLLM's words and order; empty: the backend takes the layer.
///
///   source  vllm/v1/attention/backend.py, validate_configuration (from 0.11.1)
std::vector<std::string> reasons_against(AttentionBackend backend, const AttentionNeeds& needs,
                                         const AttentionContext& context);

/// Python's name of the type: "AttentionType.DECODER".
std::string_view name(AttentionType type);

}  // namespace vram::memory
