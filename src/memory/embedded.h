// The files of data/overheads, compiled in; the definition is generated.
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace vram::memory {

/// Id and text of each, sorted by file name.
std::span<const std::pair<std::string_view, std::string_view>> embedded_overheads();

}  // namespace vram::memory
