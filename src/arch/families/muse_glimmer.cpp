// Muse Glimmer: sliding layers with rotary positions and global layers without, a gate on the attention's output, four
// norms a layer, and an encoder of images and video of its own.
#include "arch/decoder.h"
#include "arch/layer_kinds.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MuseGlimmerForConditionalGeneration", "MuseGlimmerForCausalLM"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kSubstring, ".self_attn.gate_proj", ".self_attn.output_gate_proj"},
                               {NameRule::Where::kPrefix, "model.language_model.", "model."},
                               {NameRule::Where::kPrefix, "language_model.", "model."}};

/// source  transformers' MuseGlimmerTextConfig
constexpr Decoder kAbsent{6656, 19968, 202048, 52, 131072, {32, 2, 128}, false};

/// Every fourth layer, counted from the last, is global; of the layers for which the config says so.
std::vector<bool> sliding_of(std::int64_t layers) {
  std::vector<bool> sliding;
  for (std::int64_t i = 0; i < layers; ++i) sliding.push_back((layers - 1 - i) % 4 != 0);
  return sliding;
}

/// A base of 0 stands for a layer without positions.
bool has_positions(const json::Fields& config, std::int64_t i, bool absent) {
  const json::Value* bases = config.find("layer_rope_theta");
  if (!bases || !bases->array() || i >= std::int64_t(bases->array()->size())) return absent;
  const auto base = (*bases->array())[std::size_t(i)].number();
  return !base || *base != 0.0;
}

/// source  vllm/model_executor/models/muse_glimmer.py, MuseGlimmerModel
void add_decoder(Builder& builder) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;  // the class never ties
  const std::vector<bool> sliding = sliding_of(decoder.layers);
  const LayerWindows windows = layer_windows(builder, decoder, {.window = 2048, .sliding = sliding});
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  add_ends(builder, decoder, "model", {"", ""}, {.every_stage = true});
  SelfAttention attention;
  add_layers(builder, decoder, "model.layers", [&](Block& layer, std::int64_t i) {
    attention.rotary = has_positions(config, i, sliding[std::size_t(i)]) ? std::optional(rotary) : std::nullopt;
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    layer.column("self_attn.output_gate_proj", decoder.hidden, {decoder.heads.query * decoder.heads.width});
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    for (const char* norm :
         {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"})
      layer.rms_norm(norm, decoder.hidden);
  });
  describe_model(builder, decoder, "model.layers");
}

/// source  vllm/model_executor/models/muse_glimmer.py, MuseGlimmerVisionEncoder: the MLPs are whole on every rank
void add_encoder(Builder& builder) {
  const json::Fields vision = builder.config().inner("vision_config");
  const std::int64_t hidden = vision.count_or("hidden_size", 1536, 1),
                     heads = vision.count_or("num_attention_heads", 16, 1);
  const std::int64_t intermediate = vision.count_or("intermediate_size", 8960, 1);
  const std::int64_t patch = vision.count_or("patch_size", 14, 1);
  const LinearOptions biased{.bias = true, .quantised = false}, plain{.quantised = false};
  const Tower tower{.whole_unless = heads};

  Block ends = builder.block("vision_encoder");
  ends.tensor("positional_embedding_vlm",
              {vision.count_or("pos_emb_height", 32, 1) * vision.count_or("pos_emb_width", 32, 1), hidden});
  ends.replicated("conv1_linear", vision.count_or("patch_temporal", 2, 1) * 3 * patch * patch, {hidden}, plain);
  ends.layer_norm("ln_pre", hidden);
  ends.layer_norm("ln_post", hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "vision_encoder.transformer", tower_layers(vision, "num_hidden_layers", 50),
                   [&](Block& layer, std::int64_t) {
                     layer.layer_norm("ln_1", hidden);
                     layer.qkv("attn.qkv_proj", hidden, {heads, heads, hidden / heads}, biased);
                     layer.row("attn.o_proj", hidden, hidden, biased);
                     layer.layer_norm("ln_2", hidden);
                     layer.replicated("mlp.c_fc", hidden, {intermediate}, biased);
                     layer.replicated("mlp.c_proj", intermediate, {hidden}, biased);
                   });
  const std::int64_t projected = builder.config().count_or("projector_hidden_size", 4096, 1);
  Block adapter = builder.block("");
  adapter.replicated("vision_adapter.c_fc", builder.config().count_or("out_hidden_size", 6144, 1), {projected}, plain);
  adapter.replicated("vision_adapter.c_proj", projected, {projected}, plain);
  adapter.replicated("vision_projection", projected, {builder.text().count_or("hidden_size", kAbsent.hidden, 1)},
                     plain);
  add_tower_part(builder, tower, std::move(adapter));
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  add_decoder(*builder);
  if (builder->config().has("vision_config")) add_encoder(*builder);
  return builder->finish();
}

}  // namespace

extern const Entry muse_glimmer;
const Entry muse_glimmer{kArchitectures, build};

}  // namespace vram::arch::families
