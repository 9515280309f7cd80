// DeepSeek-OCR: SAM's encoder and CLIP's after it, of fixed figures, before DeepSeek-V2's decoder. DeepSeek-VL2: timm's
// SigLIP in their place.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeepseekOCRForCausalLM", "DeepseekVLV2ForCausalLM"};

constexpr Tower kTower{.role = Part::Role::kImages};

/// source  vllm/model_executor/models/deepencoder.py, build_sam_vit_b
constexpr std::int64_t kWidth = 768, kHead = 64, kPatches = 1024 / 16, kWindow = 14, kBlocks = 12, kOut = 256;

void norm_with_bias(Block& block, const std::string& name, std::int64_t width) {
  block.tensor(name + ".weight", {width});
  block.tensor(name + ".bias", {width});
}

/// Plain linear layers of torch, whole on every rank.
void linear(Block& block, const std::string& name, std::int64_t from, std::int64_t to) {
  block.replicated(name, from, {to}, {.bias = true, .quantised = false});
}

/// source  vllm/model_executor/models/deepencoder.py, ImageEncoderViT
void add_sam(Builder& builder) {
  Block ends = builder.block("sam_model");
  convolution(ends, "patch_embed.proj", {kWidth, 3, 16, 16});
  ends.tensor("pos_embed", {1, kPatches, kPatches, kWidth});
  convolution(ends, "neck.0", {kOut, kWidth, 1, 1}, false);
  norm_with_bias(ends, "neck.1", kOut);
  convolution(ends, "neck.2", {kOut, kOut, 3, 3}, false);
  norm_with_bias(ends, "neck.3", kOut);
  convolution(ends, "net_2", {512, kOut, 3, 3}, false);
  convolution(ends, "net_3", {1024, 512, 3, 3}, false);
  add_tower_part(builder, kTower, std::move(ends));
  add_tower_layers(builder, kTower, "sam_model.blocks", kBlocks, [&](Block& layer, std::int64_t i) {
    const std::int64_t side = i % 3 == 2 ? kPatches : kWindow;  // every third attends to the whole image
    layer.layer_norm("norm1", kWidth);
    layer.layer_norm("norm2", kWidth);
    linear(layer, "attn.qkv", kWidth, 3 * kWidth);
    linear(layer, "attn.proj", kWidth, kWidth);
    layer.tensor("attn.rel_pos_h", {2 * side - 1, kHead});
    layer.tensor("attn.rel_pos_w", {2 * side - 1, kHead});
    linear(layer, "mlp.lin1", kWidth, 4 * kWidth);
    linear(layer, "mlp.lin2", 4 * kWidth, kWidth);
  });
}

/// source  vllm/model_executor/models/deepencoder.py, DeepCLIPVisionTransformer: CLIP's layers, not quantised
void add_clip_large(Builder& builder) {
  const VisionEncoder encoder{1024, 4096, 24, 16, 3, 224, 14};
  Block ends = builder.block("vision_model");
  ends.tensor("embeddings.class_embedding", {encoder.hidden});
  convolution(ends, "embeddings.patch_embedding", {encoder.hidden, 3, encoder.patch, encoder.patch}, false);
  ends.tensor("embeddings.position_embedding.weight", {encoder.patches() + 1, encoder.hidden});
  ends.buffer("embeddings.position_ids", {1, encoder.patches() + 1}, Dtype::kInt64);
  ends.layer_norm("pre_layrnorm", encoder.hidden);
  add_tower_part(builder, kTower, std::move(ends));
  add_encoder_layers(builder, kTower, "vision_model.transformer.layers", encoder,
                     {.kept = encoder.layers, .post_norm = false, .quantised = false});
}

/// One of timm's Mlp, which is divided over ranks; one rank alone keeps it as timm has it.
void add_timm_mlp(Block& block, const std::string& name, const VisionEncoder& encoder) {
  add_plain_mlp(block, name, encoder.hidden, encoder.intermediate, {.bias = true, .quantised = false});
}

/// timm's vit_so400m_patch14_siglip_384 with its pooling head; attention is whole on every rank.
///
///   source  vllm/model_executor/models/deepseek_vl2.py, patch_vit_for_tp; timm's vision_transformer.py and
///           AttentionPoolLatent
void add_timm_siglip(Builder& builder) {
  const VisionEncoder encoder{1152, 4304, 27, 16, 3, 384, 14};
  Block ends = builder.block("vision");
  ends.tensor("pos_embed", {1, encoder.patches(), encoder.hidden});
  convolution(ends, "patch_embed.proj", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch});
  norm_with_bias(ends, "norm", encoder.hidden);
  ends.tensor("attn_pool.latent", {1, 1, encoder.hidden});
  linear(ends, "attn_pool.q", encoder.hidden, encoder.hidden);
  linear(ends, "attn_pool.kv", encoder.hidden, 2 * encoder.hidden);
  linear(ends, "attn_pool.proj", encoder.hidden, encoder.hidden);
  norm_with_bias(ends, "attn_pool.norm", encoder.hidden);
  add_timm_mlp(ends, "attn_pool.mlp", encoder);
  add_tower_part(builder, kTower, std::move(ends));
  add_tower_layers(builder, kTower, "vision.blocks", encoder.layers, [&](Block& layer, std::int64_t) {
    norm_with_bias(layer, "norm1", encoder.hidden);
    linear(layer, "attn.qkv", encoder.hidden, 3 * encoder.hidden);
    linear(layer, "attn.proj", encoder.hidden, encoder.hidden);
    norm_with_bias(layer, "norm2", encoder.hidden);
    add_timm_mlp(layer, "mlp", encoder);
  });
}

/// source  vllm/model_executor/models/deepseek_vl2.py, MlpProjector; vLLM's MlpProjectorConfig
void add_projector(Builder& builder) {
  const json::Fields config = builder.config().inner("projector_config");
  const std::int64_t input = config.count_or("input_dim", 1152, 1), out = config.count_or("n_embed", 2048, 1);
  const std::string type = config.text_or("projector_type", "downsample_mlp_gelu");
  Block projector = builder.block("projector");
  if (type == "linear") {
    linear(projector, "layers", input, out);
  } else if (type == "downsample_mlp_gelu") {
    const std::int64_t side = config.count_or("downsample_ratio", 2, 1), depth = config.count_or("depth", 2, 1);
    const std::int64_t inner = out * config.count_or("mlp_ratio", 1, 1);
    linear(projector, "layers.0", input * side * side, inner);
    for (std::int64_t i = 1; i < depth - 1; ++i) linear(projector, "layers." + std::to_string(2 * i), inner, inner);
    linear(projector, "layers." + std::to_string(2 * std::max<std::int64_t>(depth - 1, 1)), inner, out);
  } else {
    config.refuse("projector_type", "Unsupported projector type: " + type, "", ErrorCode::kRefused);
  }
  add_tower_part(builder, kTower, std::move(projector));
  Block marks = builder.block("");
  marks.tensor("image_newline", {out});
  marks.tensor("view_seperator", {out});
  add_tower_part(builder, kTower, std::move(marks));
}

/// DeepSeek-VL2 names the class of its language model.
///
///   source  vllm/transformers_utils/configs/deepseek_vl2.py, DeepseekVLV2TextConfig
std::string language_class(const json::Fields& text) {
  const auto given = text.texts("architectures");
  return given.empty() ? "DeepseekV2ForCausalLM" : given.front();
}

/// source  vllm/model_executor/models/deepseek_ocr.py, DeepseekOCRForCausalLM; deepseek_vl2.py, DeepseekVLV2ForCausalLM
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  const bool ocr = source.architecture == "DeepseekOCRForCausalLM";
  if (ocr) {
    add_sam(*builder);
    add_clip_large(*builder);
  } else {
    add_timm_siglip(*builder);
  }
  add_projector(*builder);
  if (ocr)
    add_language_model(*builder, {"DeepseekV2ForCausalLM", "language_model"});
  else
    add_language_model(*builder, {language_class(builder->text()), "language"});
  return builder->finish();
}

}  // namespace

extern const Entry deepseek_ocr;
const Entry deepseek_ocr{kArchitectures, build};

}  // namespace vram::arch::families
