// The model that a few words mean.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "options/ask_words.h"

namespace vram::options {

struct NamedModel {
  std::string name;          // "Qwen/Qwen3-32B-FP8"
  std::string words;         // "qwen3 32b fp8"
  std::string quantization;  // "fp8": said, but no checkpoint of the catalogue has it
};

/// Takes the words that name a model of the catalogue, and the quantisation beside them. A checkpoint published in
/// that quantisation is meant before --quantization is.
std::optional<NamedModel> take_model(Words& words);

}  // namespace vram::options
