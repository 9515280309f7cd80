#include "report/formula_text.h"

#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

constexpr int kDecimals = 2;
// Wide enough for the longest label of the two tables, so that both put their numbers in one place.
constexpr int kLabelColumns = 21, kNumberColumns = 9;

using Rows = std::vector<std::vector<std::string>>;

std::string titled(const char* title, const Rows& rows, int width) {
  static constexpr Column kColumns[] = {{"", false, kLabelColumns}, {"", true, kNumberColumns}};
  return std::string(title) + "\n\n" + table(kColumns, rows, width);
}

std::string short_gib(double number) { return fixed(number, kDecimals); }

/// Both numbers with as many decimals as it takes to tell them apart, at least two; the first is the larger.
std::pair<std::string, std::string> told_apart(double larger, double smaller) {
  int decimals = kDecimals;
  while (decimals < 15 && fixed(larger, decimals) == fixed(smaller, decimals)) ++decimals;
  return {fixed(larger, decimals), fixed(smaller, decimals)};
}

}  // namespace

std::string estimate_text(const formula::Estimate& estimate, int width) {
  const Rows rows = {{"Weights", short_gib(estimate.weights_gib)},
                     {"KV Cache", short_gib(estimate.kv_gib)},
                     {"Overhead", short_gib(estimate.overhead_gib)},
                     {"Vision Tower", short_gib(estimate.vision_gib)},
                     {"Fragmentation Factor", short_gib(estimate.frag_factor)},
                     {"Total", short_gib(estimate.total_gib)}};
  return titled("VRAM Estimate (GiB)", rows, width);
}

std::string max_context_text(const formula::MaxContext& found, int width) {
  const Rows rows = {{"Context (k tokens)", short_gib(double(found.context.count()) / 1024)},
                     {"Context (tokens)", std::to_string(found.context.count())},
                     {"KV Cache (GiB)", short_gib(found.at.kv_gib)},
                     {"Estimated Total (GiB)", short_gib(found.at.total_gib)}};
  return titled("Max Context Estimate", rows, width);
}

std::string profiles_text(const formula::Profiles& profiles, int width) {
  static constexpr Column kColumns[] = {
      {"Profile"}, {"Overhead GiB", true}, {"Vision GiB", true}, {"Fragmentation", true}};
  Rows rows;
  for (const auto& [name, profile] : profiles)
    rows.push_back(
        {name, short_gib(profile.overhead_gib), short_gib(profile.vision_gib), short_gib(profile.frag_factor)});
  return "Overhead Profiles\n\n" + table(kColumns, rows, width);
}

std::string shortage_text(const formula::MaxContext& found, double total_vram_gib, double needs_for_one) {
  if (!found.fits) {
    const auto [needed, given] = told_apart(found.at.total_gib, total_vram_gib);
    return "Does not fit: " + needed + " GiB are needed before the first token, " + given + " are given.";
  }
  if (found.context == Tokens(0) && !found.at_limit) {
    const auto [needed, given] = told_apart(needs_for_one, total_vram_gib);
    return "No room for a token: " + needed + " GiB are needed with the first one, " + given + " are given.";
  }
  return "";
}

}  // namespace vram::report
