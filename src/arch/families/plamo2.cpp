// PLaMo 2: mixers of Mamba 2's kind without groups, every second layer attention. vLLM had its class up to 0.26.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/mamba.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Plamo2ForCausalLM"};

/// source  the published configuration class, modeling_plamo.py of pfnet/plamo-2-1b
constexpr Decoder kAbsent{4096, 13312, 32000, 32, 10 * 1024 * 1024, {32, 4, 128}, true};

struct Mixer {
  std::int64_t heads = 0, head_width = 0, state = 0, kernel = 0, chunk = 0;
  std::int64_t time_step_rank = 0;
};

/// source  vllm/model_executor/models/plamo2.py, Plamo2MambaMixer
void add_mamba(Block& layer, std::int64_t hidden, const Mixer& mixer) {
  const std::int64_t inner = mixer.heads * mixer.head_width;
  const std::vector<Columns> heads{{mixer.heads}};
  layer.column("mixer.conv1d", mixer.kernel, {inner}, {.quantised = false});
  layer.column("mixer.in_proj", hidden, {inner, inner});
  layer.row("mixer.bcdt_proj", inner, mixer.time_step_rank + 2 * mixer.state);
  layer.column("mixer.dt_proj", mixer.time_step_rank, {mixer.heads});
  layer.divided("mixer.A", heads, {}, Dtype::kFloat32);
  layer.divided("mixer.D", heads);
  layer.divided("mixer.dt_bias", heads);
  layer.row("mixer.out_proj", inner, hidden);
  layer.rms_norm("mixer.dt_norm", mixer.time_step_rank);
  layer.rms_norm("mixer.B_norm", mixer.state);
  layer.rms_norm("mixer.C_norm", mixer.state);
  Mamba2State state;
  state.intermediate = inner;
  state.heads = mixer.heads;
  state.head_width = mixer.head_width;
  state.state = mixer.state;
  state.kernel = mixer.kernel;
  state.chunk = mixer.chunk;
  layer.cache("mixer", state);
}

/// Norms over each head have a row of weights a head.
void add_attention(Block& layer, const Decoder& decoder, const RotaryTable& rotary) {
  const QkvHeads& heads = decoder.heads;
  layer.qkv("mixer.qkv_proj", decoder.hidden, heads);
  layer.row("mixer.o_proj", heads.query * heads.width, decoder.hidden);
  layer.rotary(rotary);
  layer.divided("mixer.q_norm.weight", {{heads.query}}, {heads.width});
  layer.divided("mixer.k_norm.weight", {{heads.kv, 1, Columns::Split::kReplicated}}, {heads.width});
  layer.attention("mixer.attn", attention_cache(layer.builder(), heads), false, false);
}

/// source  vllm/model_executor/models/plamo2.py, is_mamba
bool is_mamba(const json::Fields& config, std::int64_t layers, std::int64_t layer) {
  const std::int64_t step = config.count_or("mamba_step", 2, 2);
  if (layers <= step / 2) return layer != layers - 1;
  return layer % step != step / 2;
}

/// source  vllm/model_executor/models/plamo2.py, Plamo2ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = config.count_or("hidden_size_per_head", kAbsent.heads.width, 1);
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  if (const std::int64_t longest = builder.options().max_model_len; longest > 0)
    rope.positions = std::min(rope.positions, longest);
  const RotaryTable rotary = rotary_table(builder, rope);
  Mixer mixer;
  mixer.heads = config.count_or("mamba_num_heads", 64, 1);
  mixer.head_width = decoder.heads.width;
  mixer.state = config.count_or("mamba_d_state", 64, 1);
  mixer.kernel = config.count_or("mamba_d_conv", 4, 1);
  mixer.chunk = mamba_chunk(config, 256);
  mixer.time_step_rank = std::max<std::int64_t>(64, decoder.hidden / 16);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers.layers", [&](Block& layer, std::int64_t i) {
    if (is_mamba(config, decoder.layers, i))
      add_mamba(layer, decoder.hidden, mixer);
    else
      add_attention(layer, decoder, rotary);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    for (const char* norm : {"pre_mixer_norm", "post_mixer_norm", "pre_mlp_norm", "post_mlp_norm"})
      layer.rms_norm(norm, decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers.layers");
  builder.model.recurrent = true;
}

}  // namespace

extern const Entry plamo2;
const Entry plamo2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
