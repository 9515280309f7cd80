#include "arch/decoder.h"

#include <algorithm>

namespace vram::arch {
namespace {

/// How vLLM comes from layer_types to the window of a layer that its class hands none.
enum class WindowRule { kPattern, kUnlessMixed, kAllSliding };

constexpr vllm::Step<WindowRule> kWindowRule[] = {
    {{}, WindowRule::kPattern, "vllm v0.9.2 vllm/config.py, ModelConfig.__post_init__"},
    {{2025, 7, 23}, WindowRule::kUnlessMixed, "~ vllm v0.10.1 vllm/engine/arg_utils.py, is_interleaved"},
    {{2026, 7, 20}, WindowRule::kAllSliding, "~ absent in v0.26.0, in v0.27.0 vllm/engine/arg_utils.py"},
};
static_assert(vllm::well_formed(kWindowRule));

/// Whether a language model inside another is tied as the whole model's config says.
constexpr vllm::Step<bool> kWholeTies[] = {
    {{}, false, "vllm v0.19.0 vllm/config/vllm.py, with_hf_config: with transformers 5 only"},
    {{2026, 3, 31}, true, "~ vllm v0.20.0 takes transformers 5"},
};
static_assert(vllm::well_formed(kWholeTies));

/// "tie_word_embeddings" of the config classes that have it.
/// source  transformers' configuration files of these models
struct TieDefault {
  std::string_view model_type;
  bool tied;
};
constexpr TieDefault kTieDefaults[] = {
    {"gemma3", true},           {"gemma4", true},       {"mistral3", true},   {"lfm2_vl", true},
    {"kimi_k25", true},         {"paligemma", true},    {"llama4", false},    {"cohere2_vision", true},
    {"qwen2_vl", false},        {"qwen2_5_vl", false},  {"qwen3_vl", false},  {"qwen3_vl_moe", false},
    {"qwen3_5", false},         {"qwen3_5_moe", false}, {"llava", false},     {"llava_next", false},
    {"llava_onevision", false}, {"glm4v", false},       {"glm4v_moe", false}, {"idefics3", false},
    {"smolvlm", false},         {"internvl", true},     {"glm_ocr", false},   {"llava_next_video", false},
    {"glm5_next", false},       {"step3p7", false},     {"aya_vision", true}, {"lighton_ocr", true},
    {"granite_speech", true},
};

/// Config classes that tie where their text config does, whatever they say themselves.
/// source  transformers' configuration files of these models, __post_init__
constexpr std::string_view kTextTies[] = {"glm4v",    "glm4v_moe",        "glm_ocr",         "hunyuan_vl",
                                          "llava",    "llava_next_video", "llava_onevision", "minimax_m3_vl",
                                          "qwen2_vl", "qwen2_5_vl",       "video_llama_3",   "paddleocr_vl"};

bool text_ties(const json::Fields& text, std::string_view type) {
  if (std::ranges::find(kTextTies, type) == std::end(kTextTies)) return false;
  const std::string own = text.text_or("model_type", "");
  return text.flag_or("tie_word_embeddings",
                      own.starts_with("gemma") || own.starts_with("cohere") || own.starts_with("paddleocr"));
}

bool is_null(const json::Fields& config, std::string_view name) {
  const json::Value* value = config.value().object() ? config.value().object()->find(name) : nullptr;
  return value && value->is_null();
}

std::vector<bool> read_layer_types(const json::Fields& config, std::int64_t layers, std::vector<bool> absent) {
  if (!config.has("layer_types")) return absent;
  const std::vector<std::string> types = config.texts("layer_types");
  if (std::int64_t(types.size()) < layers) {
    config.refuse("layer_types", "names " + std::to_string(types.size()) + " layers of " + std::to_string(layers));
    return absent;
  }
  std::vector<bool> sliding;
  for (std::int64_t i = 0; i < layers; ++i) sliding.push_back(types[std::size_t(i)] == "sliding_attention");
  return sliding;
}

Heads cached(const QkvHeads& heads) {
  return {heads.kv, heads.width, heads.value_width ? heads.value_width : heads.width};
}

}  // namespace

Decoder read_decoder(const Builder& builder, const Decoder& absent) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = config.count_or("hidden_size", absent.hidden, 1);
  decoder.intermediate = config.count_or("intermediate_size", absent.intermediate, 1);
  decoder.vocabulary = config.count_or("vocab_size", absent.vocabulary, 1);
  decoder.layers = config.has("num_hidden_layers") ? builder.layers() : absent.layers;
  decoder.positions = config.count_or("max_position_embeddings", absent.positions, 1);
  decoder.heads.query = config.count_or("num_attention_heads", absent.heads.query, 1);
  const bool as_query = absent.heads.kv == 0 || is_null(config, "num_key_value_heads");
  decoder.heads.kv = config.count_or("num_key_value_heads", as_query ? decoder.heads.query : absent.heads.kv, 1);
  decoder.heads.width = absent.heads.width;
  if (decoder.heads.width == 0 || is_null(config, "head_dim"))
    decoder.heads.width = decoder.hidden / decoder.heads.query;
  // 0 is read as absent by vLLM's `head_dim or …`.
  if (const auto given = config.maybe_count("head_dim"); given && *given > 0) decoder.heads.width = *given;
  decoder.tied = builder.tied.value_or(config.flag_or("tie_word_embeddings", absent.tied));
  return decoder;
}

std::int64_t figure(const json::Fields& config, std::initializer_list<std::string_view> names, std::int64_t absent) {
  for (const std::string_view name : names)
    if (config.has(name)) return config.count(name);
  return absent;
}

void describe_model(Builder& builder, const Decoder& decoder, std::string layer_prefix) {
  builder.model.layer_prefix = std::move(layer_prefix);
  builder.model.attention_heads = decoder.heads.query;
  builder.model.kv_heads = decoder.heads.kv;
  builder.model.head_width = decoder.heads.width;
  builder.model.hidden = decoder.hidden;
  builder.model.vocabulary = decoder.vocabulary;
}

void add_ends(Builder& builder, const Decoder& decoder, const std::string& model, const Naming& naming,
              const Ends& ends) {
  using Place = Part::Place;
  Block embedding = builder.block(model);
  embedding.embedding(std::string(ends.embedding), decoder.vocabulary, decoder.hidden);
  const bool everywhere = ends.every_stage || ends.embedding_on_every_stage;
  const Place first = everywhere ? Place::kEveryStage : decoder.tied ? Place::kFirstAndLastStage : Place::kFirstStage;
  builder.add_part("embedding", first, std::move(embedding));

  const Place last = ends.every_stage ? Place::kEveryStage : Place::kLastStage;
  if (!ends.norm.empty()) {
    Block norm = builder.block(model);
    if (ends.layer_norm)
      norm.layer_norm(std::string(ends.norm), decoder.hidden);
    else
      norm.rms_norm(std::string(ends.norm), decoder.hidden);
    builder.add_part("norm", last, std::move(norm));
  }

  if (decoder.tied || ends.no_head || builder.options().pooling) return;
  Block head = builder.block(naming.prefix);
  head.head(std::string(ends.head), decoder.vocabulary, decoder.hidden, ends.head_bias, ends.head_dtype);
  builder.add_part("head", ends.head_on_every_stage ? Place::kEveryStage : last, std::move(head));
}

std::optional<Tokens> LayerWindows::of(std::int64_t layer) const {
  if (sliding.empty() || sliding[std::size_t(layer)]) return window;
  return std::nullopt;
}

LayerWindows layer_windows(const Builder& builder, const Decoder& decoder, const WindowDefaults& absent) {
  const json::Fields& config = builder.text();
  LayerWindows windows;
  std::optional<std::int64_t> window = config.maybe_count("sliding_window");
  if (!window && !is_null(config, "sliding_window")) window = absent.window;
  if (!absent.used || builder.options().disable_sliding_window) window = std::nullopt;
  if (window && *window > 0) windows.window = Tokens(*window);
  windows.sliding = read_layer_types(config, decoder.layers, absent.sliding);

  const auto slides = [](bool sliding) { return sliding; };
  const bool all = std::all_of(windows.sliding.begin(), windows.sliding.end(), slides);
  const bool none = !windows.sliding.empty() && std::none_of(windows.sliding.begin(), windows.sliding.end(), slides);
  bool by_layer = absent.per_layer;
  switch (vllm::in_force(kWindowRule, builder.options().as_of)) {
    case WindowRule::kPattern:
      by_layer = by_layer && (config.has("sliding_window_pattern") || !absent.sliding.empty());
      if (!by_layer) windows.sliding.clear();
      break;
    case WindowRule::kUnlessMixed:
      if (none) windows.sliding.clear();
      break;
    case WindowRule::kAllSliding:
      break;
  }
  if (!by_layer && !all && !windows.sliding.empty()) windows = {};
  return windows;
}

LayerCache attention_cache(const Builder& builder, const QkvHeads& heads, std::optional<Tokens> window) {
  if (!builder.text().flag_or("is_causal", true)) return encoder_cache(heads, window);
  if (window) return SlidingWindow{cached(heads), *window};
  return FullAttention{cached(heads)};
}

LayerCache encoder_cache(const QkvHeads& heads, std::optional<Tokens> window) {
  return EncoderOnly{cached(heads), window};
}

void self_attention(Block& layer, const Decoder& decoder, const SelfAttention& attention) {
  const std::string name(attention.name);
  const QkvHeads& heads = decoder.heads;
  const std::int64_t value_width = heads.value_width ? heads.value_width : heads.width;
  QkvHeads projected = heads;
  if (attention.gated) projected.query *= 2;
  layer.qkv(name + ".qkv_proj", decoder.hidden, projected, {.bias = attention.bias, .shards = attention.shards});
  layer.row(name + '.' + std::string(attention.output), heads.query * value_width, decoder.hidden,
            {.bias = attention.output_bias});
  if (attention.rotary) layer.rotary(*attention.rotary);
  if (attention.sinks) layer.divided(name + ".sinks", {{heads.query}});
  layer.attention(name + ".attn", attention.cache, attention.sinks);
  if (attention.head_norm == 0) return;
  layer.rms_norm(name + ".q_norm", attention.head_norm);
  layer.rms_norm(name + ".k_norm", attention.head_norm);
}

void add_layers(Builder& builder, const Decoder& decoder, const std::string& prefix, LayerShape shape,
                const LayerWindows& windows) {
  const auto fill = [&](Block& layer, std::optional<Tokens> window) {
    shape.attention.cache =
        shape.bidirectional ? encoder_cache(decoder.heads, window) : attention_cache(builder, decoder.heads, window);
    if (shape.by_transformers) {
      transformers_attention(layer, decoder, shape.attention);
      transformers_mlp(layer, decoder, shape.mlp);
    } else {
      self_attention(layer, decoder, shape.attention);
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, shape.mlp);
    }
    for (const std::string_view norm : shape.norms) {
      if (shape.layer_norm)
        layer.layer_norm(std::string(norm), decoder.hidden);
      else
        layer.rms_norm(std::string(norm), decoder.hidden);
    }
  };
  // Without quantisation, which goes by names, layers of one window are alike.
  std::vector<std::pair<std::optional<Tokens>, int>> known;
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    const std::optional<Tokens> window = windows.of(i);
    const auto same = std::ranges::find(known, window, [](const auto& each) { return each.first; });
    if (same != known.end()) {
      builder.model.layers.push_back(same->second);
      continue;
    }
    Block layer = builder.block(prefix + '.' + std::to_string(i));
    fill(layer, window);
    builder.add_layer(std::move(layer));
    if (builder.quantisation().method().empty()) known.emplace_back(window, builder.model.layers.back());
  }
}

void tie_as_the_whole(Builder& builder) {
  const json::Fields& config = builder.config();
  const bool nested = &config.value() != &builder.text().value();
  if (!nested || !vllm::in_force(kWholeTies, builder.options().as_of)) return;
  const std::string type = config.text_or("model_type", "");
  const auto is_type = [&](const TieDefault& each) { return each.model_type == type; };
  const auto* found = std::find_if(std::begin(kTieDefaults), std::end(kTieDefaults), is_type);
  if (config.has("tie_word_embeddings"))
    builder.tied = config.flag_or("tie_word_embeddings", false);
  else if (found != std::end(kTieDefaults))
    builder.tied = found->tied;
  if (text_ties(builder.text(), type)) builder.tied = true;
}

void add_language_model(Builder& builder, const Naming& naming) {
  tie_as_the_whole(builder);
  builder.model.language_class = naming.architecture;
  for (const families::Entry* family : families::all())
    for (const std::string_view name : family->architectures)
      if (name == naming.architecture && family->describe) return family->describe(builder, naming);
  builder.config().refuse("architectures", "the language model " + naming.architecture + " is not modelled yet", "",
                          ErrorCode::kUnsupported);
}

}  // namespace vram::arch
