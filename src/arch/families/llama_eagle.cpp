// EAGLE and EAGLE-3 drafts of Llama's layers. The embedding and the head are the target's.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {
    "EagleLlamaForCausalLM",      "Eagle3LlamaForCausalLM",   "LlamaForCausalLMEagle3", "Eagle3MiniMaxM2ForCausalLM",
    "Eagle3Qwen2_5vlForCausalLM", "Eagle3Qwen3vlForCausalLM", "PEagleDraftModel",       "PeagleLlamaForCausalLM"};

/// source  transformers' LlamaConfig
constexpr Decoder kAbsent{4096, 11008, 32000, 32, 2048, {32, 0, 0}, false};

/// A draft with the target's vocabulary has no table from its token ids to the target's.
constexpr vllm::Step<bool> kNoTableForOneVocabulary[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/llama_eagle3.py, Eagle3LlamaForCausalLM"},
    {{2026, 6, 29}, true, "~ vllm v0.33.0 vllm/model_executor/models/llama_eagle3.py"},
};
static_assert(vllm::well_formed(kNoTableForOneVocabulary));

SelfAttention attention_of(const Builder& builder, const Decoder& decoder) {
  const bool bias = builder.text().flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  return attention;
}

/// source  vllm/model_executor/models/llama_eagle.py: no norm before the first layer and none after the last
void describe_eagle(Builder& builder, const Decoder& decoder, const std::string& model) {
  const SelfAttention attention = attention_of(builder, decoder);
  Block inputs = builder.block(model);
  inputs.replicated("fc", 2 * decoder.hidden, {decoder.hidden});
  builder.add_part("inputs", Part::Place::kLastStage, std::move(inputs));
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    self_attention(layer, decoder, attention);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    if (i > 0) layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
}

/// The projection of several of the target's hidden states to one.
void add_eagle3_inputs(Block& inputs, const Decoder& decoder) {
  const json::Fields& config = inputs.builder().text();
  const json::Fields eagle = config.inner("eagle_config");
  if (!eagle.flag_or("use_aux_hidden_state", true)) return;
  std::int64_t states = std::int64_t(eagle.counts("eagle_aux_hidden_state_layer_ids").size());
  states = config.count_or("num_aux_hidden_states", states > 0 ? states : 3, 1);
  const std::int64_t target = config.count_or("target_hidden_size", decoder.hidden, 1);
  if (eagle.flag_or("norm_before_fc", config.flag_or("norm_before_fc", false)))
    inputs.rms_norm("input_norm", target * states);
  if (config.flag_or("fc_norm", false))
    for (std::int64_t i = 0; i < states; ++i) inputs.rms_norm("fc_norm." + std::to_string(i), target);
  inputs.replicated("fc", target * states, {decoder.hidden});
}

/// source  vllm/model_executor/models/llama_eagle3.py: the first layer reads the token and the target side by side
void describe_eagle3(Builder& builder, const Decoder& decoder, const std::string& model) {
  const json::Fields& config = builder.text();
  const SelfAttention attention = attention_of(builder, decoder);
  Block inputs = builder.block(model);
  add_eagle3_inputs(inputs, decoder);
  inputs.rms_norm("norm", decoder.hidden);
  builder.add_part("inputs", Part::Place::kLastStage, std::move(inputs));

  const std::int64_t draft_vocabulary = config.count_or("draft_vocab_size", decoder.vocabulary, 1);
  const bool one_vocabulary =
      draft_vocabulary == decoder.vocabulary && vllm::in_force(kNoTableForOneVocabulary, builder.options().as_of);
  Block head = builder.block("");
  if (!one_vocabulary) head.tensor("draft_id_to_target_id", {draft_vocabulary}, Dtype::kInt64);
  builder.add_part("head", Part::Place::kLastStage, std::move(head));

  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const QkvHeads& heads = decoder.heads;
    layer.qkv("self_attn.qkv_proj", i == 0 ? 2 * decoder.hidden : decoder.hidden, heads, {.bias = attention.bias});
    layer.row("self_attn.o_proj", heads.query * heads.width, decoder.hidden, {.bias = attention.output_bias});
    layer.rotary(*attention.rotary);
    layer.attention("self_attn.attn", attention.cache);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, {.bias = config.flag_or("mlp_bias", false)});
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("hidden_norm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
}

void describe(Builder& builder, const Naming& naming) {
  const Decoder decoder = read_decoder(builder, kAbsent);
  const std::string model = naming.under("model");
  if (naming.architecture == "EagleLlamaForCausalLM")
    describe_eagle(builder, decoder, model);
  else
    describe_eagle3(builder, decoder, model);
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry llama_eagle;
const Entry llama_eagle{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
