#include "arch/plain_attention.h"

#include <algorithm>
#include <string_view>

#include "json/fields.h"

namespace vram::arch {
namespace {

/// Where a name holds one of these, layers cache something other than keys and values of all tokens, or not all alike.
constexpr std::string_view kTelling[] = {"kv_lora",        "sliding",     "window",
                                         "chunk",          "mamba",       "ssm",
                                         "state_size",     "conv",        "linear_",
                                         "recurrent",      "hybrid",      "block_configs",
                                         "rwkv",           "lru",         "index_",
                                         "compress",       "kv_shared",   "share_kv",
                                         "cross_",         "multi_query", "cache_",
                                         "sparse",         "full_attn",   "full_attention",
                                         "attn_layer",     "attn_type",   "layers_block_type",
                                         "no_rope_layers", "delta"};

bool says_nothing(const json::Value& value) {
  if (value.is_null()) return true;
  if (const bool* flag = value.boolean()) return !*flag;
  if (const auto number = value.number()) return *number == 0;
  if (value.array()) return value.array()->empty();
  return value.object() && value.object()->members().empty();
}

Error unclear(const ModelSource& source, std::string_view key) {
  return {ErrorCode::kUnsupported, source.place + ": \"" + std::string(key.substr(0, 60)) + '"',
          "the architecture " + source.architecture +
              " is not modelled, and this key says that its caches are not plain: they would be a guess",
          "`vram-estimator models --architectures` lists those that are modelled"};
}

bool all_full(const json::Value& layer_types) {
  return layer_types.array() && std::ranges::all_of(*layer_types.array(), [](const json::Value& type) {
           return type.string() && (*type.string() == "full_attention" || *type.string() == "attention");
         });
}

}  // namespace

Result<PlainAttention> plain_attention(const ModelSource& source) {
  const json::Fields text(source.text(), source.place);
  // A window that is switched off says nothing.
  const bool windows_off = text.has("use_sliding_window") && !text.flag_or("use_sliding_window", true);
  for (const auto& [key, value] : source.text().object()->members()) {
    if (says_nothing(value) || (key == "layer_types" && all_full(value))) continue;
    if (windows_off && (key.find("window") != std::string::npos || key.find("sliding") != std::string::npos)) continue;
    const bool tells =
        std::ranges::any_of(kTelling, [&](std::string_view word) { return key.find(word) != std::string::npos; });
    if (tells || key == "layer_types" || key == "is_encoder_decoder") return unclear(source, key);
  }
  PlainAttention plain;
  plain.layers = text.count_of({"num_hidden_layers", "n_layer", "num_layers", "n_layers"});
  plain.query_heads = text.count_of({"num_attention_heads", "n_head", "n_heads"});
  const bool grouped = text.has("num_key_value_heads") || text.has("n_kv_heads") || text.has("n_head_kv");
  plain.heads.kv_heads =
      grouped ? text.count_of({"num_key_value_heads", "n_kv_heads", "n_head_kv"}) : plain.query_heads;
  const auto width = text.maybe_count("head_dim", 1);
  const std::int64_t hidden = width ? 0 : text.count_of({"hidden_size", "n_embd", "d_model", "dim"});
  if (text.error())
    return Error{ErrorCode::kUnsupported, text.error()->place,
                 "the architecture " + source.architecture +
                     " is not modelled, and its plain keys do not tell its caches: " + text.error()->problem,
                 ""};
  if (plain.query_heads % plain.heads.kv_heads != 0) return unclear(source, "num_key_value_heads");
  if (!width && hidden % plain.query_heads != 0) return unclear(source, "hidden_size");
  plain.heads.key_width = plain.heads.value_width = width.value_or(hidden / plain.query_heads);
  if (plain.layers > 1000) return unclear(source, "num_hidden_layers");
  return plain;
}

}  // namespace vram::arch
