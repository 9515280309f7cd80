// Gemma 4: the decoder with its embeddings per layer, layers that borrow keys and values, global layers with wider
// heads, and experts beside the MLP; the model with images, video and sound; and the assistant that drafts for it.
#include "arch/decoder.h"
#include "arch/layer_kinds.h"
#include "arch/vision/gemma4_towers.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Gemma4ForCausalLM", "Gemma4ForConditionalGeneration",
                                               "Gemma4UnifiedForConditionalGeneration", "Gemma4MTPModel"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "model.vision_tower", "vision_tower"},
                               {NameRule::Where::kPrefix, "model.embed_vision", "embed_vision"},
                               {NameRule::Where::kPrefix, "model.audio_tower.", "audio_tower."},
                               {NameRule::Where::kPrefix, "model.embed_audio.", "embed_audio."},
                               {NameRule::Where::kPrefix, "model.language_model.", "language_model.model."},
                               {NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "model", "language_model.model"}};

constexpr NameRule kUnifiedNames[] = {{NameRule::Where::kPrefix, "model.embed_audio.", "embed_audio."},
                                      {NameRule::Where::kPrefix, "model.embed_vision.", "embed_vision."},
                                      {NameRule::Where::kPrefix, "model.language_model.", "language_model.model."},
                                      {NameRule::Where::kPrefix, "model.vision_embedder.", "vision_embedder."},
                                      {NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                                      {NameRule::Where::kPrefix, "model", "language_model.model"}};

/// source  transformers' Gemma4TextConfig and Gemma4UnifiedTextConfig
constexpr Decoder kAbsent{2304, 9216, 262144, 30, 131072, {8, 4, 256}, true};
constexpr Decoder kAbsentUnified{2304, 9216, 262144, 30, 262144, {8, 4, 256}, true};

/// Layers that borrow keys and values have no projections for them.
constexpr vllm::Step<bool> kBorrowersProjectQueries[] = {
    {{}, false, "vllm v0.29.0 vllm/model_executor/models/gemma4.py, Gemma4Attention"},
    {{2026, 9, 10}, true, "~ vllm v0.30.0 vllm/model_executor/models/gemma4.py, is_kv_shared_layer"},
};
static_assert(vllm::well_formed(kBorrowersProjectQueries));

struct Gemma4 {
  Decoder decoder;
  std::vector<std::string> kinds;
  QkvHeads local, global;
  RotaryTable local_rotary, global_rotary;
  std::optional<Tokens> window;
  std::int64_t borrowers = 0;  // of the last layers
  std::int64_t per_layer = 0;  // width of a layer's own embedding of a token
  std::int64_t experts = 0;

  [[nodiscard]] bool borrows(std::int64_t i) const { return i >= decoder.layers - borrowers; }
};

/// source  transformers' Gemma4TextConfig.__post_init__: the last layer is always global
std::vector<std::string> kinds_of(const json::Fields& config, std::int64_t layers) {
  std::vector<std::string> kinds =
      layer_kinds(config, "layer_types", layers, every(6, layers, "full_attention", "sliding_attention"),
                  {"sliding_attention", "full_attention"});
  if (!kinds.empty()) kinds.back() = "full_attention";
  return kinds;
}

/// "proportional" tables are as wide as the head, whatever share of it is turned.
RotaryTable rotary_of(const Builder& builder, const Decoder& decoder, std::int64_t width, std::string_view kind) {
  const Rope rope{.head_width = width, .positions = decoder.positions, .layer_type = kind};
  RotaryTable table = rotary_table(builder, rope);
  const bool proportional = rope_parameters(builder.text(), kind).text_or("rope_type", "") == "proportional";
  if (proportional) table.width = width;
  table.id += '/' + std::string(kind);
  return table;
}

Gemma4 read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Gemma4 text;
  const bool unified = config.text_or("model_type", "") == "gemma4_unified_text";
  text.decoder = read_decoder(builder, unified ? kAbsentUnified : kAbsent);
  const Decoder& decoder = text.decoder;
  text.kinds = kinds_of(config, decoder.layers);
  text.local = text.global = decoder.heads;
  text.global.width = config.count_or("global_head_dim", 512, 1);
  if (config.flag_or("attention_k_eq_v", false))
    text.global.kv = config.count_or("num_global_key_value_heads", decoder.heads.kv, 1);
  text.local_rotary = rotary_of(builder, decoder, text.local.width, "sliding_attention");
  text.global_rotary = rotary_of(builder, decoder, text.global.width, "full_attention");
  if (!builder.options().disable_sliding_window)
    text.window = Tokens(config.count_or("sliding_window", unified ? 1024 : 512, 1));
  text.borrowers = config.count_or("num_kv_shared_layers", 0);
  text.per_layer = config.count_or("hidden_size_per_layer_input", unified ? 0 : 256);
  if (config.flag_or("enable_moe_block", config.has("num_experts"))) text.experts = config.count_or("num_experts", 0);
  return text;
}

/// source  vllm/model_executor/models/gemma4.py, Gemma4Attention
void add_attention(Block& layer, const Gemma4& text, std::int64_t i) {
  const bool slides = text.kinds[std::size_t(i)] == "sliding_attention";
  const QkvHeads& heads = slides ? text.local : text.global;
  const bool bias = layer.builder().text().flag_or("attention_bias", false);
  const bool queries_only =
      text.borrows(i) && (text.borrowers == text.decoder.layers ||
                          vllm::in_force(kBorrowersProjectQueries, layer.builder().options().as_of));
  if (queries_only) {
    layer.column("self_attn.q_proj", text.decoder.hidden, {heads.query * heads.width}, {.bias = bias});
  } else {
    layer.qkv("self_attn.qkv_proj", text.decoder.hidden, heads, {.bias = bias});
    layer.rms_norm("self_attn.k_norm", heads.width);
  }
  layer.row("self_attn.o_proj", heads.query * heads.width, text.decoder.hidden, {.bias = bias});
  layer.rms_norm("self_attn.q_norm", heads.width);
  layer.rotary(slides ? text.local_rotary : text.global_rotary);
  const std::optional<Tokens> window = slides ? text.window : std::nullopt;
  if (text.borrows(i))
    layer.attention("self_attn.attn", SharedCache{{heads.kv, heads.width, heads.width}, window});
  else
    layer.attention("self_attn.attn", attention_cache(layer.builder(), heads, window));
}

/// source  vllm/model_executor/models/gemma4.py, Gemma4Router and Gemma4DecoderLayer
void add_experts(Block& layer, const Gemma4& text) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t hidden = text.decoder.hidden;
  layer.tensor("router.scale", {hidden});
  layer.tensor("router.per_expert_scale", {text.experts});
  layer.buffer("router.root_size", {}, layer.builder().dtype());
  layer.replicated("router.proj", hidden, {text.experts}, {.quantised = false});
  layer.experts({.name = "experts",
                 .count = text.experts,
                 .per_token = config.count_or("top_k_experts", 1),
                 .hidden = hidden,
                 .intermediate = config.count_of({"moe_intermediate_size", "expert_intermediate_size"})});
  for (const char* norm :
       {"post_feedforward_layernorm_1", "post_feedforward_layernorm_2", "pre_feedforward_layernorm_2"})
    layer.rms_norm(norm, hidden);
}

void add_layer(Block& layer, const Gemma4& text, std::int64_t i) {
  const std::int64_t hidden = text.decoder.hidden;
  add_attention(layer, text, i);
  const bool doubled = text.borrows(i) && text.borrowers < text.decoder.layers &&
                       layer.builder().text().flag_or("use_double_wide_mlp", false);
  gated_mlp(layer, "mlp", hidden, text.decoder.intermediate * (doubled ? 2 : 1));
  for (const char* norm :
       {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"})
    layer.rms_norm(norm, hidden);
  if (text.experts > 0) add_experts(layer, text);
  if (text.per_layer > 0) {
    layer.replicated("per_layer_input_gate", hidden, {text.per_layer});
    layer.replicated("per_layer_projection", text.per_layer, {hidden});
    layer.rms_norm("post_per_layer_input_norm", hidden);
  }
  layer.buffer("layer_scalar", {1}, layer.builder().dtype());
}

/// source  vllm/model_executor/models/gemma4.py, Gemma4ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const Gemma4 text = read(builder);
  const std::string model = naming.under("model");
  add_ends(builder, text.decoder, model, naming, {.every_stage = true});
  Block shared = builder.block(model);
  shared.buffer("normalizer", {}, builder.dtype());
  if (text.per_layer > 0) {
    const std::int64_t all = text.per_layer * text.decoder.layers;
    const std::int64_t rows = builder.text().count_or("vocab_size_per_layer_input", 262144, 1);
    shared.embedding("embed_tokens_per_layer", rows, all);
    shared.column("per_layer_model_projection", text.decoder.hidden, {all});
    shared.rms_norm("per_layer_projection_norm", text.per_layer);
    for (const char* scale : {"embed_scale_per_layer", "per_layer_input_scale", "per_layer_projection_scale"})
      shared.buffer(scale, {}, builder.dtype());
  }
  builder.add_part("shared", Part::Place::kEveryStage, std::move(shared));
  add_layers(builder, text.decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_layer(layer, text, i); });
  describe_model(builder, text.decoder, model + ".layers");
  builder.model.head_width = std::max(text.local.width, text.global.width);
}

/// Draft layers make queries alone and read the target's keys and values; the target's embedding takes the place of
/// theirs, and their output head stays.
///
///   source  vllm/model_executor/models/gemma4_mtp.py; vllm/v1/spec_decode/gemma4.py
void describe_draft(Builder& builder, const Naming& naming) {
  Gemma4 text = read(builder);
  const Decoder& decoder = text.decoder;
  const json::Fields& config = builder.config();
  const std::int64_t backbone = config.count_or("backbone_hidden_size", 1536, 1);
  const std::string model = naming.under("draft_model");
  Block around = builder.block(model);
  around.column("pre_projection", 2 * backbone, {decoder.hidden});
  around.row("post_projection", decoder.hidden, backbone);
  around.rms_norm("norm", decoder.hidden);
  around.buffer("normalizer", {}, builder.dtype());
  builder.add_part("inputs", Part::Place::kEveryStage, std::move(around));
  Block head = builder.block(naming.prefix);
  head.head("lm_head", decoder.vocabulary, decoder.hidden);
  if (config.flag_or("use_ordered_embeddings", false)) {
    head.tensor("masked_embedding.centroids.weight", {config.count_or("num_centroids", 2048, 1), decoder.hidden});
    head.buffer("masked_embedding.token_ordering", {decoder.vocabulary}, Dtype::kInt64);
  }
  builder.add_part("head", Part::Place::kEveryStage, std::move(head));
  text.borrowers = decoder.layers;
  text.per_layer = text.experts = 0;
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) { add_layer(layer, text, i); });
  describe_model(builder, decoder, model + ".layers");
}

/// Patches and frames that go straight into the language model; they stay whatever the limits say.
/// source  vllm/model_executor/models/gemma4_unified.py; transformers' Gemma4UnifiedVisionConfig and AudioConfig
void add_embedders(Builder& builder, std::int64_t hidden) {
  const json::Fields vision = builder.config().inner("vision_config");
  const std::int64_t side = vision.count_or("patch_size", 16, 1) * vision.count_or("pooling_kernel_size", 3, 1);
  const std::int64_t patch = 3 * side * side, width = vision.count_or("mm_embed_dim", 3840, 1);
  Block embedders = builder.block("");
  embedders.layer_norm("vision_embedder.patch_ln1", patch);
  embedders.column("vision_embedder.patch_dense", patch, {width}, {.bias = true});
  embedders.layer_norm("vision_embedder.patch_ln2", width);
  embedders.tensor("vision_embedder.pos_embedding", {vision.count_or("mm_posemb_size", 1120, 1), 2, width});
  embedders.layer_norm("vision_embedder.pos_norm", width);
  embedders.replicated("embed_vision.embedding_projection", vision.count_or("output_proj_dims", 3840, 1), {hidden},
                       {.quantised = false});
  if (builder.config().has("audio_config"))
    embedders.replicated("embed_audio.embedding_projection",
                         builder.config().inner("audio_config").count_or("audio_embed_dim", 640, 1), {hidden},
                         {.quantised = false});
  builder.add_part("vision", Part::Place::kEveryStage, std::move(embedders));
}

/// source  vllm/model_executor/models/gemma4_mm.py, Gemma4ForConditionalGeneration; gemma4_unified.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const bool alone = source.architecture == "Gemma4ForCausalLM";
  const bool unified = source.architecture.starts_with("Gemma4Unified");
  auto builder = Builder::start(source, options,
                                alone     ? ModelNames{}
                                : unified ? ModelNames{.rules = kUnifiedNames}
                                          : ModelNames{.rules = kNames});
  if (!builder) return builder.error();
  if (source.architecture == "Gemma4MTPModel") {
    describe_draft(*builder, {source.architecture, ""});
    return builder->finish();
  }
  if (alone) {
    describe(*builder, {"Gemma4ForCausalLM", ""});
    return builder->finish();
  }
  tie_as_the_whole(*builder);
  const std::int64_t hidden = builder->text().count_or("hidden_size", kAbsent.hidden, 1);
  if (unified)
    add_embedders(*builder, hidden);
  else
    add_gemma4_towers(*builder, hidden);
  describe(*builder, {"Gemma4ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry gemma4;
const Entry gemma4{kArchitectures, build, describe};

}  // namespace vram::arch::families
