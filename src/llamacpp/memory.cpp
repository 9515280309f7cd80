#include "llamacpp/memory.h"

#include <algorithm>

namespace vram::llamacpp {
namespace {

constexpr std::int64_t kCellPadding = 256;
constexpr std::int64_t kFloat = 4, kHalf = 2;
constexpr std::int64_t kServerSequences = 4;  // of a server that is not told how many
constexpr std::int64_t kInputsEach = 40;      // bytes a token: positions, indices, ids

Tokens padded(Tokens tokens) { return Tokens(round_up(tokens.count(), kCellPadding)); }

/// Elements a token that live at once, in the part of a layer that needs most; recurrent states apart.
std::int64_t widest_phase(const Model& model) {
  const Widths& w = model.widths;
  const std::int64_t around = 5 * w.embedding;  // the residual stream and its copies
  std::int64_t most = std::max(2 * w.queries, w.queries + 3 * w.keys) + around;
  if (w.feed_forward > 0) most = std::max({most, 3 * w.feed_forward + around, 4 * w.feed_forward + w.embedding});
  if (w.experts > 0) {
    // Where the experts' outputs are wider than what is inside them, they find no room that is free again.
    const std::int64_t outputs = w.experts_used * w.embedding;
    most = std::max({most, (outputs > w.experts ? outputs : 0) + 3 * w.experts + around});
  }
  if (w.latent_values > 0) most = std::max(most, 2 * w.queries + w.latent_values + 3 * w.embedding);
  if (w.recurrent > 0) most = std::max(most, w.recurrent + 2 * w.convolution + 3 * w.inner + w.embedding);
  return most;
}

}  // namespace

Cells cells_of(const Model& model, const Settings& settings, Tokens context) {
  Cells cells;
  cells.sequences = settings.parallel.value_or(kServerSequences);
  const bool unified = settings.unified || !settings.parallel;
  cells.streams = unified ? 1 : cells.sequences;
  cells.context = padded(context);
  cells.each = unified ? cells.context : padded(Tokens(cells.context.count() / cells.sequences));
  cells.context = cells.each * cells.streams;
  const std::int64_t batch = std::min(settings.batch, cells.context.count());
  cells.ubatch = std::min(settings.ubatch, batch);
  const Tokens needed = model.window * (unified ? cells.sequences : 1) + Tokens(cells.ubatch);
  cells.window = settings.full_window ? cells.each : padded(std::min(cells.each, needed));
  return cells;
}

Cache cache_of(const Layer& layer, const Settings& settings, const Cells& cells, std::int64_t widest_value) {
  Cache cache;
  if (layer.attention) {
    const std::int64_t rows =
        saturated(Wide((layer.attention->window ? cells.window : cells.each).count()) * cells.streams);
    const std::int64_t values =
        settings.flash_attention || layer.attention->value_width == 0 ? layer.attention->value_width : widest_value;
    cache.keys = on_cuda(settings.key_type(), layer.attention->key_width, rows);
    if (values > 0) cache.values = on_cuda(settings.value_type(), values, rows);
  }
  if (layer.state)
    cache.state = Bytes(saturated(Wide(layer.state->convolution) + layer.state->state)) * kFloat * cells.sequences;
  return cache;
}

Bytes compute_buffer(const Model& model, const Settings& settings, const Cells& cells) {
  const auto has = [&](auto&& each) { return std::any_of(model.layers.begin(), model.layers.end(), each); };
  const bool full = has([](const Layer& layer) { return layer.attention && !layer.attention->window; });
  const bool window = has([](const Layer& layer) { return layer.attention && layer.attention->window; });
  const Widths& widths = model.widths;
  const std::int64_t tokens = cells.ubatch, e = widths.embedding;
  // The masks are inputs of the graph and stay throughout it.
  const std::int64_t mask_width = settings.flash_attention ? kHalf : kFloat;
  Bytes masks;
  if (full) masks += Bytes(mask_width) * cells.each.count() * tokens;
  if (window) masks += Bytes(mask_width) * cells.window.count() * tokens;
  Bytes phase = Bytes(kFloat) * widest_phase(model) * tokens;
  if (!settings.flash_attention && (full || window)) {
    const std::int64_t seen = (full ? cells.each : cells.window).count();
    const Bytes scores = Bytes(kFloat) * widths.heads * seen * tokens;
    const Bytes around = Bytes(kHalf) * (7 * e + 5 * widths.queries + 4 * widths.keys) * tokens;
    phase = std::max(phase, scores + around);
  }
  Bytes state;
  for (const Layer& layer : model.layers)
    if (layer.state) state = std::max(state, Bytes(kFloat) * layer.state->state * cells.sequences);
  const Bytes logits = Bytes(kFloat) * saturated(Wide(model.vocabulary) + e) * cells.sequences;
  return masks + std::max(phase + state, logits) + Bytes(kInputsEach) * tokens;
}

}  // namespace vram::llamacpp
