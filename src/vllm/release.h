// vLLM's behaviour is keyed by the day a change reached its main branch: releases are days on that line, and so are
// dev builds and plain dates.
#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "units/result.h"

namespace vram::vllm {

struct Date {
  int year = 0, month = 0, day = 0;
  friend constexpr auto operator<=>(const Date&, const Date&) = default;
  [[nodiscard]] std::string text() const;  // "2026-04-21"
};

/// What `--vllm-version` names.
struct Engine {
  std::string version;  // as given: "0.19.0", "0.23.1rc0.dev44", "main", "2026-05-01"
  Date as_of;           // the rules in force
  bool exact = true;    // false: a dev build or a date between two known cuts, or a release whose cut is not certain
};

/// One release: the day its branch left main. A change is in the release when it landed before that day.
struct Release {
  std::string_view version;
  Date cut;
  bool certain;  // read from the branch's merge base or from the wheel itself
};
std::span<const Release> releases();

/// Reads a release ("0.19.0", "v0.19.0", "0.19"), a dev or release-candidate build, a date, "main" or "latest".
Result<Engine> read_engine(std::string_view text);
/// The newest release that the rules were checked against.
Engine newest();

/// Where a rule was read: for readers of the table, checked when it is compiled; no text of it is in the program.
class Citation {
 public:
  consteval Citation(const char* text) : given_(*text != '\0') {}
  [[nodiscard]] constexpr bool given() const { return given_; }

 private:
  bool given_;
};

/// From `since` on, `value` holds. A `source` that begins with "~" marks a day that is not certain.
template <class T>
struct Step {
  Date since;
  T value;
  Citation source;
};

template <class T, std::size_t N>
constexpr const Step<T>& step_in_force(const Step<T> (&steps)[N], Date day) {
  const Step<T>* found = &steps[0];
  for (const Step<T>& step : steps)
    if (step.since <= day) found = &step;
  return *found;
}

/// The only way to ask what vLLM does on a day.
template <class T, std::size_t N>
constexpr const T& in_force(const Step<T> (&steps)[N], Date day) {
  return step_in_force(steps, day).value;
}

/// The same for a column of a table, whose rows differ in the number of their steps.
template <class T>
constexpr const T& in_force(std::span<const Step<T>> steps, Date day) {
  const Step<T>* found = steps.data();
  for (const Step<T>& step : steps)
    if (step.since <= day) found = &step;
  return found->value;
}

/// Starts at the beginning of time, strictly ascends, cites something at every step.
template <class T, std::size_t N>
consteval bool well_formed(const Step<T> (&steps)[N]) {
  bool good = steps[0].since == Date{} && steps[0].source.given();
  for (std::size_t i = 1; i < N; ++i) good = good && steps[i - 1].since < steps[i].since && steps[i].source.given();
  return good;
}

}  // namespace vram::vllm
