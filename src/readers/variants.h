// Which checkpoints of the catalogue are one model in different formats.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "readers/config_json.h"

namespace vram {

/// "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic" -> "llama-3.3-70b-instruct": the name without its organisation and
/// the words that say how the weights are stored.
std::string model_stem(std::string_view name);

/// The catalogue's other checkpoints of the same model: the same stem, and the same architecture, depth, width and
/// vocabulary. Sorted by name.
std::vector<ModelSource> variants_of(const ModelSource& model);

}  // namespace vram
