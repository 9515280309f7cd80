// Where the parts of a JSON text stand, so that an edit can leave every other byte alone. A parsed tree cannot: it has
// forgotten spacing, escapes and how numbers were written.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vram::registry {

struct Span {
  std::size_t begin = 0, end = 0;
  [[nodiscard]] std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
};

struct MemberSpan {
  std::string name;
  Span whole;  // from the name's quotation mark to the end of the value
  Span value;
};

/// All of these take a text that json::parse has accepted, and a span of it of the right kind.
Span document(std::string_view text);
std::vector<Span> items(std::string_view text, Span array);
std::vector<MemberSpan> members(std::string_view text, Span object);
/// Nothing where the object has no such member.
std::optional<Span> member(std::string_view text, Span object, std::string_view name);

/// Text to put in the place of a span; a span without length is an insertion.
struct Change {
  Span at;
  std::string text;
};

/// `text` with all of `changes`, which do not overlap; those at one place stand in the order given.
std::string changed(std::string_view text, std::vector<Change> changes);

/// One change that appends items to an array or members to an object, spaced as what is there.
///
///   container  its span
///   literals   JSON: `"--x"`, or `"name": 1`; not empty
Change appended(std::string_view text, Span container, const std::vector<std::string>& literals);

}  // namespace vram::registry
