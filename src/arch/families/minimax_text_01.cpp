// MiniMax-Text-01 and M1: lightning attention with full attention in every eighth layer, experts throughout. vLLM had
// the class up to 0.23.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/layer_kinds.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiniMaxText01ForCausalLM", "MiniMaxM1ForCausalLM",
                                               "MiniMaxForCausalLM"};

/// source  transformers' MiniMaxConfig
constexpr Decoder kAbsent{4096, 14336, 32000, 32, 131072, {32, 8, 0}, false};

/// Whether each layer attends in full: "attn_type_list" of zeros and ones, or "layer_types".
std::vector<bool> full_layers(const json::Fields& config, std::int64_t layers) {
  std::vector<bool> full;
  for (const char* name : {"attn_type_list", "decoder_attention_types"}) {
    if (!config.has(name)) continue;
    for (const std::int64_t type : config.counts(name)) full.push_back(type == 1);
    if (std::int64_t(full.size()) < layers) config.refuse(name, "names fewer layers than \"num_hidden_layers\"");
    full.resize(std::size_t(layers), true);
    return full;
  }
  const bool known_class = config.text_or("model_type", "") == "minimax";
  for (const std::string& kind :
       layer_kinds(config, "layer_types", layers,
                   known_class ? every(2, layers, "linear_attention", "full_attention")
                               : std::vector<std::string>(std::size_t(layers), "full_attention"),
                   {"full_attention", "linear_attention"}))
    full.push_back(kind == "full_attention");
  return full;
}

/// One figure for all layers, or one for each.
std::int64_t figure_of(const json::Fields& config, std::string_view name, std::int64_t layer, std::int64_t absent) {
  const json::Value* value = config.find(name);
  if (!value || !value->array()) return config.count_or(name, absent);
  const std::vector<std::int64_t> each = config.counts(name);
  return layer < std::int64_t(each.size()) ? each[std::size_t(layer)] : absent;
}

// The class hands its layers' own prefix on, so that no name has "self_attn" or "block_sparse_moe" in it.

/// source  vllm/model_executor/layers/mamba/linear_attn.py, MiniMaxText01LinearAttention
void add_linear_attention(Block& layer, const Decoder& decoder) {
  const std::int64_t inner = decoder.heads.query * decoder.heads.width;
  layer.column("qkv_proj", decoder.hidden, {3 * inner});
  layer.column("output_gate", decoder.hidden, {inner});
  layer.row("out_proj", inner, decoder.hidden);
  layer.divided("norm.weight", {{inner}});
  layer.cache("self_attn", LinearAttentionState{decoder.heads.query, decoder.heads.width});
}

void add_attention(Block& layer, const Decoder& decoder, const RotaryTable& rotary) {
  layer.qkv("qkv_proj", decoder.hidden, decoder.heads);
  layer.row("o_proj", decoder.heads.query * decoder.heads.width, decoder.hidden);
  layer.attention("attn", attention_cache(layer.builder(), decoder.heads));
  layer.rotary(rotary);
}

void add_experts(Block& layer, const Decoder& decoder, std::int64_t i) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t hidden = decoder.hidden;
  const std::int64_t experts =
      figure_of(config, "num_local_experts", i, config.text_or("model_type", "") == "minimax" ? 8 : 1);
  if (experts == 1) {
    layer.column("gate_up_proj", hidden, {decoder.intermediate, decoder.intermediate});
    layer.row("down_proj", decoder.intermediate, hidden);
  } else {
    layer.replicated("gate", hidden, {experts}, {.quantised = false, .dtype = Dtype::kFloat32});
    layer.experts({.name = "experts",
                   .count = experts,
                   .per_token = config.count_or("num_experts_per_tok", 2),
                   .hidden = hidden,
                   .intermediate = decoder.intermediate});
  }
  const std::int64_t shared = figure_of(config, "shared_intermediate_size", i, 0);
  if (shared == 0) return;
  layer.column("gate_up_proj", hidden, {shared, shared});
  layer.row("down_proj", shared, hidden);
  layer.replicated("coefficient", hidden, {1}, {.dtype = Dtype::kFloat32});
}

/// The table is in float32 and no longer than the longest request.
RotaryTable rotary_of(const Builder& builder, const Decoder& decoder) {
  const json::Fields& config = builder.text();
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  if (builder.options().max_model_len > 0) rope.positions = std::min(rope.positions, builder.options().max_model_len);
  rope.partial = double(config.count_or("rotary_dim", decoder.heads.width, 1)) / double(decoder.heads.width);
  RotaryTable table = rotary_table(builder, rope);
  table.dtype = Dtype::kFloat32;
  return table;
}

/// source  vllm/model_executor/models/minimax_text_01.py, MiniMaxText01ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;  // the class never ties
  const RotaryTable rotary = rotary_of(builder, decoder);
  const std::vector<bool> full = full_layers(builder.text(), decoder.layers);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.head_dtype = Dtype::kFloat32});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    if (full[std::size_t(i)])
      add_attention(layer, decoder, rotary);
    else
      add_linear_attention(layer, decoder);
    add_experts(layer, decoder, i);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
  builder.model.pipeline_parallel = false;
}

}  // namespace

extern const Entry minimax_text_01;
const Entry minimax_text_01{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
