// Falcon-H1: attention and Mamba 2 side by side in every layer.
#include "arch/decoder.h"
#include "arch/mamba.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"FalconH1ForCausalLM"};

/// source  transformers' FalconH1Config
constexpr Decoder kAbsent{4096, 14336, 128000, 32, 8192, {32, 8, 0}, false};

constexpr vllm::Step<bool> kQuantisedMlp[] = {
    {{}, false, "vllm v0.15.0 vllm/model_executor/models/falcon_h1.py, FalconH1ParallelHybrid"},
    {{2026, 2, 3}, true, "~ vllm v0.16.0 vllm/model_executor/models/falcon_h1.py, FalconH1ParallelHybrid"},
};
static_assert(vllm::well_formed(kQuantisedMlp));

/// The multipliers of in_proj's output, one a channel.
void add_multipliers(Block& layer, const Mamba2& mamba) {
  const Columns inner{mamba.intermediate, 1, Columns::Split::kDivided};
  const Columns group{mamba.groups, mamba.state, Columns::Split::kReplicated};
  layer.divided("mamba.mup_vector", {inner, inner, group, group, {mamba.heads}}).as_buffer();
}

/// source  vllm/model_executor/models/falcon_h1.py, FalconH1ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_decoder(builder, kAbsent);
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions, .partial = 1.0};
  if (const auto rotated = config.maybe_count("attn_rotary_emb"))
    rope.partial = double(*rotated) / double(decoder.heads.width);
  SelfAttention attention{.rotary = rotary_table(builder, rope)};
  attention.cache = attention_cache(builder, decoder.heads);
  // null says that the width follows from mamba_expand; a config without the key has the default.
  const bool null = config.value().object()->find("mamba_d_ssm") && !config.has("mamba_d_ssm");
  Mamba2 mamba = mamba2_figures(config, decoder.hidden, null ? 0 : config.count_or("mamba_d_ssm", 1024, 1));
  mamba.norm = config.flag_or("mamba_rms_norm", false);
  const LinearOptions mlp{.quantised = vllm::in_force(kQuantisedMlp, builder.options().as_of)};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.norm = "final_layernorm"});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    mamba2_mixer(layer, "mamba.mamba", decoder.hidden, mamba);
    add_multipliers(layer, mamba);
    gated_mlp(layer, "feed_forward", decoder.hidden, decoder.intermediate, mlp);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("pre_ff_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

}  // namespace

extern const Entry falcon_h1;
const Entry falcon_h1{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
