// Baichuan 1 and 2: Llama's layers with a merged W_pack; rotary positions in the 7B, ALiBi in the 13B; everything on
// every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"BaichuanForCausalLM", "BaiChuanForCausalLM"};
constexpr std::string_view kMergedQkv[] = {"W_pack"};

constexpr Decoder kAbsent{4096, 11008, 64000, 32, 4096, {32, 0, 0}, true};

/// The hidden size by which the class that builds both sizes knows the one with rotary positions.
constexpr std::int64_t kRotaryHidden = 4096;

/// source  vllm v0.23.0 vllm/model_executor/models/baichuan.py
void describe(Builder& builder, const Naming& naming) {
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const bool rotates = naming.architecture == "BaiChuanForCausalLM" || decoder.hidden == kRotaryHidden;
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const LayerCache cache = attention_cache(builder, decoder.heads);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    layer.qkv("self_attn.W_pack", decoder.hidden, decoder.heads, {.shards = kMergedQkv});
    layer.row("self_attn.o_proj", decoder.hidden, decoder.hidden);
    if (rotates)
      layer.rotary(rotary).attention("self_attn.attn", cache);
    else
      layer.attention_in_model_dtype("self_attn.attn", cache);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry baichuan;
const Entry baichuan{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
