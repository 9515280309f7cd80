// Whole files in and out. What is read is bounded before it is believed; what is written is there as a whole or not at
// all.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "units/quantity.h"
#include "units/result.h"

namespace vram::io {

/// The system's words for error `number`, as a sentence about `path`.
Error system_error(std::string_view path, int number);

/// All of a file, or of a pipe under a name (`<(command)`).
///   errors  kNotFound, kBadInput for a folder, a device or a name that no file can have, kUnavailable when it cannot
///           be read, kTooLarge over `limit`; each names the file
Result<std::string> read_file(const std::string& path, Bytes limit);

/// All of standard input. Errors as for a file.
Result<std::string> read_standard_input(Bytes limit);

/// Writes `text` to `path` by way of a temporary file beside it: a reader sees the old file or the new one, also after
/// a crash. A link is followed, and an existing file keeps its permissions.
///   errors  kUnavailable or kNotFound, naming the file; the old file is untouched
std::optional<Error> write_file(const std::string& path, std::string_view text);

/// The same for a file that still holds `expected`; answers false, and writes nothing, where another process has
/// changed it meanwhile.
Result<bool> replace_file(const std::string& path, std::string_view expected, std::string_view text);

}  // namespace vram::io
