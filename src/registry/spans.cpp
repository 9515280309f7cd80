#include "registry/spans.h"

#include <algorithm>

#include "json/value.h"

namespace vram::registry {
namespace {

constexpr std::string_view kBlank = " \t\r\n";

std::size_t past_blanks(std::string_view text, std::size_t at) {
  return std::min(text.find_first_not_of(kBlank, at), text.size());
}

/// Behind the string whose quotation mark stands at `at`.
std::size_t past_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

std::size_t past_value(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  if (text[at] == '"') return past_string(text, at);
  if (text[at] != '[' && text[at] != '{') return std::min(text.find_first_of(" \t\r\n,]}", at), text.size());
  int depth = 0;
  while (at < text.size()) {
    if (text[at] == '"') {
      at = past_string(text, at);
      continue;
    }
    depth += text[at] == '[' || text[at] == '{' ? 1 : text[at] == ']' || text[at] == '}' ? -1 : 0;
    ++at;
    if (depth == 0) return at;
  }
  return text.size();
}

std::string decoded(std::string_view quoted) {
  const auto value = json::parse(quoted, "");
  return value && value->string() ? *value->string() : std::string(quoted);
}

/// The blanks in front of `at`.
std::string_view blanks_before(std::string_view text, std::size_t at) {
  const std::size_t last = at == 0 ? std::string_view::npos : text.find_last_not_of(kBlank, at - 1);
  const std::size_t begin = last == std::string_view::npos ? 0 : last + 1;
  return text.substr(begin, at - begin);
}

/// How far the line at `at` is indented.
std::string indent_at(std::string_view text, std::size_t at) {
  const std::size_t newline = text.rfind('\n', at);
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  return std::string(text.substr(begin, std::min(text.find_first_not_of(" \t", begin), text.size()) - begin));
}

/// Where the first thing in a container stands, and the last.
std::pair<std::vector<std::size_t>, std::size_t> parts(std::string_view text, Span container) {
  std::vector<std::size_t> begins;
  std::size_t end = container.begin + 1;
  if (text[container.begin] == '[') {
    for (const Span& item : items(text, container)) {
      begins.push_back(item.begin);
      end = item.end;
    }
  } else {
    for (const MemberSpan& each : members(text, container)) {
      begins.push_back(each.whole.begin);
      end = each.whole.end;
    }
  }
  return {begins, end};
}

}  // namespace

Span document(std::string_view text) {
  const std::size_t begin = past_blanks(text, 0);
  return {begin, past_value(text, begin)};
}

std::vector<Span> items(std::string_view text, Span array) {
  std::vector<Span> found;
  for (std::size_t at = past_blanks(text, array.begin + 1); at + 1 < array.end;) {
    const Span item{at, past_value(text, at)};
    found.push_back(item);
    at = past_blanks(text, item.end);
    if (at < array.end && text[at] == ',') at = past_blanks(text, at + 1);
  }
  return found;
}

std::vector<MemberSpan> members(std::string_view text, Span object) {
  std::vector<MemberSpan> found;
  for (std::size_t at = past_blanks(text, object.begin + 1); at + 1 < object.end;) {
    const Span name{at, past_string(text, at)};
    const std::size_t value = past_blanks(text, past_blanks(text, name.end) + 1);
    found.push_back({decoded(name.of(text)), {at, past_value(text, value)}, {value, past_value(text, value)}});
    at = past_blanks(text, found.back().whole.end);
    if (at < object.end && text[at] == ',') at = past_blanks(text, at + 1);
  }
  return found;
}

std::optional<Span> member(std::string_view text, Span object, std::string_view name) {
  for (const MemberSpan& each : members(text, object))
    if (each.name == name) return each.value;
  return std::nullopt;
}

std::string changed(std::string_view text, std::vector<Change> changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.at.begin < b.at.begin; });
  std::string result;
  std::size_t at = 0;
  for (const Change& change : changes) {
    result += text.substr(at, change.at.begin - at);
    result += change.text;
    at = change.at.end;
  }
  return result += text.substr(at);
}

Change appended(std::string_view text, Span container, const std::vector<std::string>& literals) {
  const auto [begins, end] = parts(text, container);
  const bool lines = !begins.empty() ? blanks_before(text, begins.back()).find('\n') != std::string_view::npos
                                     : text.find('\n') < container.begin;
  const std::string outer = indent_at(text, container.begin);
  std::string gap(begins.empty() ? lines ? "\n" + outer + "  " : "" : std::string(blanks_before(text, begins.back())));
  const std::string between = begins.empty() && !lines ? ", " : "," + (begins.size() == 1 && !lines ? " " : gap);
  std::string added;
  for (std::size_t i = 0; i < literals.size(); ++i) added += (i > 0 || !begins.empty() ? between : gap) + literals[i];
  if (!begins.empty()) return {{end, end}, added};
  if (lines) added += '\n' + outer;
  return {{container.begin + 1, container.end - 1}, added};
}

}  // namespace vram::registry
