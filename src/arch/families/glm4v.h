#pragma once

#include <optional>

#include "readers/config_json.h"
#include "vllm/release.h"

namespace vram::arch::families {

/// A GLM-4.1V config as transformers reads it: from transformers 5 on, one without a "text_config" has a language model
/// of all defaults, whatever it says beside it. Nothing for other configs, which are read as they are.
///
///   source  transformers' Glm4vConfig.__post_init__ and Glm4vTextConfig
std::optional<ModelSource> as_glm4v(const ModelSource& source, vllm::Date as_of);

}  // namespace vram::arch::families
