#include "report/memory_bar.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "units/text.h"

namespace vram::report {
namespace {

struct Piece {
  Bytes bytes;
  const char *fill, *letter;
  Paint paint;
  const char* label;  // under the bar; null for none
};

std::vector<Piece> pieces(const plan::RankReport& rank, bool started) {
  const Bytes cache = started ? rank.kv_cache : std::max(rank.available_kv.bytes, Bytes(0));
  return {{rank.model_loading.bytes, "▓", "W", Paint::kWeights, "weights"},
          {rank.activation_peak.bytes, "▒", "a", Paint::kActivations, nullptr},
          {rank.non_torch.bytes, "▒", "o", Paint::kOutside, nullptr},
          {cache, "█", "K", Paint::kCache, "KV cache"},
          {started ? rank.graphs_held() : Bytes(0), "▒", "g", Paint::kGraphs, nullptr},
          {rank.context.bytes, "▒", "c", Paint::kContext, nullptr}};
}

}  // namespace

std::string memory_bar(const plan::Report& report, const plan::RankReport& rank, const std::string& what,
                       const TextStyle& style) {
  const int cells = style.width - 4;
  const double total = double(rank.total.count());
  const auto cell_of = [&](Bytes bytes) {
    return std::clamp(int(std::lround(double(bytes.count()) / total * cells)), 0, cells);
  };
  const int mark = std::min(cell_of(rank.requested), cells - 1);
  const std::string stroke = style.unicode ? "│" : "|";

  std::string head = "  " + what + ", GiB";
  std::string budget =
      "budget " + python_float(report.gpu_memory_utilization) + " = " + fixed(gib(rank.requested), 2) + "  ";
  std::string out =
      padded_right(head, std::max(2 + mark - columns(budget), columns(head) + 1)) + budget + stroke + '\n';

  // Edges are rounded once each from the running total, so the cells add up. Past the budget, one cell is the mark.
  std::string bar, labels;
  Bytes running;
  int at = 0;
  const auto draw = [&](int until, const char* cell, Paint paint) {
    std::string run;
    for (; at < until; ++at) {
      if (at == mark) {
        bar += painted(run, paint, style) + stroke;
        run.clear();
      } else {
        run += cell;
      }
    }
    bar += painted(run, paint, style);
  };
  for (const Piece& piece : pieces(rank, plan::allocates_cache(report.verdict.reason))) {
    const int begin = at;
    running += piece.bytes;
    draw(cell_of(running), style.unicode ? piece.fill : piece.letter, piece.paint);
    if (!piece.label) continue;
    const std::string label = std::string(piece.label) + ' ' + fixed(gib(piece.bytes), 2);
    if (at - begin >= columns(label) + 1) labels = padded_right(labels, begin) + label;
  }
  draw(cells, style.unicode ? "·" : ".", Paint::kDim);
  const std::string whole = fixed(gib(rank.total), 2);
  labels = padded_right(labels, cells - columns(whole)) + whole;
  return out + "  " + bar + "\n  " + labels + '\n';
}

std::string bar_key(const TextStyle& style) {
  return style.unicode ? "" : "  W weights  a activations  o outside PyTorch  K KV cache  g graphs  c context\n";
}

}  // namespace vram::report
