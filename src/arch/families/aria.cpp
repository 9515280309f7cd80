// Aria: SigLIP for images of any shape, learnt queries that look at its patches, and Llama's layers with experts.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"AriaForConditionalGeneration"};

/// source  vllm/model_executor/models/aria.py, hf_to_vllm_mapper
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "model.language_model.", "language_model.model."},
                               {NameRule::Where::kPrefix, "model.vision_tower.", "vision_tower."},
                               {NameRule::Where::kPrefix, "model.multi_modal_projector.", "multi_modal_projector."}};

constexpr Tower kImages{.role = Part::Role::kImages};

/// The most queries that "projector_patch_to_query_dict" asks for.
std::int64_t most_queries(const json::Fields& config) {
  constexpr std::int64_t kUsual = 256;
  const json::Value* queries = config.find("projector_patch_to_query_dict");
  if (!queries || !queries->object()) return config.count_or("max_value_projector_patch_to_query_dict", kUsual, 1);
  std::int64_t most = 1;
  for (const auto& [patches, count] : queries->object()->members())
    if (count.integer()) most = std::max(most, *count.integer());
  return most;
}

/// source  vllm/model_executor/models/aria.py, AriaProjector; transformers' AriaCrossAttention
void add_projector(Builder& builder, std::int64_t vision, std::int64_t hidden) {
  const LinearOptions plain{.quantised = false}, biased{.bias = true, .quantised = false};
  Block block = builder.block("multi_modal_projector");
  block.tensor("query", {most_queries(builder.config()), vision});
  for (const char* name : {"cross_attn.q_proj", "cross_attn.k_proj", "cross_attn.v_proj"})
    block.replicated(name, vision, {vision}, plain);
  block.tensor("cross_attn.multihead_attn.in_proj_weight", {3 * vision, vision});
  block.tensor("cross_attn.multihead_attn.in_proj_bias", {3 * vision});
  block.replicated("cross_attn.multihead_attn.out_proj", vision, {vision}, biased);
  block.replicated("cross_attn.linear", vision, {vision}, biased);
  for (const char* norm : {"cross_attn.layer_norm", "cross_attn.layer_norm_kv", "layer_norm"})
    block.layer_norm(norm, vision);
  block.column("feed_forward.linear_in", vision, {hidden}, plain);
  block.row("feed_forward.linear_out", hidden, hidden, plain);
  add_tower_part(builder, kImages, std::move(block));
}

/// source  the same, AriaTextMoELayer
void add_experts(Block& layer, const Decoder& decoder) {
  const json::Fields& config = layer.builder().text();
  const std::int64_t experts = config.count_or("moe_num_experts", 8, 1);
  layer.tensor("mlp.router_weight", {experts, decoder.hidden});
  gated_mlp(layer, "mlp.shared_experts", decoder.hidden,
            decoder.intermediate * config.count_or("moe_num_shared_experts", 2, 1),
            {.bias = config.flag_or("mlp_bias", false)});
  layer.experts({.name = "mlp.experts",
                 .count = experts,
                 .per_token = config.count_or("moe_topk", 2, 1),
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate});
}

/// source  the same, AriaTextModel: never tied
void describe(Builder& builder, const Naming&) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, {4096, 4096, 32000, 32, 2048, {32, 0, 0}, false});
  decoder.tied = false;
  const bool bias = config.flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.cache = attention_cache(builder, decoder.heads);
  const std::string model = "language_model.model";
  add_ends(builder, decoder, model, {"AriaForConditionalGeneration", ""});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    self_attention(layer, decoder, attention);
    add_experts(layer, decoder);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.pipeline_parallel = false;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  const VisionEncoder encoder =
      read_vision_encoder(builder->config().inner("vision_config"), {1152, 3072, 12, 16, 3, 224, 32});
  add_idefics2(*builder, kImages, "vision_tower", encoder, {.kept = encoder.layers, .post_norm = false});
  add_projector(*builder, encoder.hidden, builder->text().count_or("hidden_size", 4096, 1));
  describe(*builder, {});
  return builder->finish();
}

}  // namespace

extern const Entry aria;
const Entry aria{kArchitectures, build};

}  // namespace vram::arch::families
