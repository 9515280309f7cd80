// Models made by hand, as far as their caches go.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/model.h"

namespace vram::memory {

/// `layers` layers that go through `kinds` over and over.
inline Model model_of(std::vector<std::vector<CacheLayer>> kinds, int layers) {
  Model model;
  model.layer_prefix = "model.layers";
  for (auto& caches : kinds) model.kinds.push_back({{}, std::move(caches)});
  for (int i = 0; i < layers; ++i) model.layers.push_back(i % int(model.kinds.size()));
  return model;
}

inline Model with_heads(Model model, std::int64_t query, std::int64_t kv, std::int64_t width) {
  model.attention_heads = query;
  model.kv_heads = kv;
  model.head_width = width;
  return model;
}

inline Model llama_8b() { return with_heads(model_of({{{"attn", FullAttention{{8, 128, 128}}}}}, 32), 32, 8, 128); }
inline Model gemma3_27b() {
  const Heads heads{16, 128, 128};
  const CacheLayer window{"attn", SlidingWindow{heads, Tokens(1024)}}, full{"attn", FullAttention{heads}};
  return with_heads(model_of({{window}, {window}, {window}, {window}, {window}, {full}}, 62), 32, 16, 128);
}
inline Model gpt_oss_20b() {
  const Heads heads{8, 64, 64};
  const CacheLayer window{"attn", SlidingWindow{heads, Tokens(128)}, true}, full{"attn", FullAttention{heads}, true};
  return with_heads(model_of({{window}, {full}}, 24), 64, 8, 64);
}
inline Model mimo_v2_flash() {
  const CacheLayer full{"attn", FullAttention{{4, 192, 128}}};
  const CacheLayer window{"attn", SlidingWindow{{8, 192, 128}, Tokens(128)}, true};
  return with_heads(model_of({{full}, {window}}, 4), 64, 4, 192);
}
inline Model deepseek_r1() {
  Model model = model_of({{{"attn", LatentAttention{512, 64, false, 128, 128, {}}}}}, 61);
  model.latent_attention = true;
  return with_heads(std::move(model), 128, 128, 576);
}
inline Model deepseek_v32() {
  const LatentAttention latent{512, 64, true, 128, 128, std::nullopt, 2048};
  Model model = model_of({{{"indexer.k_cache", SparseIndexer{128}}, {"attn", latent}}}, 61);
  model.latent_attention = true;
  return with_heads(std::move(model), 128, 128, 576);
}
inline Model deepseek_v4() {
  const CacheLayer window{"swa", LatentWindow{512, Tokens(128)}}, state4{"state", CompressorState{512, 4}};
  const CacheLayer latent4{"attn", CompressedLatent{512, 4}}, latent128{"attn", CompressedLatent{512, 128}};
  const CacheLayer indexer{"indexer", CompressedIndexer{128, 4}},
      indexer_state{"indexer.state", CompressorState{128, 4}};
  return with_heads(model_of({{window},
                              {window, latent4, state4, indexer, indexer_state},
                              {window, latent128, {"state", CompressorState{512, 128}}}},
                             3),
                    64, 1, 512);
}
inline Model hybrid(CacheLayer state, CacheLayer attention, int states, std::int64_t query, std::int64_t kv,
                    std::int64_t width) {
  std::vector<std::vector<CacheLayer>> kinds(std::size_t(states), {state});
  kinds.push_back({std::move(attention)});
  Model model = model_of(std::move(kinds), 2 * (states + 1));
  model.recurrent = true;
  return with_heads(std::move(model), query, kv, width);
}
inline Model qwen35_27b() {
  return hybrid({"linear_attn", GatedDeltaState{16, 48, 128, 128, 4, GatedDeltaState::Class::kQwen, Dtype::kFloat32}},
                {"attn", FullAttention{{4, 256, 256}}}, 3, 24, 4, 256);
}
inline Model qwen3_next() {
  Model model = hybrid({"linear_attn", GatedDeltaState{16, 32, 128, 128, 4, GatedDeltaState::Class::kQwen, {}}},
                       {"attn", FullAttention{{2, 256, 256}}}, 3, 16, 2, 256);
  model.architecture = "Qwen3NextForCausalLM";
  return model;
}
inline Model nemotron_nano() {
  return hybrid({"mixer", Mamba2State{4096, 8, 64, 64, 128, 4, 128, Dtype::kFloat32}},
                {"attn", FullAttention{{2, 128, 128}}}, 4, 32, 2, 128);
}
inline Model kimi_linear() {
  Model model =
      hybrid({"kda", KdaState{32, 128, 4}}, {"attn", LatentAttention{512, 64, false, 128, 128, {}}}, 3, 32, 32, 576);
  model.latent_attention = true;
  return model;
}
inline Model falcon_mamba() {
  Model model = model_of({{{"mixer", Mamba1State{8192, 16, 4}}}}, 64);
  model.recurrent = true;
  return model;
}

}  // namespace vram::memory
