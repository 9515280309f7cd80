// gpt-oss: biases everywhere, learnt attention sinks, a window on every other layer, experts in place of every MLP.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"GptOssForCausalLM"};

/// source  transformers' GptOssConfig
constexpr Decoder kAbsent{2880, 2880, 201088, 36, 131072, {64, 8, 64}, false};

/// source  vllm/model_executor/models/gpt_oss.py, OAIAttention: always YaRN, in 32-bit floats
RotaryTable rotary(const Builder& builder, const Decoder& decoder) {
  const json::Fields parameters = rope_parameters(builder.text());
  const std::int64_t original = parameters.count_or("original_max_position_embeddings", 4096, 1);
  const double rows = double(original) * parameters.maybe_number("factor").value_or(32.0);
  if (!(rows >= 1 && rows < double(json::Fields::kMost)))
    parameters.refuse("factor", "stretches the rotary table to " + std::to_string(rows) + " rows");
  return {"attn.rotary_emb.cos_sin_cache", "yarn", std::int64_t(rows), decoder.heads.width, Dtype::kFloat32};
}

/// source  vllm/model_executor/models/gpt_oss.py, GptOssForCausalLM: never tied, all of it on every stage
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  const QkvHeads& heads = decoder.heads;
  const RotaryTable table = rotary(builder, decoder);
  const std::int64_t experts = config.count_or("num_local_experts", config.count_or("num_experts", 128));
  const LayerWindows windows = layer_windows(builder, decoder, {.window = 128});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.embedding = "embedding", .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    layer.rotary(table);
    layer.divided("attn.sinks", {{heads.query}});
    layer.qkv("attn.qkv_proj", decoder.hidden, heads, {.bias = true});
    layer.row("attn.o_proj", heads.query * heads.width, decoder.hidden, {.bias = true});
    layer.attention("attn.attn", attention_cache(builder, heads, i % 2 == 0 ? windows.window : std::nullopt), true);
    layer.replicated("mlp.router", decoder.hidden, {experts}, {.bias = true, .quantised = false});
    layer.experts({.name = "mlp.experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 4),
                   .hidden = decoder.hidden,
                   .intermediate = decoder.intermediate,
                   .bias = true});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry gpt_oss;
const Entry gpt_oss{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
