// One line that describes a set-up, as people say it: "qwen3 32b fp8 on 2x4090 32K ctx". What was understood becomes a
// request; what was not is told and changes nothing.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace vram::options {

/// One piece that was understood.
struct Understood {
  enum class Part { kModel, kGpu, kEngine, kArgument, kWorkload, kProfile, kFigure };
  Part part;
  std::string words;    // as typed: "32K ctx"
  std::string meaning;  // as vLLM or the catalogue writes it: "--max-model-len 32768"
};

struct Asked {
  json::Object request;  // as a request in JSON, with only what was said; "model" is absent when none was named
  std::vector<Understood> understood;
  std::vector<std::string> not_understood;  // words, in their order
  std::vector<std::string> hints;           // "32k is 32,000 as vLLM reads it; 32K is 32,768"
};

/// What `text` says: words in any order, a pasted `vllm serve …` line, or a model's address on the hub.
///
///   sizes   vLLM's: 32k is 32,000 and 32K is 32,768
///   models  of the catalogue, by words of their names; ORG/NAME as it stands
///   errors  none: what makes no sense is among the words not understood
Asked ask(std::string_view text);

/// The word for a part: "model", "gpu", "engine", "argument", "workload", "profile", "figure".
std::string_view word(Understood::Part part);

}  // namespace vram::options
