// Bamba: Mamba 2 with a few layers of attention. vLLM had its class up to 0.23.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/mamba.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"BambaForCausalLM"};

/// source  transformers' BambaConfig
constexpr Decoder kAbsent{4096, 14336, 128000, 32, 262144, {32, 8, 0}, false};

/// Whether half of each head is rotated, as the config class says, instead of attn_rotary_emb channels.
constexpr vllm::Step<bool> kRotatesHalf[] = {
    {{}, true, "vllm v0.12.0 vllm/model_executor/models/bamba.py; transformers' BambaConfig.partial_rotary_factor"},
    {{2025, 12, 6}, false, "~ vllm v0.13.0 vllm/model_executor/models/bamba.py"},
};
static_assert(vllm::well_formed(kRotatesHalf));

/// source  vllm/model_executor/models/bamba.py, BambaForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;  // the class reads no head_dim
  decoder.tied = false;                                        // and never ties
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions, .partial = 0.5};
  if (!vllm::in_force(kRotatesHalf, builder.options().as_of))
    rope.partial = double(config.count_or("attn_rotary_emb", decoder.heads.width)) / double(decoder.heads.width);
  SelfAttention attention{.rotary = rotary_table(builder, rope)};
  attention.cache = attention_cache(builder, decoder.heads);
  const Mamba2 mamba = mamba2_figures(config, decoder.hidden);
  const std::vector<std::int64_t> attends = config.counts("attn_layer_indices");

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.norm = "final_layernorm", .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    if (std::find(attends.begin(), attends.end(), i) == attends.end())
      mamba2_mixer(layer, "mamba", decoder.hidden, mamba);
    else
      self_attention(layer, decoder, attention);
    gated_mlp(layer, "feed_forward", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("pre_ff_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

}  // namespace

extern const Entry bamba;
const Entry bamba{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
