#include "arch/vision/qformer.h"

namespace vram::arch {
namespace {

constexpr LinearOptions kPlain{.bias = true, .quantised = false};

void add_attention(Block& layer, const std::string& name, std::int64_t hidden, std::int64_t keys) {
  layer.replicated(name + ".attention.query", hidden, {hidden}, kPlain);
  layer.replicated(name + ".attention.key", keys, {hidden}, kPlain);
  layer.replicated(name + ".attention.value", keys, {hidden}, kPlain);
  layer.replicated(name + ".output.dense", hidden, {hidden}, kPlain);
  layer.layer_norm(name + ".output.LayerNorm", hidden);
}

}  // namespace

std::int64_t add_qformer(Builder& builder, const Tower& tower, const std::string& prefix, const json::Fields& config,
                         std::int64_t encoder) {
  const std::int64_t hidden = config.count_or("hidden_size", 768, 1);
  const std::int64_t intermediate = config.count_or("intermediate_size", 3072, 1);
  const std::int64_t crossed = config.count_or("cross_attention_frequency", 2, 1);
  Block norm = builder.block(prefix);
  norm.layer_norm("layernorm", hidden);
  add_tower_part(builder, tower, std::move(norm));
  add_tower_layers(builder, tower, prefix + ".encoder.layer", tower_layers(config, "num_hidden_layers", 12),
                   [&](Block& layer, std::int64_t i) {
                     add_attention(layer, "attention", hidden, hidden);
                     if (i % crossed == 0) add_attention(layer, "crossattention", hidden, encoder);
                     layer.replicated("intermediate_query.dense", hidden, {intermediate}, kPlain);
                     layer.replicated("output_query.dense", intermediate, {hidden}, kPlain);
                     layer.layer_norm("output_query.LayerNorm", hidden);
                   });
  return hidden;
}

}  // namespace vram::arch
