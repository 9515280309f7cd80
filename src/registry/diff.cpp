#include "registry/diff.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "units/secrets.h"

namespace vram::registry {
namespace {

constexpr std::size_t kAround = 3;
constexpr std::size_t kMostCells = 4u << 20;  // of the table below; a longer stretch is shown as replaced

using Lines = std::vector<std::string_view>;

struct Step {
  char kind;  // ' ', '-' or '+'
  std::string_view line;
};

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.push_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

/// The shortest way from one stretch to another, by the longest common subsequence.
void append_between(const Lines& a, const Lines& b, std::vector<Step>& steps) {
  const std::size_t width = b.size() + 1;
  std::vector<unsigned> common;
  const bool small = (a.size() + 1) * width <= kMostCells;
  if (small) common.assign((a.size() + 1) * width, 0);
  for (std::size_t i = a.size(); small && i-- > 0;)
    for (std::size_t j = b.size(); j-- > 0;)
      common[i * width + j] = a[i] == b[j] ? common[(i + 1) * width + j + 1] + 1
                                           : std::max(common[(i + 1) * width + j], common[i * width + j + 1]);
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    if (small && i < a.size() && j < b.size() && a[i] == b[j]) {
      steps.push_back({' ', a[i]});
      ++i, ++j;
    } else if (i < a.size() && (!small || j == b.size() || common[(i + 1) * width + j] >= common[i * width + j + 1])) {
      steps.push_back({'-', a[i++]});
    } else {
      steps.push_back({'+', b[j++]});
    }
  }
}

std::vector<Step> steps_between(const Lines& a, const Lines& b) {
  std::size_t front = 0, back = 0;
  while (front < a.size() && front < b.size() && a[front] == b[front]) ++front;
  while (back < a.size() - front && back < b.size() - front && a[a.size() - 1 - back] == b[b.size() - 1 - back]) ++back;
  const auto middle = [&](const Lines& lines) {
    return Lines(lines.begin() + std::ptrdiff_t(front), lines.end() - std::ptrdiff_t(back));
  };
  std::vector<Step> steps;
  for (std::size_t i = 0; i < front; ++i) steps.push_back({' ', a[i]});
  append_between(middle(a), middle(b), steps);
  for (std::size_t i = a.size() - back; i < a.size(); ++i) steps.push_back({' ', a[i]});
  return steps;
}

/// "@@ -3,7 +3,9 @@" and the lines from `begin` to `end`.
std::string hunk(const std::vector<Step>& steps, std::size_t begin, std::size_t end) {
  std::size_t old_line = 1, new_line = 1, old_count = 0, new_count = 0;
  for (std::size_t i = 0; i < begin; ++i) {
    old_line += steps[i].kind != '+';
    new_line += steps[i].kind != '-';
  }
  std::string body;
  for (std::size_t i = begin; i < end; ++i) {
    old_count += steps[i].kind != '+';
    new_count += steps[i].kind != '-';
    body += steps[i].kind + std::string(steps[i].line) + '\n';
  }
  const auto range = [](std::size_t line, std::size_t count) {
    return std::to_string(count ? line : line - 1) + ',' + std::to_string(count);
  };
  return "@@ -" + range(old_line, old_count) + " +" + range(new_line, new_count) + " @@\n" + body;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view name) {
  if (before == after) return "";
  const std::vector<Step> steps = steps_between(lines_of(before), lines_of(after));
  std::string out = "--- " + std::string(name) + "\n+++ " + std::string(name) + '\n';
  for (std::size_t at = 0; at < steps.size();) {
    const auto is_change = [](const Step& step) { return step.kind != ' '; };
    const auto first = std::find_if(steps.begin() + std::ptrdiff_t(at), steps.end(), is_change);
    if (first == steps.end()) break;
    const std::size_t begin = std::max(
        at, std::size_t(first - steps.begin()) - std::min<std::size_t>(kAround, std::size_t(first - steps.begin())));
    std::size_t last = std::size_t(first - steps.begin());
    for (std::size_t i = last; i < steps.size() && i <= last + 2 * kAround + 1; ++i)
      if (is_change(steps[i])) last = i;
    const std::size_t end = std::min(last + kAround + 1, steps.size());
    out += hunk(steps, begin, end);
    at = end;
  }
  return without_secrets(out);
}

}  // namespace vram::registry
