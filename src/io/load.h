// The model that a name stands for.
#pragma once

#include <memory>
#include <string>

#include "readers/config_json.h"

namespace vram::io {

/// A config.json, a folder that holds one or a .safetensors file beside one, else a name of the catalogue;
/// "catalog:NAME" looks there alone. Of a folder's weights the headers are read.
///
///   errors  kNotFound with the nearest name of the catalogue; kBadInput and kTooLarge with the file and the place in
///           it; kUnsupported for a file of another format
Result<std::shared_ptr<const ModelSource>> load(const std::string& typed);

}  // namespace vram::io
