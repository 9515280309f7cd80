// Command R and Command R7B: tied embeddings on every stage, one norm a layer without a bias, norms of their own over
// each head of query and key where asked; in the second three of four layers slide.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"CohereForCausalLM", "Cohere2ForCausalLM"};

constexpr Decoder kAbsent{8192, 22528, 256000, 40, 8192, {64, 0, 0}, true};

/// Tokens added to the config's window.
constexpr vllm::Step<std::int64_t> kWindowMore[] = {
    {{}, 0, "vllm v0.28.0 vllm/model_executor/models/commandr.py"},
    {{2026, 8, 19}, 1, "~ vllm v0.29.0 vllm/model_executor/models/commandr.py, CohereAttention"},
};
/// Untied embeddings were refused and are now ignored: there never is an output head.
constexpr vllm::Step<bool> kTakesUntied[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/commandr.py asserts tie_word_embeddings"},
    {{2026, 8, 19}, true, "~ vllm v0.29.0 vllm/model_executor/models/commandr.py"},
};
static_assert(vllm::well_formed(kWindowMore) && vllm::well_formed(kTakesUntied));

LayerWindows windows_of(const Builder& builder, const Decoder& decoder) {
  const std::int64_t pattern = builder.text().count_or("sliding_window_pattern", 4, 1);
  WindowDefaults absent{.window = 4096};
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back((i + 1) % pattern != 0);
  LayerWindows windows = layer_windows(builder, decoder, absent);
  if (windows.window) *windows.window += Tokens(vllm::in_force(kWindowMore, builder.options().as_of));
  return windows;
}

/// source  vllm/model_executor/models/commandr.py, CohereForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  if (!decoder.tied && !vllm::in_force(kTakesUntied, builder.options().as_of))
    config.refuse("tie_word_embeddings", "this release takes tied embeddings only", "", ErrorCode::kUnsupported);
  const bool second = naming.architecture == "Cohere2ForCausalLM";
  const LayerWindows windows = second ? windows_of(builder, decoder) : LayerWindows{};
  const std::int64_t positions = figure(config, {"model_max_length"}, decoder.positions);
  SelfAttention attention{.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = positions})};
  const bool head_norms = config.flag_or("use_qk_norm", false);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.no_head = true, .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    if (head_norms) {
      layer.divided("self_attn.q_norm.weight", {{decoder.heads.query}}, {decoder.heads.width});
      layer.divided("self_attn.k_norm.weight", {{decoder.heads.kv, 1, Columns::Split::kReplicated}},
                    {decoder.heads.width});
    }
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry cohere;
const Entry cohere{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
