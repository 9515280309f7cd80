// The index beside a checkpoint of several files: model.safetensors.index.json, pytorch_model.bin.index.json.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "units/quantity.h"
#include "units/result.h"

namespace vram {

struct WeightsIndex {
  struct File {
    std::string name;          // relative to the index
    std::int64_t tensors = 0;  // that the index places in it
    std::int64_t letters = 0;  // of their names: how long the file's header will be, about
  };
  std::vector<File> files;          // in order of first mention
  std::optional<Bytes> total_size;  // as metadata states it
};

/// Reads an index. Names of files that lead out of its folder are refused.
///
///   errors  kBadInput with `place`: not JSON, no "weight_map", a file's name that is none
///   source  transformers, src/transformers/utils/hub.py, get_checkpoint_shard_files
Result<WeightsIndex> read_weights_index(std::string_view text, std::string_view place);

}  // namespace vram
