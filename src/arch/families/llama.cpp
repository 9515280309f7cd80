// Llama and the models that vLLM builds with its class or a subclass that creates the same: a pre-norm decoder with
// grouped-query attention, rotary positions and a gated MLP.
#include "arch/decoder.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"LlamaBidirectionalModel", "LlamaBidirectionalForSequenceClassification",
                                               "TeleFLMForCausalLM",      "Fairseq2LlamaForCausalLM",
                                               "Ernie4_5ForCausalLM",     "LlamaForCausalLM",
                                               "LLaMAForCausalLM",        "LlamaModel",
                                               "AquilaForCausalLM",       "AquilaModel",
                                               "CwmForCausalLM",          "IQuestCoderForCausalLM",
                                               "InternLM3ForCausalLM",    "InternLMForCausalLM",
                                               "MistralForCausalLM",      "MistralModel",
                                               "Ministral3ForCausalLM",   "Phi3ForCausalLM",
                                               "SolarForCausalLM",        "TeleChat3ForCausalLM",
                                               "XverseForCausalLM",       "GritLM"};

constexpr std::string_view kFusedQkv[] = {"qkv_proj"};
constexpr std::string_view kFusedGateUp[] = {"gate_up_proj"};

/// The defaults of the config class that transformers takes for a "model_type".
struct Defaults {
  std::string_view model_type;
  Decoder decoder;
  std::optional<std::int64_t> window;
  std::int64_t full_every = 0;  // where "layer_types" is absent: the layers that attend to everything; 0: all alike
};

constexpr Defaults kDefaults[] = {
    {"llama", {}, {}},
    {"mistral", {4096, 14336, 32000, 32, 131072, {32, 8, 0}, false}, 4096},
    {"ministral3", {4096, 14336, 131072, 34, 262144, {32, 8, 128}, false}, {}},
    {"ernie4_5", {1024, 3072, 103424, 18, 131072, {16, 2, 128}, true}, {}},
    {"phi3", {3072, 8192, 32064, 32, 4096, {32, 0, 0}, false}, {}},
    {"cwm", {6144, 21504, 128256, 64, 131072, {48, 8, 128}, false}, 8192, 4},
};

const Defaults& defaults(std::string_view model_type) {
  for (const Defaults& each : kDefaults)
    if (each.model_type == model_type) return each;
  return kDefaults[0];
}

constexpr vllm::Step<bool> kCwmByTransformers[] = {
    {{}, false, "vllm v0.14.1 vllm/model_executor/models/registry.py"},
    {{2026, 10, 2}, true, "~ registry.py of v0.32.0: TransformersForCausalLM"},
};
static_assert(vllm::well_formed(kCwmByTransformers));

std::vector<bool> sliding_unless_every(std::int64_t full_every, std::int64_t layers) {
  std::vector<bool> sliding;
  for (std::int64_t i = 0; full_every > 0 && i < layers; ++i) sliding.push_back(i % full_every != 0);
  return sliding;
}

/// source  vllm/model_executor/models/llama.py, LlamaForCausalLM; mistral.py; phi3.py
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Defaults& absent = defaults(config.text_or("model_type", "llama"));
  const Decoder decoder = read_decoder(builder, absent.decoder);
  const LayerWindows windows = layer_windows(
      builder, decoder, {.window = absent.window, .sliding = sliding_unless_every(absent.full_every, decoder.layers)});

  const bool bias = config.flag_or("attention_bias", false) || config.flag_or("bias", false);
  LayerShape shape{.attention = {.bias = config.flag_or("qkv_bias", bias), .output_bias = bias},
                   .mlp = {.bias = config.flag_or("mlp_bias", false)}};
  shape.by_transformers =
      naming.architecture == "CwmForCausalLM" && vllm::in_force(kCwmByTransformers, builder.options().as_of);
  if (!shape.by_transformers)
    shape.attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  if (naming.architecture == "Phi3ForCausalLM") {
    // The checkpoint holds them merged.
    shape.attention.shards = kFusedQkv;
    shape.mlp.shards = kFusedGateUp;
  }

  // It drops the bias after the fact.
  if (naming.architecture == "Ernie4_5ForCausalLM") shape.attention.output_bias = false;
  shape.bidirectional = naming.architecture.starts_with("LlamaBidirectional");

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.no_head = shape.bidirectional});
  if (naming.architecture == "LlamaBidirectionalForSequenceClassification") {
    builder.model.hidden = decoder.hidden;
    add_score_head(builder);
  }
  if (shape.by_transformers) add_transformers_rotary(builder, model, decoder.heads.width);
  add_layers(builder, decoder, model + ".layers", shape, windows);
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry llama;
const Entry llama{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
