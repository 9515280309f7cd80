#include "arch/vision/gemma4_towers.h"

namespace vram::arch {
namespace {

/// Linear layers of the towers become vLLM's and may be quantised; before, they were torch's.
constexpr vllm::Step<bool> kTowersQuantise[] = {
    {{}, false, "vllm v0.23.0 vllm/model_executor/models/gemma4_mm.py"},
    {{2026, 6, 10}, true, "~ vllm v0.24.0 vllm/model_executor/models/gemma4_mm.py, recursive_replace_linear"},
};
/// The sound tower goes by its own widths.
constexpr vllm::Step<bool> kAudioJudgedAlone[] = {
    {{}, false, "vllm v0.32.0 vllm/model_executor/models/gemma4_mm.py, tower_quant"},
    {{2026, 10, 28}, true, "~ vllm v0.33.0 vllm/model_executor/models/gemma4_mm.py, _get_tower_quant_config"},
};
static_assert(vllm::well_formed(kTowersQuantise) && vllm::well_formed(kAudioJudgedAlone));

bool takes_any_width(const Builder& builder) {
  const std::string& method = builder.quantisation().method();
  return method == "bitsandbytes" || method == "torchao" || method == "compressed-tensors";
}

/// transformers' linear layers of one tower, and the bounds that some clip their values to.
struct Linears {
  bool quantised = true;
  bool clipped = false;

  void plain(Block& block, const std::string& name, std::int64_t input, std::int64_t output, bool bias = false) const {
    block.replicated(name, input, {output}, {.bias = bias, .quantised = quantised});
  }
  void add(Block& block, const std::string& name, std::int64_t input, std::int64_t output) const {
    plain(block, name + ".linear", input, output);
    if (!clipped) return;
    for (const char* bound : {".input_min", ".input_max", ".output_min", ".output_max"})
      block.buffer(name + bound, {}, block.builder().dtype());
  }
};

struct Vision {
  std::int64_t hidden = 0, intermediate = 0;
  std::int64_t heads = 0, kv_heads = 0, head = 0;
};

void add_vision_layer(Block& layer, const Vision& vision, const Linears& linears) {
  linears.add(layer, "self_attn.q_proj", vision.hidden, vision.heads * vision.head);
  linears.add(layer, "self_attn.k_proj", vision.hidden, vision.kv_heads * vision.head);
  linears.add(layer, "self_attn.v_proj", vision.hidden, vision.kv_heads * vision.head);
  linears.add(layer, "self_attn.o_proj", vision.heads * vision.head, vision.hidden);
  layer.rms_norm("self_attn.q_norm", vision.head);
  layer.rms_norm("self_attn.k_norm", vision.head);
  linears.add(layer, "mlp.gate_proj", vision.hidden, vision.intermediate);
  linears.add(layer, "mlp.up_proj", vision.hidden, vision.intermediate);
  linears.add(layer, "mlp.down_proj", vision.intermediate, vision.hidden);
  for (const char* norm :
       {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"})
    layer.rms_norm(norm, vision.hidden);
}

void add_vision(Builder& builder, const json::Fields& config, std::int64_t out, bool quantised) {
  const Vision vision{config.count_or("hidden_size", 768, 1), config.count_or("intermediate_size", 3072, 1),
                      config.count_or("num_attention_heads", 12, 1), config.count_or("num_key_value_heads", 12, 1),
                      config.count_or("head_dim", 64, 1)};
  const Linears linears{quantised, config.flag_or("use_clipped_linears", false)};
  const std::int64_t patch = config.count_or("patch_size", 16, 1);
  const Tower tower;
  Block ends = builder.block("vision_tower");
  ends.tensor("patch_embedder.position_embedding_table",
              {2, config.count_or("position_embedding_size", 10240, 1), vision.hidden});
  linears.plain(ends, "patch_embedder.input_proj", 3 * patch * patch, vision.hidden);
  const std::int64_t frequencies = ceil_div(vision.head / 2, 2);
  ends.buffer("encoder.rotary_emb.inv_freq", {frequencies}, Dtype::kFloat32);
  ends.buffer("encoder.rotary_emb.original_inv_freq", {frequencies}, Dtype::kFloat32);
  if (config.flag_or("standardize", false)) {
    ends.buffer("std_bias", {vision.hidden}, builder.dtype());
    ends.buffer("std_scale", {vision.hidden}, builder.dtype());
  }
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "vision_tower.encoder.layers", tower_layers(config, "num_hidden_layers", 16),
                   [&](Block& layer, std::int64_t) { add_vision_layer(layer, vision, linears); });
  Block embedder = builder.block("embed_vision");
  linears.plain(embedder, "embedding_projection", config.count_or("output_proj_dims", vision.hidden, 1), out);
  add_tower_part(builder, tower, std::move(embedder));
}

/// A conformer block: two feed-forward halves around attention and a convolution.
void add_audio_layer(Block& layer, const json::Fields& config, std::int64_t hidden, const Linears& linears) {
  const std::int64_t head = hidden / config.count_or("num_attention_heads", 8, 1);
  for (const std::string half : {"feed_forward1", "feed_forward2"}) {
    linears.add(layer, half + ".ffw_layer_1", hidden, 4 * hidden);
    linears.add(layer, half + ".ffw_layer_2", 4 * hidden, hidden);
    layer.rms_norm(half + ".pre_layer_norm", hidden);
    layer.rms_norm(half + ".post_layer_norm", hidden);
  }
  for (const std::string name : {"q_proj", "k_proj", "v_proj", "post"})
    linears.add(layer, "self_attn." + name, hidden, hidden);
  linears.plain(layer, "self_attn.relative_k_proj", hidden, hidden);
  layer.tensor("self_attn.per_dim_scale", {head});
  layer.buffer("self_attn.softcap", {}, layer.builder().dtype());
  linears.add(layer, "lconv1d.linear_start", hidden, 2 * hidden);
  linears.add(layer, "lconv1d.linear_end", hidden, hidden);
  layer.tensor("lconv1d.depthwise_conv1d.weight", {hidden, 1, config.count_or("conv_kernel_size", 5, 1)});
  for (const char* norm :
       {"lconv1d.pre_layer_norm", "lconv1d.conv_norm", "norm_pre_attn", "norm_post_attn", "norm_out"})
    layer.rms_norm(norm, hidden);
}

void add_audio(Builder& builder, const json::Fields& config, std::int64_t out, bool quantised) {
  const std::int64_t hidden = config.count_or("hidden_size", 1024, 1);
  const Linears linears{quantised, config.flag_or("use_clipped_linears", true)};
  std::vector<std::int64_t> channels = config.counts("subsampling_conv_channels");
  if (channels.size() < 2) channels = {128, 32};
  const std::int64_t projected = config.count_or("output_proj_dims", 1536, 1);
  const Tower tower{.role = Part::Role::kAudio};
  Block ends = builder.block("audio_tower");
  ends.tensor("subsample_conv_projection.layer0.conv.weight", {channels[0], 1, 3, 3});
  ends.rms_norm("subsample_conv_projection.layer0.norm", channels[0]);
  ends.tensor("subsample_conv_projection.layer1.conv.weight", {channels[1], channels[0], 3, 3});
  ends.rms_norm("subsample_conv_projection.layer1.norm", channels[1]);
  linears.plain(ends, "subsample_conv_projection.input_proj_linear", channels[0] / 4 * channels[1], hidden);
  ends.buffer("rel_pos_enc.inv_timescales", {1, 1, hidden / 2}, builder.dtype());
  linears.plain(ends, "output_proj", hidden, projected, true);
  add_tower_part(builder, tower, std::move(ends));
  add_tower_layers(builder, tower, "audio_tower.layers", tower_layers(config, "num_hidden_layers", 12),
                   [&](Block& layer, std::int64_t) { add_audio_layer(layer, config, hidden, linears); });
  Block embedder = builder.block("embed_audio");
  linears.plain(embedder, "embedding_projection", projected, out);
  add_tower_part(builder, tower, std::move(embedder));
}

}  // namespace

void add_gemma4_towers(Builder& builder, std::int64_t hidden) {
  const vllm::Date day = builder.options().as_of;
  const json::Fields vision = builder.config().inner("vision_config");
  const bool any = takes_any_width(builder), replaced = vllm::in_force(kTowersQuantise, day);
  const bool sees =
      any || (vision.count_or("hidden_size", 768) % 64 == 0 && vision.count_or("intermediate_size", 3072) % 64 == 0);
  add_vision(builder, vision, hidden, replaced && sees);
  if (!builder.config().has("audio_config")) return;
  const json::Fields audio = builder.config().inner("audio_config");
  const bool hears = any || audio.count_or("hidden_size", 1024) % 64 == 0;
  add_audio(builder, audio, hidden, replaced && (vllm::in_force(kAudioJudgedAlone, day) ? hears : sees));
}

}  // namespace vram::arch
