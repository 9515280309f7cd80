// What a GGUF file holds, as a table and as JSON.
#pragma once

#include <string>

#include "json/value.h"
#include "readers/gguf.h"

namespace vram::report {

/// Its tensors with their shapes, types and bytes; those of the layers that are alike in one row.
std::string gguf_text(const gguf::File& file, const std::string& name, int width);

/// The same, tensor by tensor with their offsets, and the metadata; of a long list only its length.
json::Value gguf_json(const gguf::File& file, const std::string& name);

}  // namespace vram::report
