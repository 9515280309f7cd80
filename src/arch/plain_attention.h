// The cache of attention that every layer has alike, as far as a config's plain keys tell it without doubt.
#pragma once

#include "model/layer_cache.h"
#include "readers/config_json.h"

namespace vram::arch {

struct PlainAttention {
  std::int64_t layers = 0, query_heads = 0;
  Heads heads;
};

/// Reads num_hidden_layers, num_attention_heads, num_key_value_heads, head_dim and what else they are called.
///
///   errors  kUnsupported where one is missing, or another key says that layers differ or cache something else
Result<PlainAttention> plain_attention(const ModelSource& source);

}  // namespace vram::arch
