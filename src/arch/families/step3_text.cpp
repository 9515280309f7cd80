// Step-3: one KV head, queries by way of a narrow shared projection, experts beside a shared one in most layers.
#include "arch/families/step3_text.h"

#include <algorithm>

#include "arch/decoder.h"
#include "units/text.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Step3TextForCausalLM"};

/// source  vllm/transformers_utils/configs/step3_vl.py, Step3TextConfig
constexpr Decoder kAbsent{7168, 18432, 128815, 61, 65536, {64, 1, 256}, false};
constexpr std::int64_t kFirstSparse = 4, kLastSparse = 59;

/// source  vllm/model_executor/models/step3_text.py, Step3TextAttention: all but the last query projection is whole
void add_attention(Block& layer, const Decoder& decoder, std::int64_t shared, const RotaryTable& rotary) {
  const std::int64_t width = decoder.heads.width, queries = decoder.heads.query * width;
  layer.replicated("self_attn.qkv_proj", decoder.hidden, {shared + 2 * width});
  layer.row("self_attn.o_proj", queries, decoder.hidden);
  layer.rms_norm("self_attn.inter_norm", shared);
  layer.column("self_attn.wq", shared, {queries});
  layer.rotary(rotary);
  layer.attention("self_attn.attn", attention_cache(layer.builder(), decoder.heads));
}

/// source  vllm/model_executor/models/step3_text.py, FusedMoEBlock and the shared expert beside it
void add_experts(Block& layer, std::int64_t hidden) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t experts = config.count_or("moe_num_experts", 48, 1);
  layer.experts({.name = "moe.experts",
                 .count = experts,
                 .per_token = config.count_or("moe_top_k", 3),
                 .hidden = hidden,
                 .intermediate = config.count_or("moe_intermediate_size", 5120, 1)});
  layer.replicated("moe.gate", hidden, {experts}, {.quantised = false});
  gated_mlp(layer, "share_expert", hidden, config.count_or("share_expert_dim", 5120, 1));
}

/// source  vllm/model_executor/models/step3_text.py, Step3TextForCausalLM: never tied; its layers have no "model"
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.kv = 1;
  decoder.tied = false;
  decoder.positions = config.count_or("max_position_embedding", kAbsent.positions, 1);
  const RotaryTable rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  const std::int64_t shared = config.count_or("share_q_dim", 2048, 1);
  const std::vector<std::int64_t> sparse = read_step3_sparse_layers(config, kFirstSparse, kLastSparse);

  add_ends(builder, decoder, naming.prefix, naming);
  add_layers(builder, decoder, naming.under("layers"), [&](Block& layer, std::int64_t i) {
    add_attention(layer, decoder, shared, rotary);
    if (std::find(sparse.begin(), sparse.end(), i) != sparse.end())
      add_experts(layer, decoder.hidden);
    else
      gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, naming.under("layers"));
}

}  // namespace

std::vector<std::int64_t> read_step3_sparse_layers(const json::Fields& config, std::int64_t first, std::int64_t last) {
  const json::Value* given = config.find("moe_layers_enum");
  if (given && given->array()) return config.counts("moe_layers_enum");
  std::vector<std::int64_t> layers;
  if (given && given->string()) {
    std::string_view rest = *given->string();
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      if (const auto number = read_integer(rest.substr(0, end))) layers.push_back(*number);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return layers;
  }
  for (std::int64_t i = first; i <= last; ++i) layers.push_back(i);
  return layers;
}

extern const Entry step3_text;
const Entry step3_text{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
