// What an attention backend holds against a combination of a layer's traits, each of which it takes.
#pragma once

#include <optional>
#include <string>

#include "memory/attention_selection.h"

namespace vram::memory {

/// In vLLM's words; nothing: the backend has no objection.
///
///   source  vllm/v1/attention/backends, supports_combination (from 0.11.1)
std::optional<std::string> combination_reason(AttentionBackend backend, const AttentionNeeds& needs,
                                              const AttentionContext& context);

}  // namespace vram::memory
