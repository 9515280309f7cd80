// Granite 4: Mamba 2 with a few layers of attention, mostly without positions, and experts beside a shared MLP.
#include "arch/families/granitemoe.h"
#include "arch/layer_kinds.h"
#include "arch/mamba.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GraniteMoeHybridForCausalLM"};

/// source  transformers' GraniteMoeHybridConfig
constexpr Decoder kAbsent{4096, 11008, 32000, 32, 2048, {32, 0, 0}, false};

/// source  vllm/model_executor/models/granitemoehybrid.py, GraniteMoeHybridForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;  // the class reads no head_dim
  const bool bias = config.flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  if (config.text_or("position_embedding_type", "nope") == "rope")
    attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  const Mamba2 mamba = mamba2_figures(config, decoder.hidden);
  const std::int64_t experts = config.count_or("num_local_experts", 8);
  const std::int64_t shared = config.count_or("shared_intermediate_size", 1024);
  const std::vector<std::string> kinds =
      layer_kinds(config, config.has("layer_types") ? "layer_types" : "layers_block_type", decoder.layers,
                  std::vector<std::string>(std::size_t(decoder.layers), "mamba"),
                  {"mamba", "attention", "linear_attention", "full_attention"});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const std::string& kind = kinds[std::size_t(i)];
    if (kind == "mamba" || kind == "linear_attention")
      mamba2_mixer(layer, "mamba", decoder.hidden, mamba);
    else
      self_attention(layer, decoder, attention);
    if (experts > 0) add_granite_experts(layer, config, decoder, experts);
    if (shared > 0) add_granite_shared_mlp(layer, decoder.hidden, shared);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

}  // namespace

extern const Entry granitemoehybrid;
const Entry granitemoehybrid{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
