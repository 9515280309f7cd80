// GGUF files that the page has opened, by their names: of each what lies before its tensors.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "json/value.h"
#include "units/quantity.h"

namespace vram::io {

/// Keeps the file whose first bytes are `front`, for questions that name it as their model.
///
///   size     of the whole file
///   answers  {"more": true} where `front` ends before the table of tensors does, else {"more": false}; as error_json
///            what gguf::read_gguf finds wrong
json::Value open_file(const std::string& name, std::span<const std::byte> front, Bytes size);

}  // namespace vram::io
