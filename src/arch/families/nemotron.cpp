// Decoders whose MLP has no gate, up_proj and down_proj alone: Nemotron, Arcee, Apertus and Jais 2.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"NemotronForCausalLM", "ArceeForCausalLM", "ApertusForCausalLM",
                                               "Jais2ForCausalLM"};
constexpr std::string_view kApertusNorms[] = {"attention_layernorm", "feedforward_layernorm"};

constexpr vllm::Step<bool> kByTransformers[] = {
    {{}, false, "vllm v0.31.0 vllm/model_executor/models/arcee.py, jais2.py"},
    {{2026, 10, 2}, true, "~ vllm v0.32.0 vllm/model_executor/models/registry.py"},
};
static_assert(vllm::well_formed(kByTransformers));

/// What tells the four apart.
struct Kind {
  std::string_view architecture;
  Decoder absent;
  double partial = 1;  // of each head rotates, where the config says nothing
  bool layer_norm = false, head_norms = false, xielu = false, bias = false;
  std::span<const std::string_view> norms = kPreNorms;
  bool leaves_for_transformers = false;
};

constexpr Kind kKinds[] = {
    {"NemotronForCausalLM", {6144, 24576, 256000, 32, 4096, {48, 0, 0}, false}, 0.5, true},
    {"ArceeForCausalLM",
     {2560, 18432, 32000, 32, 4096, {32, 0, 0}, false},
     1,
     false,
     false,
     false,
     false,
     kPreNorms,
     true},
    {"ApertusForCausalLM",
     {4096, 14336, 131072, 32, 65536, {32, 0, 0}, false},
     1,
     false,
     true,
     true,
     false,
     kApertusNorms},
    {"Jais2ForCausalLM",
     {3328, 26624, 150272, 32, 8192, {26, 0, 0}, false},
     1,
     true,
     false,
     false,
     true,
     kPreNorms,
     true},
};

const Kind& kind_of(const std::string& architecture) {
  for (const Kind& kind : kKinds)
    if (kind.architecture == architecture) return kind;
  return kKinds[0];
}

/// The xIELU activation has two learnt scalars and keeps two more, in bfloat16 whatever the model's dtype.
///   source  vllm/model_executor/layers/activation.py, XIELU
void xielu(Block& layer) {
  for (const char* name : {"mlp.act_fn.alpha_p", "mlp.act_fn.alpha_n"}) layer.tensor(name, {1}, Dtype::kBfloat16);
  for (const char* name : {"mlp.act_fn.beta", "mlp.act_fn.eps"}) layer.buffer(name, {}, Dtype::kBfloat16);
}

/// source  vllm/model_executor/models/nemotron.py, arcee.py, apertus.py, jais2.py; transformers' modeling_arcee.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Kind& kind = kind_of(naming.architecture);
  const Decoder decoder = read_decoder(builder, kind.absent);
  const LayerWindows windows = layer_windows(builder, decoder);
  const vllm::Date day = builder.options().as_of;
  const bool by_transformers = kind.leaves_for_transformers && vllm::in_force(kByTransformers, day);
  const bool bias = config.flag_or("attention_bias", kind.bias) || config.flag_or("bias", false);
  const LinearOptions mlp{.bias = config.flag_or("mlp_bias", kind.bias)};
  const double partial = partial_rotary(config, {"partial_rotary_factor"}, kind.partial);
  SelfAttention attention{
      .bias = config.flag_or("qkv_bias", bias),
      .output_bias = bias,
      .rotary = rotary_table(builder,
                             {.head_width = decoder.heads.width, .positions = decoder.positions, .partial = partial}),
      .head_norm = kind.head_norms ? decoder.heads.width : 0};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming,
           {.layer_norm = kind.layer_norm, .head_bias = !by_transformers && config.flag_or("lm_head_bias", false)});
  if (by_transformers) add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    by_transformers ? transformers_attention(layer, decoder, attention) : self_attention(layer, decoder, attention);
    layer.column("mlp.up_proj", decoder.hidden, {decoder.intermediate}, mlp);
    layer.row("mlp.down_proj", decoder.intermediate, decoder.hidden, mlp);
    if (kind.xielu) xielu(layer);
    for (const std::string_view norm : kind.norms) {
      if (kind.layer_norm)
        layer.layer_norm(std::string(norm), decoder.hidden);
      else
        layer.rms_norm(std::string(norm), decoder.hidden);
    }
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry nemotron;
const Entry nemotron{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
