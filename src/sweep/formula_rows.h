// Rows of a sweep of formula mode.
#pragma once

#include "formula/formula.h"
#include "sweep/row.h"

namespace vram::sweep {

/// A model's figures and what is varied of them.
struct Figures {
  formula::Request base;
  double context_k = 8;
  Grid grid;
  /// errors  kBadInput for a figure that formula mode has not, and for a value outside its range
  static Result<Figures> of(const formula::Request& base, double context_k, Grid grid);

  struct Change {
    enum class Kind {
      kParams,
      kLayers,
      kKvHeads,
      kHeadDim,
      kContext,
      kBatch,
      kOverhead,
      kVision,
      kFrag,
      kParamBytes,
      kKvBytes
    } kind;
    double number = 0;
  };
  std::vector<std::vector<Change>> changes;  // an axis, a value
};

/// weights_gib, kv_gib, total_gib
std::span<const Cell> formula_figures();

/// One for a thread. `figures` outlives it.
RowWriter write_figures(const Figures& figures, Format format);

}  // namespace vram::sweep
