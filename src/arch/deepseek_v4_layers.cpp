#include "arch/deepseek_v4_layers.h"

#include "arch/streams.h"

namespace vram::arch {
namespace {

constexpr vllm::Step<TokenSplit> kSharedExperts[] = {
    {{}, TokenSplit::kIgnored, "vllm v0.26.0 vllm/models/deepseek_v4/nvidia/model.py, DeepseekV4MoE"},
    {{2026, 7, 26}, TokenSplit::kWholeOnOneStage, "~vllm v0.27.0 deepseek_v4/nvidia/model.py, use_sequence_parallel"},
};
static_assert(vllm::well_formed(kSharedExperts));

constexpr std::string_view kFirstShards[] = {"wq_a", "wkv"};
constexpr std::string_view kMlpShards[] = {"w1", "w3"};
constexpr std::string_view kExpertShards[] = {"w1", "w3", "w2"};

/// source  transformers' DeepseekV4Config
constexpr Decoder kAbsent{4096, 2048, 129280, 43, 1048576, {64, 1, 512}, false};

/// source  vllm/models/deepseek_v4/common/rope.py, build_deepseek_v4_rope: only compressed layers are stretched
RotaryTable rotary(const Builder& builder, const DeepseekV4Figures& figures, bool compressed) {
  const std::string id = compressed ? "compress" : "main";
  RotaryTable table{"attn.rotary_emb.cos_sin_cache", id, figures.decoder.positions, figures.rope, Dtype::kFloat32};
  if (!compressed) return table;
  json::Fields parameters = rope_parameters(builder.text());
  if (parameters.has("compress")) parameters = parameters.inner("compress");
  table.rows =
      rotary_table(builder, {.head_width = figures.rope, .positions = table.rows, .partial = 1.0}, parameters).rows;
  return table;
}

}  // namespace

DeepseekV4Figures read_deepseek_v4(const Builder& builder) {
  const json::Fields& config = builder.text();
  DeepseekV4Figures figures;
  figures.decoder = read_decoder(builder, kAbsent);
  figures.decoder.intermediate = config.count_or("moe_intermediate_size", 2048, 1);
  figures.query_rank = config.count_or("q_lora_rank", 1024, 1);
  figures.output_rank = config.count_or("o_lora_rank", 1024, 1);
  figures.groups = config.count_or("o_groups", 8, 1);
  const double partial = config.maybe_number("partial_rotary_factor").value_or(64.0 / 512);
  figures.rope = config.count_or("qk_rope_head_dim", std::int64_t(double(figures.decoder.heads.width) * partial), 1);
  figures.streams = config.count_or("hc_mult", 4, 1);
  figures.index_heads = config.count_or("index_n_heads", 64, 1);
  figures.index_width = config.count_or("index_head_dim", 128, 1);
  figures.window = Tokens(config.count_or("sliding_window", 128, 1));
  figures.plain = rotary(builder, figures, false);
  figures.compressed = rotary(builder, figures, true);
  return figures;
}

void add_deepseek_v4_attention(Block& layer, const DeepseekV4Figures& figures, std::int64_t sink_multiple) {
  const Decoder& decoder = figures.decoder;
  const std::int64_t heads = decoder.heads.query, width = decoder.heads.width;
  layer.divided("attn.attn_sink", {{heads, 1, Columns::Split::kDivided, sink_multiple}}, {}, Dtype::kFloat32);
  layer.replicated("attn.fused_wqa_wkv", decoder.hidden, {figures.query_rank, width}, {.shards = kFirstShards});
  layer.rms_norm("attn.q_norm", figures.query_rank);
  layer.column("attn.wq_b", figures.query_rank, {heads * width});
  layer.rms_norm("attn.kv_norm", width);
  layer.column("attn.wo_a", heads * width / figures.groups, {figures.groups * figures.output_rank});
  layer.row("attn.wo_b", figures.groups * figures.output_rank, decoder.hidden);
}

void add_deepseek_v4_experts(Block& layer, const json::Fields& config, const DeepseekV4Figures& figures,
                             const DeepseekV4Gate& gate) {
  const Decoder& decoder = figures.decoder;
  const std::int64_t experts = config.count_or("n_routed_experts", config.count_or("num_local_experts", 256));
  const std::int64_t per_token = config.count_or("num_experts_per_tok", 6);
  layer.replicated("ffn.gate", decoder.hidden, {experts}, {.quantised = false});
  if (gate.by_token) layer.tensor("ffn.gate.tid2eid", {decoder.vocabulary, per_token}, Dtype::kInt32);
  if (config.text_or("topk_method", "") == "noaux_tc" && (!gate.by_token || gate.vision))
    layer.tensor("ffn.gate.e_score_correction_bias", {experts}, Dtype::kFloat32);
  if (gate.vision) layer.tensor("ffn.gate.bias_vl", {experts}, Dtype::kFloat32);
  if (const std::int64_t shared = config.count_or("n_shared_experts", 1); shared > 0) {
    LinearOptions options{.tokens = vllm::in_force(kSharedExperts, layer.builder().options().as_of)};
    const std::int64_t intermediate = decoder.intermediate * shared;
    layer.row("ffn.shared_experts.down_proj", intermediate, decoder.hidden, options);
    options.shards = kMlpShards;
    layer.column("ffn.shared_experts.gate_up_proj", decoder.hidden, {intermediate, intermediate}, options);
  }
  layer.experts({.name = "ffn.experts",
                 .count = experts,
                 .per_token = per_token,
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate},
                {.shards = kExpertShards});
}

void add_deepseek_v4_norms(Block& layer, const DeepseekV4Figures& figures) {
  layer.rms_norm("attn_norm", figures.decoder.hidden);
  layer.rms_norm("ffn_norm", figures.decoder.hidden);
  add_stream_mixing(layer, figures.streams, figures.decoder.hidden);
}

}  // namespace vram::arch
