#include "report/formats.h"

#include <vector>

#include "report/sentences.h"
#include "units/text.h"

namespace vram::report {
namespace {

std::vector<std::string_view> names() {
  std::vector<std::string_view> all;
  for (const formats::Entry* entry : formats::all()) all.push_back(entry->name);
  return all;
}

}  // namespace

std::string format_names() {
  std::string text;
  for (const std::string_view name : names()) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

Result<std::string> formatted(const Answered& answered, std::string_view format) {
  for (const formats::Entry* entry : formats::all())
    if (entry->name == format) return entry->write(answered);
  const auto near = nearest(format, names());
  return Error{ErrorCode::kBadInput, "--format", "no format is called \"" + std::string(format.substr(0, 40)) + '"',
               near ? "did you mean " + std::string(*near) + '?' : "there are " + one_of(names())};
}

std::string refusal_comment(const plan::Report& report) {
  if (report.verdict.fits) return {};
  std::string line = "# " + verdict_sentence(report);
  for (char& c : line)
    if (c == '\n') c = ' ';
  return line + '\n';
}

}  // namespace vram::report
