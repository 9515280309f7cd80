// Hand-made specs and stages for the planner's tests.
#pragma once

#include <string>
#include <vector>

#include "memory/kv_plan.h"

namespace vram::memory {

inline KvSpec attention(KvSpec::Kind kind, std::int64_t block, Bytes page) {
  KvSpec spec;
  spec.kind = kind;
  spec.block_size = Tokens(block);
  spec.page = page;
  // Heads say nothing that the page does not; they only have to differ where pages do.
  spec.kv_heads = page.count() / block;
  return spec;
}

inline KvSpec full(std::int64_t block, std::int64_t page) { return attention(KvSpec::Kind::kFull, block, Bytes(page)); }

inline KvSpec sliding(std::int64_t block, std::int64_t page, std::int64_t window) {
  KvSpec spec = attention(KvSpec::Kind::kSlidingWindow, block, Bytes(page));
  spec.window = Tokens(window);
  return spec;
}

inline KvSpec chunked(std::int64_t block, std::int64_t page, std::int64_t chunk) {
  KvSpec spec = attention(KvSpec::Kind::kChunkedLocal, block, Bytes(page));
  spec.chunk = Tokens(chunk);
  return spec;
}

inline KvSpec latent(std::int64_t block, std::int64_t page, const std::string& format = "auto") {
  KvSpec spec = attention(KvSpec::Kind::kMla, block, Bytes(page));
  spec.cache_dtype = format;
  return spec;
}

inline KvSpec recurrent(std::int64_t block, std::int64_t state, std::int64_t padded) {
  KvSpec spec;
  spec.kind = KvSpec::Kind::kMamba;
  spec.block_size = Tokens(block);
  spec.page = Bytes(state);
  if (padded != state) spec.page_padded = Bytes(padded);
  spec.mamba_kind = "gdn";
  return spec;
}

/// `pattern` repeated over `layers` layers.
inline std::vector<KvSpec> repeated(const std::vector<KvSpec>& pattern, std::size_t layers) {
  std::vector<KvSpec> all;
  for (std::size_t i = 0; i < layers; ++i) all.push_back(pattern[i % pattern.size()]);
  return all;
}

/// `layers` in order over as many stages as `counts` has.
inline std::vector<KvSpecs> stages(const std::vector<KvSpec>& layers, std::vector<std::size_t> counts = {}) {
  if (counts.empty()) counts = {layers.size()};
  std::vector<KvSpecs> all;
  std::size_t next = 0;
  for (const std::size_t count : counts) {
    KvSpecs& stage = all.emplace_back();
    stage.layer_prefix = "model.layers";
    stage.backends.block_size = Tokens(16);
    stage.backends.layout = "LBNHC";
    for (std::size_t i = 0; i < count; ++i, ++next)
      stage.layers.push_back({std::int64_t(next), "self_attn.attn", layers[next], false});
  }
  return all;
}

inline KvPlan plan(const std::vector<KvSpecs>& stages, Bytes available, const std::string& release,
                   const KvSettings& settings) {
  const std::vector<Bytes> each(stages.size(), available);
  return plan_kv(stages, each, Parallel{}, {vllm::read_engine(release)->as_of, 90}, settings);
}

inline KvSettings of_length(std::int64_t length) {
  KvSettings settings;
  settings.max_model_len = Tokens(length);
  settings.max_num_batched_tokens = 8192;
  return settings;
}

}  // namespace vram::memory
