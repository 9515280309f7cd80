#include "arch/decoder.h"

namespace vram::arch {
namespace {

constexpr vllm::Step<bool> kFuses[] = {
    {{}, false, "vllm v0.24.0 vllm/model_executor/models/transformers/base.py, recursive_replace"},
    {{2026, 6, 24}, true, "~ vllm v0.25.1 vllm/model_executor/models/transformers/fusers"},
};

/// Before, the attention layers sat in a plain dictionary, where their scales are no part of the model.
constexpr vllm::Step<bool> kHoldsAttention[] = {
    {{}, false, "vllm v0.29.0 vllm/model_executor/models/transformers/base.py, attention_instances"},
    {{2026, 9, 1}, true, "~ vllm v0.30.0 vllm/model_executor/models/transformers/base.py, VLLM_ATTN_ATTR"},
};

/// transformers 5 keeps the frequencies from before any scaling as a buffer too.
constexpr vllm::Step<bool> kKeepsOriginal[] = {
    {{}, false, "vllm v0.19.0 requires transformers < 5"},
    {{2026, 3, 31}, true, "~ vllm v0.20.0 takes transformers 5: modeling_llama.py, original_inv_freq"},
};
static_assert(vllm::well_formed(kFuses) && vllm::well_formed(kHoldsAttention) && vllm::well_formed(kKeepsOriginal));

}  // namespace

bool transformers_fuses(const Builder& builder) { return vllm::in_force(kFuses, builder.options().as_of); }

void add_transformers_rotary(Builder& builder, const std::string& model, std::int64_t width,
                             const std::vector<std::string>& layer_types) {
  const bool original = vllm::in_force(kKeepsOriginal, builder.options().as_of);
  Block rotary = builder.block(model);
  for (const std::string& type : layer_types) {
    const std::string prefix = "rotary_emb." + (type.empty() ? "" : type + '_');
    rotary.buffer(prefix + "inv_freq", {ceil_div(width, 2)}, Dtype::kFloat32);
    if (original) rotary.buffer(prefix + "original_inv_freq", {ceil_div(width, 2)}, Dtype::kFloat32);
  }
  builder.add_part("rotary", Part::Place::kEveryStage, std::move(rotary));
}

void transformers_attention(Block& layer, const Decoder& decoder, const SelfAttention& attention) {
  const std::string name(attention.name);
  const QkvHeads& heads = decoder.heads;
  const LinearOptions qkv{.bias = attention.bias};
  if (transformers_fuses(layer.builder())) {
    layer.qkv(name + ".qkv_proj", decoder.hidden, heads, qkv);
  } else {
    layer.column(name + ".q_proj", decoder.hidden, {heads.query * heads.width}, qkv);
    layer.column(name + ".k_proj", decoder.hidden, {heads.kv * heads.width}, qkv);
    layer.column(name + ".v_proj", decoder.hidden, {heads.kv * heads.width}, qkv);
  }
  layer.row(name + '.' + std::string(attention.output), heads.query * heads.width, decoder.hidden,
            {.bias = attention.output_bias});
  if (attention.head_norm > 0) {
    layer.rms_norm(name + ".q_norm", attention.head_norm);
    layer.rms_norm(name + ".k_norm", attention.head_norm);
  }
  transformers_cache(layer, name + ".attn", attention.cache);
}

void transformers_cache(Block& layer, const std::string& name, const LayerCache& cache) {
  vllm::in_force(kHoldsAttention, layer.builder().options().as_of) ? layer.attention(name, cache)
                                                                   : layer.cache(name, cache);
}

void transformers_mlp(Block& layer, const Decoder& decoder, const LinearOptions& options) {
  if (transformers_fuses(layer.builder()))
    return gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate, options);
  layer.column("mlp.gate_proj", decoder.hidden, {decoder.intermediate}, options);
  layer.column("mlp.up_proj", decoder.hidden, {decoder.intermediate}, options);
  layer.row("mlp.down_proj", decoder.intermediate, decoder.hidden, options);
}

}  // namespace vram::arch
