// InternLM 2: Llama under other names, with embedding, norm and head on every stage.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"InternLM2ForCausalLM", "InternLM2ForRewardModel"};
constexpr std::string_view kWqkv[] = {"wqkv"};
constexpr std::string_view kGateUp[] = {"w1", "w3"};

constexpr Decoder kAbsent{4096, 11008, 103168, 32, 2048, {32, 0, 0}, false};

/// Nothing: the model's.
constexpr vllm::Step<std::optional<Dtype>> kHeadDtype[] = {
    {{}, std::nullopt, "vllm v0.9.2 vllm/model_executor/models/internlm2.py, v_head"},
    {{2025, 8, 17}, Dtype::kFloat32, "~ vllm v0.10.2 vllm/config/__init__.py, head_dtype"},
};
static_assert(vllm::well_formed(kHeadDtype));

/// source  vllm/model_executor/models/internlm2.py, InternLM2ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const LayerCache cache = attention_cache(builder, decoder.heads, layer_windows(builder, decoder).window);

  const std::string model = naming.under("model");
  const bool reward = naming.architecture == "InternLM2ForRewardModel";
  add_ends(builder, decoder, model, naming,
           {.embedding = "tok_embeddings", .head = "output", .no_head = reward, .every_stage = true});
  if (reward) {
    // A RowParallelLinear with one output.
    Block head = builder.block(naming.prefix);
    head.divided("v_head.weight", {{decoder.hidden}}, {},
                 vllm::in_force(kHeadDtype, builder.options().as_of).value_or(builder.dtype()));
    builder.add_part("v_head", Part::Place::kEveryStage, std::move(head));
  }
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    layer.rms_norm("attention_norm", decoder.hidden);
    layer.qkv("attention.wqkv", decoder.hidden, decoder.heads, {.shards = kWqkv});
    layer.row("attention.wo", decoder.heads.query * decoder.heads.width, decoder.hidden);
    layer.rotary(rotary);
    layer.attention("attention.attn", cache);
    layer.column("feed_forward.gate_up_proj", decoder.hidden, {decoder.intermediate, decoder.intermediate},
                 {.shards = kGateUp});
    layer.row("feed_forward.w2", decoder.intermediate, decoder.hidden);
    layer.rms_norm("ffn_norm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry internlm2;
const Entry internlm2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
