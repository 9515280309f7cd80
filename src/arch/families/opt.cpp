// OPT: learnt positions, LayerNorm, a narrower embedding in the smallest; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"OPTForCausalLM"};

/// Rows of the position table that no position uses.
constexpr std::int64_t kPositionOffset = 2;

/// source  vllm/model_executor/models/opt.py, OPTForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, {768, 3072, 50272, 12, 2048, {12, 0, 0}, true});
  decoder.intermediate = figure(config, {"ffn_dim"}, 3072);
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const bool bias = config.flag_or("enable_bias", true);
  const bool affine = config.flag_or("layer_norm_elementwise_affine", true);
  const bool final_norm =
      config.flag_or("do_layer_norm_before", true) && !config.flag_or("_remove_final_layer_norm", false);
  const std::int64_t narrow = figure(config, {"word_embed_proj_dim"}, decoder.hidden);
  const SelfAttention attention{
      .bias = bias, .output_bias = bias, .cache = attention_cache(builder, decoder.heads), .output = "out_proj"};

  const std::string model = naming.under("model.decoder");
  Decoder embedded = decoder;
  embedded.hidden = narrow;
  add_ends(builder, embedded, model, naming, {.norm = "", .every_stage = true});
  Block rest = builder.block(model);
  rest.tensor("embed_positions.weight", {decoder.positions + kPositionOffset, decoder.hidden});
  if (narrow != decoder.hidden) {
    rest.replicated("project_out", decoder.hidden, {narrow});
    rest.replicated("project_in", narrow, {decoder.hidden});
  }
  if (final_norm && affine) rest.layer_norm("final_layer_norm", decoder.hidden);
  builder.add_part("positions", Part::Place::kEveryStage, std::move(rest));

  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    if (affine) layer.layer_norm("self_attn_layer_norm", decoder.hidden);
    layer.column("fc1", decoder.hidden, {decoder.intermediate}, {.bias = bias});
    layer.row("fc2", decoder.intermediate, decoder.hidden, {.bias = bias});
    if (affine) layer.layer_norm("final_layer_norm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry opt;
const Entry opt{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
