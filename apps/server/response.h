// The head of an answer as HTTP/1.1 has it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "server/message.h"

namespace vram::server {

/// Status line and fields, to the empty line that ends them.
///
///   keep    whether the connection stays open
///   length  of the body; without one it comes in chunks
///   source  RFC 9112, sections 4 to 6
std::string head_of(const Answer& answer, bool keep, std::optional<std::size_t> length);

}  // namespace vram::server
