// The files of data/gpus, compiled in; the definition is generated.
#pragma once

#include <span>
#include <string_view>
#include <utility>

namespace vram::hardware {

/// Id and text of each, sorted by file name.
std::span<const std::pair<std::string_view, std::string_view>> embedded_gpus();

}  // namespace vram::hardware
