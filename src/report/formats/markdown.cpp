// markdown: the report for an issue or a page.
#include "report/formats.h"
#include "report/launch.h"
#include "report/sentences.h"
#include "units/text.h"

namespace vram::report::formats {

extern const Entry markdown;

namespace {

constexpr int kWidth = 100;

/// Text from a model's name or a config, as a cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '`' || c == '*' || c == '_' || c == '<' || c == '[' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

std::string row(const char* name, const memory::Estimate& estimate) {
  const auto gib2 = [](Bytes bytes) { return fixed(gib(bytes), 2); };
  const bool exact = estimate.low == estimate.high;
  return std::string("| ") + name + " | " + gib2(estimate.bytes) + " | " +
         (exact ? "exact" : gib2(estimate.low) + " to " + gib2(estimate.high)) + " |\n";
}

std::string ledger(const plan::Report& report) {
  if (report.ranks.empty()) return {};
  const plan::RankReport& rank = report.fullest();
  std::string out = "\n| rank " + std::to_string(rank.rank) + ", GiB of " + fixed(gib(report.gpu.total), 2) +
                    " | | 90 % |\n| --- | ---: | --- |\n";
  out += row("weights", rank.model_loading);
  out += row("activation peak", rank.activation_peak);
  out += row("outside PyTorch", rank.non_torch);
  if (rank.cuda_graphs_reserved.bytes > Bytes(0)) out += row("set aside for graphs", rank.cuda_graphs_reserved);
  out += row("KV cache", rank.available_kv);
  out += row("CUDA graphs", rank.cuda_graphs);
  out += row("CUDA context", rank.context);
  return out;
}

std::string suggestions(const plan::Report& report) {
  if (report.suggestions.empty()) return {};
  std::string out = "\n| change | effect | costs |\n| --- | --- | --- |\n";
  for (const plan::Suggestion& each : report.suggestions)
    out += "| " + cell(each.words) + " | " + cell(each.effect) + " | " + cell(each.costs) + " |\n";
  return out;
}

/// A fence longer than any in the text.
std::string fenced(const std::string& text) {
  std::string fence = "```";
  while (text.find(fence) != std::string::npos) fence += '`';
  return '\n' + fence + '\n' + text + fence + '\n';
}

std::string write(const Answered& answered) {
  const plan::Report& report = answered.report;
  std::string out = "**" + cell(verdict_sentence(report)) + "**\n\n" + cell(report.model_name) + " on " +
                    std::to_string(report.gpu_count) + " x " + cell(report.gpu.name) + ", vLLM " +
                    cell(report.engine.version) + '\n';
  out += ledger(report) + suggestions(report);
  std::string log, commands;
  for (const std::string& line : report.log) log += line + '\n';
  if (!log.empty()) out += "\nIt will print:\n" + fenced(log);
  for (const NodeLaunch& node : launches(answered.request)) {
    if (!node.where.empty()) commands += "# " + node.where + '\n';
    for (const auto& words : node.lines) commands += command_text(words, kWidth, "");
  }
  return out + fenced(commands);
}

}  // namespace

const Entry markdown{"markdown", "the report for an issue or a page", write};

}  // namespace vram::report::formats
