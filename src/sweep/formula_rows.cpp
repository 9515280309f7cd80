#include "sweep/formula_rows.h"

#include <memory>

#include "formula/names.h"
#include "formula/ranges.h"
#include "units/text.h"

namespace vram::sweep {
namespace {

using Kind = Figures::Change::Kind;

constexpr Cell kFigures[] = {{"weights_gib"}, {"kv_gib"}, {"total_gib"}};

struct Known {
  const formula::Range& range;
  Kind kind;
};
constexpr Known kKnown[] = {{formula::kParamsBillion, Kind::kParams}, {formula::kLayers, Kind::kLayers},
                            {formula::kKvHeads, Kind::kKvHeads},      {formula::kHeadDim, Kind::kHeadDim},
                            {formula::kContextK, Kind::kContext},     {formula::kBatch, Kind::kBatch},
                            {formula::kOverheadGib, Kind::kOverhead}, {formula::kVisionGib, Kind::kVision},
                            {formula::kFragFactor, Kind::kFrag},      {formula::kBytesPerParam, Kind::kParamBytes},
                            {formula::kKvBytes, Kind::kKvBytes}};

/// Names count as estimate() counts them, looked up once.
Result<Figures::Change> read_change(const std::string& name, const std::string& value) {
  if (name == "quant")
    return Figures::Change{Kind::kParamBytes,
                           formula::width_of(value, formula::quants()).value_or(formula::kUnknownQuantBytes)};
  if (name == "kv_dtype")
    return Figures::Change{Kind::kKvBytes,
                           formula::width_of(value, formula::kv_dtypes()).value_or(formula::kUnknownKvBytes)};
  std::vector<std::string_view> names = {"quant", "kv_dtype"};
  for (const Known& known : kKnown) {
    names.push_back(known.range.name);
    if (known.range.name != name) continue;
    const auto number = formula::read_number_in(known.range, value, "--vary " + name);
    if (!number) return number.error();
    return Figures::Change{known.kind, *number};
  }
  const auto near = nearest(name, names);
  return Error{ErrorCode::kBadInput, "--vary " + name, "it is no figure of formula mode",
               near ? "did you mean " + std::string(*near) + "?" : "known are " + one_of(names)};
}

void apply(const Figures::Change& change, formula::Request& request, double& context_k) {
  const double number = change.number;
  switch (change.kind) {
    case Kind::kParams:
      request.params_billion = number;
      return;
    case Kind::kLayers:
      request.layers = std::int64_t(number);
      return;
    case Kind::kKvHeads:
      request.kv_heads = std::int64_t(number);
      return;
    case Kind::kHeadDim:
      request.head_dim = std::int64_t(number);
      return;
    case Kind::kContext:
      context_k = number;
      return;
    case Kind::kBatch:
      request.batch = std::int64_t(number);
      return;
    case Kind::kOverhead:
      request.profile.overhead_gib = number;
      return;
    case Kind::kVision:
      request.profile.vision_gib = number;
      return;
    case Kind::kFrag:
      request.profile.frag_factor = number;
      return;
    case Kind::kParamBytes:
      request.bytes_per_param = number;
      return;
    case Kind::kKvBytes:
      request.kv_bytes = number;
      return;
  }
}

}  // namespace

Result<Figures> Figures::of(const formula::Request& base, double context_k, Grid grid) {
  Figures figures{base, context_k, std::move(grid), {}};
  formula::Request& request = figures.base;
  if (!request.bytes_per_param)
    request.bytes_per_param = formula::width_of(request.quant, formula::quants()).value_or(formula::kUnknownQuantBytes);
  if (!request.kv_bytes)
    request.kv_bytes = formula::width_of(request.kv_dtype, formula::kv_dtypes()).value_or(formula::kUnknownKvBytes);
  for (const Axis& axis : figures.grid.axes()) {
    std::vector<Change>& changes = figures.changes.emplace_back();
    for (const std::string& value : axis.values) {
      const auto change = read_change(axis.name, value);
      if (!change) return change.error();
      changes.push_back(*change);
    }
  }
  return figures;
}

std::span<const Cell> formula_figures() { return kFigures; }

RowWriter write_figures(const Figures& figures, Format format) {
  struct State {
    RowText text;
    std::vector<std::size_t> digits;
    formula::Request request;
    double context_k;
  };
  auto state = std::make_shared<State>(State{RowText(format, figures.grid, kFigures),
                                             std::vector<std::size_t>(figures.grid.axes().size()), figures.base,
                                             figures.context_k});
  return [state, &figures](std::int64_t begin, std::int64_t end, std::string& out) {
    figures.grid.place(begin, state->digits);
    std::size_t changed = 0;
    for (std::int64_t row = begin; row < end; ++row) {
      if (row > begin) changed = figures.grid.next(state->digits);
      for (std::size_t axis = changed; axis < state->digits.size(); ++axis)
        apply(figures.changes[axis][state->digits[axis]], state->request, state->context_k);
      const formula::Estimate estimate = formula::estimate(state->request, state->context_k);
      state->text.begin(state->digits, out);
      for (const double figure : {estimate.weights_gib, estimate.kv_gib, estimate.total_gib})
        state->text.add(figure, out);
      state->text.end(out);
    }
  };
}

}  // namespace vram::sweep
