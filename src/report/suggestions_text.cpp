#include "report/suggestions_text.h"

#include <algorithm>
#include <cmath>

#include "memory/kv_plan.h"

namespace vram::report {
namespace {

constexpr double kSure = 0.95;
constexpr std::size_t kMostLines = 8;
constexpr int kWordsWidth = 34, kConcurrencyWidth = 9;

bool starts(const plan::Report& report) { return report.verdict.fits && (!report.workload || report.workload->fits); }

/// The same card, the same weights, all of them on it.
bool keeps_the_machine(const plan::Suggestion& suggestion, const plan::Report& before) {
  const json::Value* args = suggestion.change.find("args");
  return suggestion.gpu_count <= before.gpu_count && args && suggestion.change.members().size() == 1 &&
         !args->find("cpu_offload_gb");
}

std::string remark(const plan::Suggestion& suggestion, const plan::Report& before) {
  if (suggestion.gpu_count > before.gpu_count) return "on " + std::to_string(suggestion.gpu_count) + " GPUs";
  if (starts(before)) return "";
  return suggestion.effect.substr(0, suggestion.effect.find(','));
}

}  // namespace

std::string start_it_with(const plan::Report& report) {
  if (report.verdict.fits) return {};
  std::string sentence;
  int named = 0;
  for (const plan::Suggestion& suggestion : report.suggestions) {
    const bool sure = suggestion.probability_fits >= kSure && keeps_the_machine(suggestion, report);
    if (!sure || named == 2) continue;
    sentence += (named++ ? ", or " : "Start it with ") + suggestion.words;
  }
  return sentence.empty() ? sentence : sentence + '.';
}

std::string suggestions_text(const plan::Report& report, const TextStyle& style) {
  if (report.suggestions.empty()) return {};
  const bool refused = !report.verdict.fits;
  std::string out = starts(report) ? "  Buys more\n" : refused ? "  Starts with\n" : "  Serves the workload with\n";
  std::size_t lines = 0;
  for (const plan::Suggestion& suggestion : report.suggestions) {
    if (lines++ == kMostLines && !style.verbose) {
      out += "    " + std::to_string(report.suggestions.size() - kMostLines) + " more with --verbose\n";
      break;
    }
    const std::string concurrency =
        suggestion.max_concurrency > 0 ? memory::printed_concurrency(suggestion.max_concurrency) : "";
    std::string line = "    " + padded_right(suggestion.words, kWordsWidth);
    if (style.width >= kWordsWidth + kConcurrencyWidth + 22)
      line += padded_left(concurrency, kConcurrencyWidth) + "   " + remark(suggestion, report);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
    if (style.verbose) out += wrapped("costs: " + suggestion.costs, style.width, "      ") + '\n';
  }
  return out;
}

}  // namespace vram::report
