#include "report/report_text.h"

#include <algorithm>
#include <vector>

#include "report/memory_bar.h"
#include "report/notes.h"
#include "report/sentences.h"
#include "report/suggestions_text.h"
#include "units/text.h"

namespace vram::report {
namespace {

constexpr int kNameWidth = 20, kNumberWidth = 8, kRemarkWidth = 60, kIntervalWidth = 40;

Paint verdict_paint(const std::string& sentence) {
  if (sentence.starts_with("Starts")) return Paint::kGood;
  return sentence.starts_with("Unsure") || sentence.starts_with("Not") ? Paint::kUnsure : Paint::kBad;
}

std::string first_line(const plan::Report& report, const TextStyle& style) {
  const std::string sentence = verdict_sentence(report);
  const std::size_t end = std::min(sentence.find_first_of(" ,:;"), sentence.size());
  return painted(sentence.substr(0, end), verdict_paint(sentence), style) + sentence.substr(end) + '\n';
}

/// One row of the ledger: name, GiB, interval or "exact", remark.
class Ledger {
 public:
  explicit Ledger(const TextStyle& style) : style_(style) {}

  void row(const char* name, Paint paint, Bytes bytes, const std::string& spread, const std::string& remark) {
    const bool exact = spread == "exact";
    const bool narrow = style_.width < kIntervalWidth;
    std::string line = "  " + painted(padded_right(name, kNameWidth), paint, style_);
    if (narrow) {
      out += "  " + std::string(name) + ": " + fixed(gib(bytes), 2) + '\n';
      return;
    }
    line += exact ? ' ' : '~';
    line += padded_left(fixed(gib(bytes), 2), kNumberWidth - 1);
    if (style_.width < kRemarkWidth) {
      out += line + "\n      " + painted(spread, Paint::kDim, style_) + '\n';
      return;
    }
    line += "   ";
    line += painted(remark.empty() ? spread : padded_right(spread, 14) + "  ", Paint::kDim, style_);
    if (!remark.empty() && style_.width > kRemarkWidth + 19) line += painted(remark, Paint::kDim, style_);
    while (line.ends_with(' ')) line.pop_back();
    out += line + '\n';
  }

  void row(const char* name, Paint paint, const memory::Estimate& estimate, const std::string& remark = "") {
    const std::string dash = style_.unicode ? " – " : " - ";
    row(name, paint, estimate.bytes,
        padded_left(fixed(gib(estimate.low), 2), 5) + dash + padded_left(fixed(gib(estimate.high), 2), 5), remark);
  }

  std::string out;

 private:
  const TextStyle& style_;
};

std::string cache_remark(const plan::Report& report, const plan::RankReport& rank) {
  const std::size_t stage = std::size_t(rank.pp_rank);
  if (plan::allocates_cache(report.verdict.reason) || !report.kv || stage >= report.kv->needed.size()) return "";
  return "one request needs " + fixed(gib(report.kv->needed[stage]), 2);
}

std::string ledger(const plan::Report& report, const plan::RankReport& rank, const TextStyle& style) {
  const bool reached = plan::allocates_cache(report.verdict.reason);
  Ledger ledger(style);
  const bool exact = rank.model_loading.low == rank.model_loading.high;
  if (exact)
    ledger.row("Weights", Paint::kWeights, rank.model_loading.bytes, "exact", "");
  else
    ledger.row("Weights", Paint::kWeights, rank.model_loading, fixed(gib(rank.weights), 2) + " as created");
  ledger.row("Activation peak", Paint::kActivations, rank.activation_peak);
  ledger.row("Outside PyTorch", Paint::kOutside, rank.non_torch);
  if (rank.cuda_graphs_reserved.bytes > Bytes(0))
    ledger.row("Graphs, set aside", Paint::kGraphs, rank.cuda_graphs_reserved, "subtracted beforehand");
  if (reaches_cache(report.verdict))
    ledger.row("KV cache", Paint::kCache, rank.available_kv, cache_remark(report, rank));
  if (rank.cuda_graphs.bytes > Bytes(0))
    ledger.row("CUDA graphs", Paint::kGraphs, rank.cuda_graphs,
               reached ? "after the cache, off budget" : "not reached");
  ledger.row("CUDA context", Paint::kContext, rank.context);
  const Bytes free = rank.total - rank.peak - (reached ? Bytes(0) : std::max(rank.available_kv.bytes, Bytes(0)));
  ledger.row("Free", Paint::kDim,
             {free, free - (rank.context.high - rank.context.low), free + (rank.context.high - rank.context.low)});
  return ledger.out;
}

/// Ranks with the same figures, by their numbers.
struct Alike {
  const plan::RankReport* rank;
  std::vector<std::int64_t> numbers;
};

std::vector<Alike> alike_ranks(const plan::Report& report) {
  std::vector<Alike> groups;
  for (const plan::RankReport& rank : report.ranks) {
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const Alike& group) {
      return group.rank->peak == rank.peak && group.rank->model_loading.bytes == rank.model_loading.bytes &&
             group.rank->available_kv.bytes == rank.available_kv.bytes && group.rank->gpu == rank.gpu;
    });
    if (same == groups.end())
      groups.push_back({&rank, {rank.rank}});
    else
      same->numbers.push_back(rank.rank);
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Alike& a, const Alike& b) { return a.rank->peak < b.rank->peak; });
  return groups;
}

std::string title(const Alike& group) {
  const auto number = [&](std::size_t i) { return std::to_string(group.numbers[i]); };
  if (group.numbers.size() == 1) return "rank " + number(0);
  if (group.numbers.size() == 2) return "ranks " + number(0) + " and " + number(1) + " alike";
  return "ranks " + number(0) + " to " + number(group.numbers.size() - 1) + " alike";
}

std::string memory_blocks(const plan::Report& report, const TextStyle& style) {
  std::string out;
  std::vector<Alike> groups = alike_ranks(report);
  constexpr std::size_t kMostBars = 4;
  const std::size_t hidden = groups.size() > kMostBars ? groups.size() - 2 : 0;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (hidden > 0 && i > 0 && i + 1 < groups.size()) continue;
    if (style.bar && style.width >= kIntervalWidth)
      out += memory_bar(report, *groups[i].rank, title(groups[i]), style) + '\n';
    if (hidden > 0 && i == 0) out += "  " + std::to_string(hidden) + " more between them\n\n";
  }
  if (style.bar && style.width >= kIntervalWidth) out += bar_key(style);
  const Alike& last = groups.back();
  if (!style.bar || style.width < kIntervalWidth)
    out += "  " + title(last) + ", GiB of " + fixed(gib(last.rank->total), 2) + ", budget " +
           python_float(report.gpu_memory_utilization) + " = " + fixed(gib(last.rank->requested), 2) + '\n';
  else if (groups.size() > 1)
    out += "  " + title(last) + " of " + std::to_string(report.ranks.size()) + ", the fullest\n";
  return out + ledger(report, *last.rank, style);
}

std::string where(const plan::Report& report) {
  std::string gpus = std::to_string(report.gpu_count) + " x " + report.gpu.name;
  if (report.unlike) {
    gpus.clear();
    for (const plan::RankReport& rank : report.ranks) gpus += (gpus.empty() ? "" : ", ") + rank.gpu;
  }
  return "  " + gpus + ", vLLM " + report.engine.version +
         (report.engine.exact ? "" : " (rules of about " + report.engine.as_of.text() + ")") + ", " +
         report.model_name + '\n';
}

}  // namespace

std::string log_text(const plan::Report& report) {
  std::string out;
  for (const std::string& line : report.log) out += line + '\n';
  return out;
}

std::string report_text(const plan::Report& report, const TextStyle& style) {
  std::string out = first_line(report, style);
  if (const std::string workload = workload_sentence(report); !workload.empty()) out += workload + '\n';
  if (const std::string advice = start_it_with(report); !advice.empty()) out += wrapped(advice, style.width, "") + '\n';
  const std::string suggestions = suggestions_text(report, style);
  if (report.ranks.empty()) return suggestions.empty() ? out : out + '\n' + suggestions;
  out += '\n' + where(report) + '\n' + memory_blocks(report, style);
  if (!report.log.empty()) {
    out += "\n  vLLM " + report.engine.version + " will print\n";
    for (const std::string& line : report.log) out += wrapped(line, style.width, "    ") + '\n';
  }
  std::string remarks;
  for (const std::string& note : notes(report)) remarks += wrapped(note, style.width, "    ") + '\n';
  if (!remarks.empty()) out += "\n  Mind\n" + remarks;
  if (!suggestions.empty()) out += '\n' + suggestions;
  if (style.verbose) {
    out += "\n  Components, GiB\n";
    for (const plan::Component& component : report.components)
      out += "    " + padded_right(component.name, 24) + padded_left(fixed(gib(component.bytes), 2), 8) + "  " +
             component.explains + '\n';
    for (const plan::Assumption& assumption : report.assumptions)
      out +=
          wrapped(assumption.about + " = " + assumption.value + ": " + assumption.why + " (" + assumption.source + ')',
                  style.width, "    ") +
          '\n';
  }
  return out;
}

}  // namespace vram::report
