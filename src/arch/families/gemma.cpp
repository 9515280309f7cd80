// Gemma 1 to 3: embedding, norm and head on every stage, a normaliser beside them; from the second generation on four
// norms a layer and sliding layers, in the third norms over each head and a rotary table per kind of layer.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GemmaForCausalLM", "Gemma2ForCausalLM", "Gemma2Model",
                                               "Gemma3ForCausalLM", "Gemma3TextModel"};

constexpr double kGlobalBase = 1e6, kLocalBase = 1e4;  // the third generation's

constexpr Decoder kGemma{3072, 24576, 256000, 28, 8192, {16, 16, 256}, true};
constexpr Decoder kGemma2{2304, 9216, 256000, 26, 8192, {8, 4, 256}, true};
constexpr Decoder kGemma3{2304, 9216, 262208, 26, 131072, {8, 4, 256}, true};

/// Gemma 2 ignores untied embeddings; Gemma 1 and 3 have a head of their own once they no longer refuse them.
constexpr vllm::Step<bool> kGemmaUntied[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/gemma.py asserts tie_word_embeddings"},
    {{2026, 8, 25}, true, "~ vllm v0.29.0 vllm/model_executor/models/gemma.py"},
};
constexpr vllm::Step<bool> kGemma3Untied[] = {
    {{}, false, "vllm v0.13.0 vllm/model_executor/models/gemma3.py asserts tie_word_embeddings"},
    {{2025, 12, 13}, true, "~ vllm v0.14.1 vllm/model_executor/models/gemma3.py"},
};
static_assert(vllm::well_formed(kGemmaUntied) && vllm::well_formed(kGemma3Untied));

int generation(const std::string& architecture) {
  if (architecture.starts_with("Gemma3")) return 3;
  return architecture.starts_with("Gemma2") ? 2 : 1;
}

Decoder decoder_of(const Builder& builder, int generation) {
  const Decoder& absent = generation == 3 ? kGemma3 : generation == 2 ? kGemma2 : kGemma;
  Decoder decoder = read_decoder(builder, absent);
  if (decoder.tied) return decoder;
  const vllm::Date day = builder.options().as_of;
  const bool taken = generation == 3   ? vllm::in_force(kGemma3Untied, day)
                     : generation == 1 ? vllm::in_force(kGemmaUntied, day)
                                       : false;
  if (!taken)
    builder.text().refuse("tie_word_embeddings", "this release takes tied embeddings only", "",
                          ErrorCode::kUnsupported);
  return decoder;
}

LayerWindows windows_of(const Builder& builder, const Decoder& decoder, int generation) {
  if (generation == 1) return {};
  const std::int64_t pattern = generation == 3 ? builder.text().count_or("sliding_window_pattern", 6, 1) : 2;
  WindowDefaults absent{.window = 4096};
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back((i + 1) % pattern != 0);
  return layer_windows(builder, decoder, absent);
}

/// source  vllm/model_executor/models/gemma.py, gemma2.py, gemma3.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const int generation = families::generation(naming.architecture);
  const Decoder decoder = decoder_of(builder, generation);
  LayerWindows windows = windows_of(builder, decoder, generation);
  // An embedding model that looks both ways; its config halves the window, as the kernels count one side.
  const bool both_ways = generation == 3 && naming.architecture == "Gemma3TextModel" &&
                         config.flag_or("use_bidirectional_attention", false);
  if (both_ways && windows.window) windows.window = Tokens(windows.window->count() / 2 + 1);

  const bool bias = generation > 1 && config.flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  if (generation == 3) attention.head_norm = decoder.heads.width;
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  if (generation == 3) rope.base = config.maybe_number("rope_theta").value_or(kGlobalBase);
  const RotaryTable global = rotary_table(builder, rope, rope_parameters(config, "full_attention"));
  if (generation == 3) rope.base = config.maybe_number("rope_local_base_freq").value_or(kLocalBase);
  const RotaryTable local = generation == 3 ? sliding_rotary_table(builder, rope) : global;

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  Block normalizer = builder.block(model);
  normalizer.buffer("normalizer", {}, builder.dtype());
  builder.add_part("normalizer", Part::Place::kEveryStage, std::move(normalizer));

  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const bool slides = generation == 3 && !windows.sliding.empty() && windows.sliding[std::size_t(i)];
    attention.rotary = slides ? local : global;
    attention.cache = both_ways ? encoder_cache(decoder.heads, windows.of(i))
                                : attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
    if (generation == 1) return;
    layer.rms_norm("pre_feedforward_layernorm", decoder.hidden);
    layer.rms_norm("post_feedforward_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  // The second generation alone hands the cap to its attention; null switches it off.
  const json::Object* keys = config.value().object();
  builder.model.logit_softcap =
      generation == 2 && (config.has("attn_logit_softcapping") || !keys || !keys->find("attn_logit_softcapping"));
}

}  // namespace

extern const Entry gemma;
const Entry gemma{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
