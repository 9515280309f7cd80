#include "vllm/release.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "units/text.h"

namespace vram::vllm {
namespace {

// source  merge bases of the release branches with main where known; else the last change found in the wheel and the
//         first one found missing, which leaves a few days open (certain = false).
constexpr Release kReleases[] = {
    {"0.6.0", {2024, 9, 4}, false},    {"0.6.6", {2024, 12, 26}, false},  {"0.7.0", {2025, 1, 26}, false},
    {"0.8.0", {2025, 3, 17}, false},   {"0.8.5", {2025, 4, 28}, false},   {"0.9.0", {2025, 5, 13}, false},
    {"0.9.1", {2025, 6, 9}, false},    {"0.9.2", {2025, 7, 6}, true},     {"0.10.0", {2025, 7, 22}, true},
    {"0.10.1", {2025, 8, 16}, false},  {"0.10.2", {2025, 9, 12}, true},   {"0.11.0", {2025, 9, 30}, false},
    {"0.11.1", {2025, 11, 11}, false}, {"0.12.0", {2025, 11, 30}, false}, {"0.13.0", {2025, 12, 12}, false},
    {"0.14.0", {2026, 1, 13}, true},   {"0.15.0", {2026, 1, 27}, false},  {"0.16.0", {2026, 2, 9}, true},
    {"0.17.0", {2026, 3, 4}, false},   {"0.18.0", {2026, 3, 16}, true},   {"0.19.0", {2026, 3, 30}, true},
    {"0.20.0", {2026, 4, 21}, false},  {"0.20.2", {2026, 4, 28}, false},  {"0.21.0", {2026, 5, 9}, false},
    {"0.22.0", {2026, 5, 25}, false},  {"0.23.0", {2026, 6, 8}, true},    {"0.24.0", {2026, 6, 23}, true},
    {"0.25.0", {2026, 7, 5}, true},    {"0.26.0", {2026, 7, 18}, false},  {"0.27.0", {2026, 8, 3}, false},
    {"0.28.0", {2026, 8, 18}, true},   {"0.29.0", {2026, 8, 31}, false},  {"0.30.0", {2026, 9, 14}, false},
    {"0.31.0", {2026, 10, 1}, false},  {"0.32.0", {2026, 10, 20}, false}, {"0.33.0", {2026, 11, 5}, true},
};

struct Number {
  int major = 0, minor = 0, patch = 0;
  bool dev = false;
  friend auto operator<=>(const Number&, const Number&) = default;
};

/// "0.19.1rc2.dev44+gabc" -> 0.19.1, dev. Nothing for anything that does not begin with two numbers.
std::optional<Number> read_number_triple(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  int parts[3] = {0, 0, 0};
  int count = 0;
  while (count < 3) {
    const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto part = read_integer(text.substr(0, end));
    if (!part || *part > 9999) break;
    parts[count++] = int(*part);
    text.remove_prefix(end);
    if (!text.starts_with('.') || text.size() < 2 || text[1] < '0' || text[1] > '9') break;
    text.remove_prefix(1);
  }
  if (count < 2) return std::nullopt;
  // 0.10.1.1 carries a fourth number.
  text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  const bool known_tail = text.empty() || text.starts_with("rc") || text.starts_with(".dev") ||
                          text.starts_with(".post") || text.starts_with('+');
  if (!known_tail) return std::nullopt;
  const bool dev = text.find("dev") != std::string_view::npos;
  return Number{parts[0], parts[1], parts[2], dev};
}

std::optional<Date> read_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = read_integer(text.substr(0, 4)), month = read_integer(text.substr(5, 2)),
             day = read_integer(text.substr(8, 2));
  if (!year || !month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return std::nullopt;
  return Date{int(*year), int(*month), int(*day)};
}

/// The day in a build string: "+g4d2a68d64.d20260816", ".20260810.r34".
std::optional<Date> read_build_date(std::string_view text) {
  constexpr std::size_t kDigits = 8;
  for (std::size_t i = 0; i + kDigits <= text.size(); ++i) {
    const std::string_view digits = text.substr(i, kDigits);
    const bool alone = (i == 0 || text[i - 1] == '.' || text[i - 1] == 'd') &&
                       (i + kDigits == text.size() || text[i + kDigits] == '.');
    if (!alone || digits.find_first_not_of("0123456789") != std::string_view::npos) continue;
    std::string dashed(digits);
    dashed.insert(6, "-").insert(4, "-");
    if (const auto date = read_date(dashed); date && date->year >= 2023) return date;
  }
  return std::nullopt;
}

std::string two(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

/// Days since 1970-01-01. source  Howard Hinnant, days_from_civil.
int days(Date date) {
  const int y = date.month <= 2 ? date.year - 1 : date.year;
  const int era = y / 400, yoe = y - era * 400;
  const int doy = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
  return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

Date date_of(int days) {
  days += 719468;
  const int era = days / 146097, doe = days - era * 146097;
  const int yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const int doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
  const int month = mp < 10 ? mp + 3 : mp - 9;
  return {yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1};
}

}  // namespace

std::string Date::text() const { return std::to_string(year) + '-' + two(month) + '-' + two(day); }

std::span<const Release> releases() { return kReleases; }

Engine newest() {
  const Release& last = kReleases[std::size(kReleases) - 1];
  return {std::string(last.version), last.cut, true};
}

Result<Engine> read_engine(std::string_view text) {
  if (text == "main" || text == "latest" || text == "nightly") {
    Engine engine = newest();
    engine.version = text;
    engine.exact = false;
    return engine;
  }
  const Date first = kReleases[0].cut, last = newest().as_of;
  const auto day_given = read_date(text);
  const std::size_t local = text.find('+');
  const auto built = local == std::string_view::npos ? std::nullopt : read_build_date(text.substr(local));
  if (const auto date = day_given ? day_given : built) {
    if (*date < first)
      return Error{ErrorCode::kUnsupported, "vLLM version",
                   std::string(text) + " is before the oldest rules that are known, " + first.text(),
                   "give a release from 0.6.0 on"};
    return Engine{std::string(text), std::min(*date, last), day_given.has_value() && *date <= last};
  }
  const auto wanted = read_number_triple(text);
  if (!wanted)
    return Error{ErrorCode::kBadInput, "vLLM version", "\"" + std::string(text) + "\" is not a version",
                 "give a release such as " + newest().version + ", a dev build or a date (2026-05-01)"};
  // A patch release carries its minor release's rules; a dev build stands between the release before and its own.
  const Release* at = nullptr;
  const Release* after = nullptr;
  for (const Release& release : kReleases) {
    const Number number = *read_number_triple(release.version);
    if (Number{number.major, number.minor, number.patch} <= Number{wanted->major, wanted->minor, wanted->patch})
      at = &release;
    else if (!after)
      after = &release;
  }
  if (!at)
    return Error{
        ErrorCode::kUnsupported, "vLLM version",
        std::string(text) + " is older than the oldest rules that are known, " + std::string(kReleases[0].version),
        "give a release from 0.6.0 on"};
  const Number found = *read_number_triple(at->version);
  const bool beyond = !after && (found.minor != wanted->minor || found.major != wanted->major);
  if (wanted->dev) {
    // 0.26.1.dev7 was built from main after 0.26's branch and before 0.27's: the middle of that time.
    const Release* before = found.minor == wanted->minor && wanted->patch > 0 ? at : nullptr;
    const Date from = before ? before->cut : (at == kReleases ? at->cut : (at - 1)->cut);
    const Date to = before ? (after ? after->cut : before->cut) : at->cut;
    return Engine{std::string(text), date_of((days(from) + days(to)) / 2), false};
  }
  return Engine{std::string(text), at->cut, at->certain && !beyond};
}

}  // namespace vram::vllm
