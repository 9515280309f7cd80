// Kimi-Linear, and the language model of Kimi-K3: Kimi delta attention with latent attention in every fourth layer,
// experts from the second layer on. K3 adds gates, experts in a narrower space and attention over earlier layers.
#include "arch/families/kimi_linear.h"

#include <algorithm>

#include "arch/decoder.h"
#include "arch/draft.h"
#include "arch/kda.h"
#include "arch/latent.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"KimiLinearForCausalLM"};

/// source  vllm/transformers_utils/configs/kimi_linear.py
constexpr Decoder kAbsent{4096, 11008, 163840, 32, 4096, {32, 0, 0}, false};

constexpr std::string_view kGatedShards[] = {"q_a_proj", "kv_a_proj_with_mqa", "g_proj"};
constexpr std::string_view kUngatedShards[] = {"q_a_proj", "kv_a_proj_with_mqa"};

/// Kimi-K3's classes, which Kimi-Linear's became.
constexpr vllm::Step<bool> kK3[] = {
    {{}, false, "vllm v0.26.0 vllm/model_executor/models/kimi_linear.py"},
    {{2026, 7, 26}, true, "~ vllm v0.27.0 vllm/models/kimi_k3/nvidia/model.py"},
};
static_assert(vllm::well_formed(kK3));

/// A rank's least share of an expert.
constexpr std::int64_t kLeastColumns = 256;

struct Figures {
  Decoder decoder;
  LatentWidths latent;
  Kda kda;
  std::vector<std::int64_t> recurrent;  // numbers of delta layers, from 1 on
  bool k3 = false;
  bool output_gate = false;       // of latent attention
  std::int64_t experts = 0;       // 0: none
  std::int64_t expert_width = 0;  // routed_expert_hidden_size; 0: hidden
  bool joins_layers = false;      // attn_res_block_size
  std::int64_t dense_layers = 0, sparse_period = 1;
};

Figures read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Figures figures;
  figures.decoder = read_decoder(builder, kAbsent);
  figures.decoder.tied = false;  // the class never ties
  LatentWidths& latent = figures.latent;
  latent.heads = figures.decoder.heads.query;
  latent.query_rank = config.maybe_count("q_lora_rank", 1);
  latent.kv_rank = config.count("kv_lora_rank");
  latent.nope = config.count("qk_nope_head_dim");
  latent.rope = config.count("qk_rope_head_dim");
  latent.value = config.count("v_head_dim");
  if (config.has("linear_attn_config")) {
    figures.kda = read_kda(config);
    figures.recurrent = config.inner("linear_attn_config").counts("kda_layers");
  }
  figures.k3 = vllm::in_force(kK3, builder.options().as_of);
  figures.output_gate = config.flag_or("mla_use_output_gate", false);
  figures.experts = config.count_or("num_experts", 0);
  figures.expert_width = config.count_or("routed_expert_hidden_size", 0);
  figures.joins_layers = config.has("attn_res_block_size");
  figures.dense_layers = config.count_or("first_k_dense_replace", 0);
  figures.sparse_period = config.count_or("moe_layer_freq", 1, 1);
  return figures;
}

/// source  vllm/models/kimi_k3/nvidia/mla.py, MultiHeadLatentAttention
void add_latent_attention(Block& layer, const Figures& figures) {
  const std::int64_t hidden = figures.decoder.hidden;
  const LatentWidths& widths = figures.latent;
  const std::int64_t kv_first = widths.kv_rank + widths.rope, values = widths.heads * widths.value;
  if (widths.query_rank && figures.output_gate) {
    layer.linear("self_attn.fused_qkv_a_g_proj", hidden,
                 {{*widths.query_rank, 1, Columns::Split::kWhole},
                  {kv_first, 1, Columns::Split::kWhole},
                  {widths.heads, widths.value}},
                 Linear::Input::kWhole, {.shards = kGatedShards});
  } else if (widths.query_rank) {
    layer.replicated("self_attn.fused_qkv_a_proj", hidden, {*widths.query_rank, kv_first}, {.shards = kUngatedShards});
  } else {
    layer.column("self_attn.q_proj", hidden, {widths.heads * widths.key()});
    layer.replicated("self_attn.kv_a_proj_with_mqa", hidden, {kv_first});
    if (figures.output_gate) layer.column("self_attn.g_proj", hidden, {values});
  }
  if (widths.query_rank) {
    layer.rms_norm("self_attn.q_a_layernorm", *widths.query_rank);
    layer.column("self_attn.q_b_proj", *widths.query_rank, {widths.heads * widths.key()});
  }
  layer.rms_norm("self_attn.kv_a_layernorm", widths.kv_rank);
  layer.column("self_attn.kv_b_proj", widths.kv_rank, {widths.heads * (widths.nope + widths.value)});
  layer.row("self_attn.o_proj", values, hidden);
  layer.attention(figures.k3 ? "self_attn" : "self_attn.attn", widths.cache());
  if (figures.k3) layer.buffer("self_attn._one_scale", {1}, Dtype::kFloat32);
}

/// source  KimiMoE of the same files
void add_experts(Block& layer, const Figures& figures, const json::Fields& config) {
  const std::int64_t hidden = figures.decoder.hidden;
  const std::int64_t intermediate = config.count("moe_intermediate_size");
  layer.replicated("block_sparse_moe.gate", hidden, {figures.experts}, {.quantised = false});
  layer.tensor("block_sparse_moe.gate.e_score_correction_bias", {figures.experts},
               figures.k3 ? std::optional(Dtype::kFloat32) : std::nullopt);
  const TokenSplit tokens = figures.k3 ? TokenSplit::kWholeOnOneStage : TokenSplit::kIgnored;
  if (const std::int64_t shared = config.count_or("num_shared_experts", 0); shared > 0)
    gated_mlp(layer, "block_sparse_moe.shared_experts", hidden, intermediate * shared, {.tokens = tokens});
  const std::int64_t width = figures.expert_width;
  if (width > 0) {
    layer.replicated("block_sparse_moe.routed_expert_down_proj", hidden, {width});
    if (config.flag_or("latent_moe_use_norm", false)) layer.rms_norm("block_sparse_moe.routed_expert_norm", width);
    layer.replicated("block_sparse_moe.routed_expert_up_proj", width, {hidden});
  }
  layer.experts(
      {.name = "block_sparse_moe.experts",
       .count = figures.experts,
       .per_token = config.count_or("num_experts_per_token", 1),
       .hidden = width > 0 ? width : hidden,
       .intermediate = intermediate,
       .least_columns = figures.k3 ? config.count_or("min_moe_intermediate_per_partition", kLeastColumns) : 0});
}

void add_joints(Block& layer, std::int64_t hidden) {
  layer.rms_norm("self_attention_res_norm", hidden);
  layer.rms_norm("mlp_res_norm", hidden);
  layer.replicated("self_attention_res_proj", hidden, {1}, {.quantised = false});
  layer.replicated("mlp_res_proj", hidden, {1}, {.quantised = false});
}

/// source  KimiDecoderLayer of the same files
void add_layer(Block& layer, const Figures& figures, std::int64_t i) {
  const std::int64_t hidden = figures.decoder.hidden;
  const auto& recurrent = figures.recurrent;
  if (std::find(recurrent.begin(), recurrent.end(), i + 1) != recurrent.end())
    kda_attention(layer, "self_attn", hidden, figures.kda);
  else
    add_latent_attention(layer, figures);
  if (figures.experts > 0 && i >= figures.dense_layers && i % figures.sparse_period == 0)
    add_experts(layer, figures, layer.builder().text());
  else
    gated_mlp(layer, "mlp", hidden, figures.decoder.intermediate,
              {.tokens = figures.k3 ? TokenSplit::kWholeOnOneStage : TokenSplit::kIgnored});
  layer.rms_norm("input_layernorm", hidden);
  layer.rms_norm("post_attention_layernorm", hidden);
  if (figures.joins_layers) add_joints(layer, hidden);
}

void describe_whole(Builder& builder, Figures figures, std::string layers) {
  figures.decoder.heads.width = figures.latent.kv_rank + figures.latent.rope;
  describe_model(builder, figures.decoder, std::move(layers));
  builder.model.latent_attention = true;
}

}  // namespace

void describe_kimi_linear(Builder& builder, const Naming& naming) {
  const Figures figures = read(builder);
  const Decoder& decoder = figures.decoder;

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  if (figures.joins_layers) {
    Block last = builder.block(model);
    last.rms_norm("output_attn_res_norm", decoder.hidden);
    last.replicated("output_attn_res_proj", decoder.hidden, {1}, {.quantised = false});
    builder.add_part("attention over layers", Part::Place::kLastStage, std::move(last));
  }
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) { add_layer(layer, figures, i); });
  describe_whole(builder, figures, model + ".layers");
  builder.model.recurrent = true;
}

void describe_kimi_draft(Builder& builder, const Naming& naming) {
  Figures figures = read(builder);
  figures.joins_layers = false;
  const std::string layers = naming.under("model") + ".layers";
  const std::int64_t first = figures.decoder.layers;
  for (std::int64_t i = first; i < first + draft_layers(builder.text()); ++i) {
    Block layer = builder.block(layers + '.' + std::to_string(i));
    add_mtp_inputs(layer, figures.decoder.hidden);
    add_layer(layer, figures, i);
    builder.add_layer(std::move(layer));
  }
  describe_whole(builder, figures, layers);
}

extern const Entry kimi_linear;
const Entry kimi_linear{kArchitectures, build_text<describe_kimi_linear>, describe_kimi_linear};

}  // namespace vram::arch::families
