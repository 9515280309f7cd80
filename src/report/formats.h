// Everything a report can be written as besides the terminal's text: a folder of files, one a format.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "plan/report.h"
#include "plan/request.h"

namespace vram::report {

/// A question and its answer; formats that start vLLM write the question, the others the answer.
struct Answered {
  const plan::Request& request;
  const plan::Report& report;
};

namespace formats {

struct Entry {
  std::string_view name;     // "ray-serve"
  std::string_view summary;  // what it is, for help
  std::string (*write)(const Answered& answered);
};

/// Every format, by file name; generated from the files of this folder.
std::span<const Entry* const> all();

}  // namespace formats

/// "csv, docker, json, …"
std::string format_names();

/// Ends in a newline.
///
///   errors  kBadInput with the nearest name for a format that is unknown
Result<std::string> formatted(const Answered& answered, std::string_view format);

/// "# Refused: 1.56 GiB short of …" in front of a launch that would not start; empty for one that does.
std::string refusal_comment(const plan::Report& report);

}  // namespace vram::report
