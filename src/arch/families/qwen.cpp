// Qwen 1: Llama's layers under GPT-2's names, a bias on query, key and value; everything on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"QWenLMHeadModel"};
constexpr std::string_view kMergedQkv[] = {"c_attn"};
constexpr std::string_view kGateUp[] = {"w2", "w1"};

constexpr Decoder kAbsent{4096, 22016, 151936, 32, 8192, {32, 0, 0}, false};

/// source  vllm v0.23.0 vllm/model_executor/models/qwen.py, QWenLMHeadModel
void describe(Builder& builder, const Naming& naming) {
  if (builder.config().has("visual"))
    builder.config().refuse(
        "visual",
        "RuntimeError: The configuration of this model indicates that it supports vision inputs, but you instantiated "
        "the text-only version of this model. Please use the vision model by setting `--hf-overrides "
        "'{\"architectures\": [\"QwenVLForConditionalGeneration\"]}'`",
        "", ErrorCode::kRefused);
  Decoder decoder = read_decoder(builder, kAbsent);
  // The config counts both halves of the gated pair.
  decoder.intermediate /= 2;
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width,
                                                    .positions = decoder.positions,
                                                    .partial = partial_rotary(builder.text(), {"rotary_pct"}, 1)});
  const LayerCache cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("transformer");
  add_ends(builder, decoder, model, naming, {.embedding = "wte", .norm = "ln_f", .every_stage = true});
  add_layers(builder, decoder, model + ".h", [&](Block& layer, std::int64_t) {
    layer.rms_norm("ln_1", decoder.hidden);
    layer.qkv("attn.c_attn", decoder.hidden, decoder.heads, {.bias = true, .shards = kMergedQkv});
    layer.row("attn.c_proj", decoder.hidden, decoder.hidden);
    layer.rotary(rotary);
    layer.attention("attn.attn", cache);
    layer.rms_norm("ln_2", decoder.hidden);
    layer.column("mlp.gate_up_proj", decoder.hidden, {decoder.intermediate, decoder.intermediate}, {.shards = kGateUp});
    layer.row("mlp.c_proj", decoder.intermediate, decoder.hidden);
  });
  describe_model(builder, decoder, model + ".h");
}

}  // namespace

extern const Entry qwen;
const Entry qwen{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
