#include <algorithm>
#include <cmath>
#include <vector>

#include "report/llamacpp_report.h"
#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

constexpr double kSure = 0.95;

std::string gib2(Bytes bytes) { return fixed(gib(bytes), 2); }

std::string layers_text(const llamacpp::Report& report) {
  const std::int64_t all = std::int64_t(report.request.model.layers.size()) + 1, there = report.layers_on_gpu();
  const std::string where = report.gpus.size() > 1 ? "the GPUs" : "the GPU";
  if (there == all) return "all " + std::to_string(all) + " layers on " + where;
  return std::to_string(there) + " of " + std::to_string(all) + " layers on " + where;
}

class Rows {
 public:
  void exact(const char* name, Bytes bytes) {
    if (bytes > Bytes(0)) rows.push_back({name, gib2(bytes), "exact"});
  }
  void estimated(const char* name, const memory::Estimate& estimate, const TextStyle& style) {
    const std::string dash = style.unicode ? " – " : " - ";
    rows.push_back({name, "~ " + gib2(estimate.bytes), gib2(estimate.low) + dash + gib2(estimate.high)});
  }
  std::vector<std::vector<std::string>> rows;
};

std::string ledger(const llamacpp::Report& report, const TextStyle& style) {
  const llamacpp::Device& gpu = report.fullest();
  Rows rows;
  rows.exact("Weights", gpu.weights);
  rows.exact("Vision projector", gpu.projector);
  rows.exact("KV cache", gpu.cache.keys + gpu.cache.values);
  rows.exact("Recurrent state", gpu.cache.state);
  rows.estimated("Compute buffer", gpu.compute, style);
  rows.estimated("CUDA context", gpu.context, style);
  const Bytes free = report.available - gpu.used();
  rows.estimated("Free", {free, report.available - gpu.high(), report.available - gpu.low()}, style);
  static constexpr Column kColumns[] = {{"", false, 20}, {"", true, 8}, {""}};
  return table(kColumns, rows.rows, style.width);
}

std::string heading(const llamacpp::Report& report) {
  const auto& request = report.request;
  const auto full = std::max_element(report.gpus.begin(), report.gpus.end(),
                                     [](const auto& a, const auto& b) { return a.used() < b.used(); });
  return "  " + std::to_string(request.gpu_count) + " x " + request.gpu.name + ", llama.cpp of " + llamacpp::kAsOf +
         ", " + request.model.name + "\n\n  GPU " + std::to_string(full - report.gpus.begin()) +
         (report.gpus.size() > 1 ? ", the fullest" : "") + ", GiB of " + gib2(report.available) + ", " +
         with_commas(report.cells.context.count()) + " tokens for " + std::to_string(report.cells.sequences) +
         (report.cells.sequences == 1 ? " sequence\n" : " sequences\n");
}

}  // namespace

std::string llamacpp_sentence(const llamacpp::Report& report) {
  const plan::Verdict& verdict = report.verdict;
  if (verdict.reason == plan::Reason::kInvalidArguments) return "Refused: " + verdict.message.value_or("") + '.';
  if (verdict.probability_fits > 1 - kSure && verdict.probability_fits < kSure)
    return "Unsure: starts in " + std::to_string(std::clamp(int(std::lround(verdict.probability_fits * 10)), 1, 9)) +
           " of 10, with " + layers_text(report) + '.';
  if (verdict.fits) return "Starts, with " + layers_text(report) + '.';
  return "Refused: " + gib2(report.fullest().used() - report.available) + " GiB short, with " + layers_text(report) +
         '.';
}

std::string llamacpp_context_text(const llamacpp::MaxContext& found, const TextStyle& style) {
  if (found.context == Tokens(0)) return llamacpp_sentence(found.report) + "\nNo length starts.\n";
  const llamacpp::Cells& cells = found.report.cells;
  const std::string each = cells.sequences == 1 ? ""
                           : cells.streams == 1 ? " for " + std::to_string(cells.sequences) + " sequences together"
                                                : " for each of " + std::to_string(cells.sequences) + " sequences";
  return "Longest context: " + with_commas(found.context.count()) + " tokens" + each +
         (found.limited_by_model ? ", the model's own maximum.\n\n" : ".\n\n") + heading(found.report) +
         ledger(found.report, style);
}

std::string llamacpp_text(const llamacpp::Report& report, const TextStyle& style) {
  const std::string sentence = llamacpp_sentence(report);
  const std::size_t end = std::min(sentence.find_first_of(" ,:"), sentence.size());
  const Paint paint = sentence.starts_with("Starts")   ? Paint::kGood
                      : sentence.starts_with("Unsure") ? Paint::kUnsure
                                                       : Paint::kBad;
  std::string out = painted(sentence.substr(0, end), paint, style) + sentence.substr(end) + '\n';
  if (report.verdict.reason == plan::Reason::kInvalidArguments) return out;
  out += '\n' + heading(report) + ledger(report, style);
  const llamacpp::Device& host = report.host;
  out += "\n  With the host: weights " + gib2(host.weights + host.projector) + ", cache " + gib2(host.cache.total()) +
         "\n\n  llama.cpp will print\n";
  for (const std::string& line : report.log) out += wrapped(line, style.width, "    ") + '\n';
  if (report.verdict.message) out += wrapped(*report.verdict.message, style.width, "    ") + '\n';
  if (!style.verbose) return out;
  for (const plan::Assumption& assumption : report.assumptions)
    out += wrapped(assumption.about + " = " + assumption.value + ": " + assumption.why + " (" + assumption.source + ')',
                   style.width, "    ") +
           '\n';
  return out;
}

}  // namespace vram::report
