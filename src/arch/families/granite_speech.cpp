// Granite Speech: a conformer with a CTC head in its middle, a Q-Former over windows of its output, and a language
// model of its config's choice.
#include "arch/decoder.h"
#include "arch/vision/qformer.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GraniteSpeechForConditionalGeneration",
                                               "GraniteSpeechPlusForConditionalGeneration"};

constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "language_model.model.model.", "language_model.model."}};
constexpr Tower kSound{.role = Part::Role::kAudio};
constexpr LinearOptions kPlain{.bias = true, .quantised = false};

/// Parts of the conformer's blocks. source  vllm/model_executor/models/granite_speech.py, GraniteSpeechConformerBlock
void add_feed_forward(Block& layer, const std::string& name, std::int64_t hidden, std::int64_t factor) {
  layer.layer_norm(name + ".pre_norm", hidden);
  layer.column(name + ".up_proj", hidden, {hidden * factor}, {.bias = true});
  layer.row(name + ".down_proj", hidden * factor, hidden, {.bias = true});
}

void add_attention(Block& layer, const json::Fields& config, std::int64_t hidden) {
  const std::int64_t heads = config.count_or("num_heads", 8, 1), width = config.count_or("dim_head", hidden / heads, 1);
  layer.layer_norm("attn.pre_norm", hidden);
  layer.replicated("attn.to_q", hidden, {heads * width}, {.quantised = false});
  layer.replicated("attn.to_kv", hidden, {2 * heads * width}, {.quantised = false});
  layer.replicated("attn.to_out", heads * width, {hidden}, kPlain);
  layer.tensor("attn.rel_pos_emb.weight", {2 * config.count_or("max_pos_emb", 512, 1) + 1, width});
}

void add_convolutions(Block& layer, const json::Fields& config, std::int64_t hidden) {
  const std::int64_t inner = hidden * config.count_or("conv_expansion_factor", 2, 1);
  layer.layer_norm("conv.norm", hidden);
  convolution(layer, "conv.up_conv", {2 * inner, hidden, 1});
  convolution(layer, "conv.depth_conv.conv", {inner, 1, config.count_or("conv_kernel_size", 15, 1)}, false);
  layer.layer_norm("conv.batch_norm", inner);
  layer.buffer("conv.batch_norm.running_mean", {inner}, layer.builder().dtype());
  layer.buffer("conv.batch_norm.running_var", {inner}, layer.builder().dtype());
  layer.buffer("conv.batch_norm.num_batches_tracked", {}, Dtype::kInt64);
  convolution(layer, "conv.down_conv", {hidden, inner, 1});
}

/// source  the same, GraniteSpeechCTCEncoder; transformers' GraniteSpeechEncoderConfig
std::int64_t add_encoder(Builder& builder) {
  const json::Fields config = builder.config().inner("encoder_config");
  const std::int64_t hidden = config.count_or("hidden_dim", 1024, 1), out = config.count_or("output_dim", 42, 1);
  const std::int64_t factor = config.count_or("feedforward_mult", 4, 1);
  Block ends = builder.block("encoder");
  ends.replicated("input_linear", config.count_or("input_dim", 160, 1), {hidden}, kPlain);
  ends.column("out", hidden, {out}, {.bias = true});
  ends.row("out_mid", out, hidden, {.bias = true});
  add_tower_part(builder, kSound, std::move(ends));
  add_tower_layers(builder, kSound, "encoder.layers", tower_layers(config, "num_layers", 10),
                   [&](Block& layer, std::int64_t) {
                     add_feed_forward(layer, "ff1", hidden, factor);
                     add_attention(layer, config, hidden);
                     add_convolutions(layer, config, hidden);
                     add_feed_forward(layer, "ff2", hidden, factor);
                     layer.layer_norm("post_norm", hidden);
                   });
  return hidden;
}

/// source  the same, GraniteSpeechEncoderProjector
void add_projector(Builder& builder, std::int64_t encoder) {
  const json::Fields config = builder.config().inner("projector_config");
  const std::int64_t rate = builder.config().count_or("downsample_rate", 5, 1);
  const std::int64_t queries = builder.config().count_or("window_size", 15, 1) / rate;
  const std::int64_t looked_at = config.count_or("encoder_hidden_size", encoder, 1);
  const std::int64_t width = add_qformer(builder, kSound, "projector.qformer", config, looked_at);
  Block projector = builder.block("projector");
  projector.tensor("query", {1, queries, width});
  projector.replicated("linear", width, {builder.text().count_or("hidden_size", 4096, 1)}, kPlain);
  add_tower_part(builder, kSound, std::move(projector));
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  add_projector(*builder, add_encoder(*builder));
  add_language_model(*builder, {language_architecture(*builder), "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry granite_speech;
const Entry granite_speech{kArchitectures, build};

}  // namespace vram::arch::families
