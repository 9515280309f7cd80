// The small files of a model's folder, on disk.
#pragma once

#include <string>

#include "readers/model_files.h"

namespace vram::io {

/// Those of kModelFiles that are there.
///
///   errors  kTooLarge, kUnavailable with the file
Result<ModelFiles> read_model_folder(const std::string& folder);

}  // namespace vram::io
