// The weights of a folder, by the headers of its files. The tensors themselves are never read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "readers/checkpoint.h"

namespace vram::io {

/// Those of `names`, files of a folder, that hold the model's weights where no index says so: neither an adapter nor a
/// second copy in Mistral's own layout. Sorted.
///
///   source  vllm/model_executor/model_loader/default_loader.py, _prepare_weights: allow_patterns
std::vector<std::string> weight_files(std::vector<std::string> names);

/// What the weights of `folder` are: by safetensors headers, or by the total of an index. Null where there are none.
///
///   errors  kBadInput, kTooLarge with the file; kNotFound where an index names some files that are missing
Result<std::shared_ptr<const Checkpoint>> read_checkpoint(const std::string& folder);

/// The header of one .safetensors file.
Result<std::shared_ptr<const Checkpoint>> read_checkpoint_file(const std::string& path);

}  // namespace vram::io
