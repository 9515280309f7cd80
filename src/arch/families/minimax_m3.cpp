// MiniMax-M3: block-sparse attention that picks its blocks through an indexer, experts beside a shared one with a
// 32-bit router, and an encoder of images and video with rotary positions in three dimensions.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MiniMaxM3SparseForCausalLM", "MiniMaxM3SparseForConditionalGeneration"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {
    {NameRule::Where::kSubstring, ".mlp.fc1.", ".fc1."},
    {NameRule::Where::kSubstring, ".mlp.fc2.", ".fc2."},
    {NameRule::Where::kPrefix, "multi_modal_projector.", "vision_tower.multi_modal_projector."},
    {NameRule::Where::kPrefix, "patch_merge_mlp.", "vision_tower.patch_merge_mlp."}};

constexpr Decoder kAbsent{6144, 3072, 200064, 60, 1048576, {64, 4, 128}, false};
constexpr VisionEncoder kAbsentVision{1280, 5120, 32, 16, 3, 2016, 14};

/// Whether the layer's entry of a list of 0 and 1 is set.
bool is_set(const std::vector<std::int64_t>& list, std::int64_t i, bool absent) {
  return list.empty() ? absent : i < std::int64_t(list.size()) && list[std::size_t(i)] != 0;
}

/// source  vllm/models/minimax_m3/nvidia/model.py, MiniMaxM3SparseAttention; common/indexer.py
void add_attention(Block& layer, const Decoder& decoder, const json::Fields& sparse, bool is_sparse) {
  const QkvHeads& heads = decoder.heads;
  const Heads cached{heads.kv, heads.width, heads.width};
  if (!is_sparse) {
    layer.qkv("self_attn.qkv_proj", decoder.hidden, heads);
    layer.attention("self_attn.attn", FullAttention{cached});
  } else {
    using Split = Columns::Split;
    const std::int64_t width = sparse.count_or("sparse_index_dim", 128, 1);
    const std::int64_t index_heads = sparse.count_or("sparse_num_index_heads", 4, 1);
    layer.linear("self_attn.qkv_proj", decoder.hidden,
                 {{heads.query, heads.width, Split::kDivided},
                  {heads.kv, heads.width, Split::kReplicated},
                  {heads.kv, heads.width, Split::kReplicated},
                  {index_heads, width, Split::kReplicated},
                  {1, width, Split::kWhole}},
                 Linear::Input::kWhole);
    layer.rms_norm("self_attn.index_q_norm", width);
    layer.rms_norm("self_attn.index_k_norm", width);
    layer.cache("self_attn.attn.index_cache", BlockIndexer{width});
    layer.attention("self_attn.attn", BlockSparseAttention{cached});
  }
  layer.row("self_attn.o_proj", heads.query * heads.width, decoder.hidden);
  layer.rms_norm("self_attn.q_norm", heads.width);
  layer.rms_norm("self_attn.k_norm", heads.width);
}

/// source  vllm/models/minimax_m3/nvidia/model.py, MiniMaxM3MoE
void add_experts(Block& layer, const json::Fields& config, const Decoder& decoder) {
  const std::int64_t experts = config.count_or("num_local_experts", 128);
  const std::string name = "block_sparse_moe";
  if (config.flag_or("use_routing_bias", false))
    layer.tensor(name + ".e_score_correction_bias", {experts}, Dtype::kFloat32);
  layer.replicated(name + ".gate", decoder.hidden, {experts}, {.quantised = false, .dtype = Dtype::kFloat32});
  if (const std::int64_t shared = config.count_or("n_shared_experts", 0); shared > 0)
    gated_mlp(layer, name + ".shared_experts", decoder.hidden, decoder.intermediate * shared);
  layer.experts({.name = name + ".experts",
                 .count = experts,
                 .per_token = config.count_or("num_experts_per_tok", 4),
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate});
}

/// source  vllm/models/minimax_m3/nvidia/model.py, MiniMaxM3SparseForCausalLM: never tied
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = false;
  const json::Fields sparse = config.inner("sparse_attention_config");
  const std::vector<std::int64_t> sparse_layers = sparse.counts("sparse_attention_freq");
  const std::vector<std::int64_t> expert_layers = config.counts("moe_layer_freq");
  const std::int64_t dense = config.count_or("dense_intermediate_size", 12288, 1);
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  rope.partial = config.maybe_number("partial_rotary_factor").value_or(0.5);
  const RotaryTable rotary = rotary_table(builder, rope, config.inner("none"));

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    add_attention(layer, decoder, sparse, is_set(sparse_layers, i, false));
    layer.rotary(rotary);
    if (is_set(expert_layers, i, true))
      add_experts(layer, config, decoder);
    else
      gated_mlp(layer, "mlp", decoder.hidden, dense);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

/// Two linear layers with a bias: "linear_1" and "linear_2".
void add_pair(Block& block, const std::string& name, std::int64_t input, std::int64_t middle, std::int64_t output) {
  block.column(name + ".linear_1", input, {middle}, {.bias = true});
  block.row(name + ".linear_2", middle, output, {.bias = true});
}

/// source  vllm/models/minimax_m3/common/vision_tower.py, MiniMaxVLVisionModel
void add_tower(Builder& builder) {
  const json::Fields vision = builder.config().inner("vision_config");
  const json::Fields merging = vision.inner("img_token_compression_config");
  const VisionEncoder encoder = read_vision_encoder(vision, kAbsentVision);
  const std::int64_t out = builder.text().count_or("hidden_size", kAbsent.hidden, 1);
  const std::int64_t projected = builder.config().count_or("projector_hidden_size", out, 1);
  const std::int64_t merge = merging.count_or("spatial_merge_size", 2, 1);
  const Tower tower{.whole_with_data = true};
  Block ends = builder.block("vision_tower");
  convolution(
      ends, "vision_model.embeddings.patch_embedding",
      {encoder.hidden, encoder.channels, merging.count_or("temporal_patch_size", 2, 1), encoder.patch, encoder.patch},
      false);
  ends.layer_norm("vision_model.pre_layrnorm", encoder.hidden);
  // A third of the head's width for each of time, height and width, in pairs.
  const std::int64_t pairs = encoder.head() / 2 * 2 / 3 / 2;
  for (const char* axis : {"t", "h", "w"})
    ends.buffer(std::string("vision_model.inv_freq_") + axis, {pairs}, Dtype::kFloat32);
  add_pair(ends, "multi_modal_projector", encoder.hidden, projected, out);
  add_pair(ends, "patch_merge_mlp", out * merge * merge, projected, out);
  add_tower_part(builder, tower, std::move(ends));
  const LinearOptions linears{.bias = true};
  add_tower_layers(
      builder, tower, "vision_tower.vision_model.encoder.layers", encoder.layers, [&](Block& layer, std::int64_t) {
        layer.layer_norm("layer_norm1", encoder.hidden);
        layer.qkv("self_attn.qkv_proj", encoder.hidden, {encoder.heads, encoder.heads, encoder.head()}, linears);
        layer.row("self_attn.out_proj", encoder.hidden, encoder.hidden, linears);
        layer.layer_norm("layer_norm2", encoder.hidden);
        layer.column("fc1", encoder.hidden, {encoder.intermediate}, linears);
        layer.row("fc2", encoder.intermediate, encoder.hidden, linears);
      });
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const bool alone = source.architecture == "MiniMaxM3SparseForCausalLM";
  auto builder = Builder::start(source, options, alone ? ModelNames{} : ModelNames{.rules = kNames});
  if (!builder) return builder.error();
  if (!alone) add_tower(*builder);
  describe(*builder, {"MiniMaxM3SparseForCausalLM", alone ? "" : "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry minimax_m3;
const Entry minimax_m3{kArchitectures, build, describe};

}  // namespace vram::arch::families
