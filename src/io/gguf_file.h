// A GGUF file on disk, split ones as a whole.
#pragma once

#include <string>

#include "readers/gguf.h"

namespace vram::io {

/// Whether a file of that name is there and begins as GGUF does, whatever its name ends in.
bool is_gguf(const std::string& path);

/// Metadata and tensor table of one file.
///
///   errors  as gguf::read_gguf; kNotFound
Result<gguf::File> load_gguf_file(const std::string& path);

/// The same of a model; of any part of a split model, all parts beside it.
///
///   errors  as gguf::read_gguf and gguf::joined; kNotFound for a part that is not there
Result<gguf::File> load_gguf(const std::string& path);

}  // namespace vram::io
