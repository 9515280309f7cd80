// The model that a name stands for.
#pragma once

#include <memory>
#include <string>

#include "readers/config_json.h"

namespace vram::io {

/// A config.json or a folder that holds one, else a name of the catalogue; "catalog:NAME" looks there alone.
///
///   errors  kNotFound with the nearest name of the catalogue; kBadInput and kTooLarge with the file and the place in
///   it; kUnsupported for a
///           file of another format
Result<std::shared_ptr<const ModelSource>> load(const std::string& typed);

}  // namespace vram::io
