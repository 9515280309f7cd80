// One file per family of architectures: ModelSource -> Model. The table of them is generated from the folder.
#pragma once

#include <span>
#include <string_view>

#include "arch/build_options.h"
#include "model/model.h"
#include "readers/config_json.h"

namespace vram::arch::families {

struct Entry {
  /// The names in config.json's "architectures" that this family builds.
  std::span<const std::string_view> architectures;
  Result<Model> (*build)(const ModelSource& source, const BuildOptions& options);
};

std::span<const Entry* const> all();

}  // namespace vram::arch::families
