// JSON out: exact, in the order given, the same bytes on every machine.
#pragma once

#include <string>

#include "json/value.h"

namespace vram::json {

/// One line, with `, ` and `: ` as Python's json.dumps writes them; doubles are the shortest text that reads back the
/// same. Bytes that are not UTF-8 become U+FFFD; infinities and NaN, which JSON has not, become null.
std::string write_line(const Value& value);

/// Indented by two spaces, a member or an item a line.
std::string write_pretty(const Value& value);

}  // namespace vram::json
