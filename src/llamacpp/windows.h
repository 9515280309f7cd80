// Which layers of an architecture have a sliding window.
#pragma once

#include <vector>

#include "readers/gguf.h"
#include "units/quantity.h"
#include "units/result.h"

namespace vram::llamacpp {

struct Windows {
  Tokens size;               // 0: no layer has one
  std::vector<bool> layers;  // as many as there are layers
};

/// errors  kBadInput where the metadata's pattern has another number of layers
/// source  llama.cpp 0c1e57098b (2026-10-01): src/models/*.cpp load_arch_hparams, src/llama-model.cpp load_swa_pattern
Result<Windows> windows_of(const gguf::File& file, std::size_t layers);

}  // namespace vram::llamacpp
