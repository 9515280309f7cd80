// A short name for a text: tells texts apart, keeps no secret.
#pragma once

#include <string>
#include <string_view>

namespace vram {

/// 16 hexadecimal digits: FNV-1a, 64 bits.
std::string fingerprint(std::string_view text);

}  // namespace vram
