// Ovis 2.5: SigLIP 2 for images and videos of any shape, whose features become weights over a table of visual words
// before a language model.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Ovis2_5"};

constexpr Tower kTower{.role = Part::Role::kVision};
constexpr VisionEncoder kEncoder{1024, 4096, 24, 16, 3, 512, 16};
constexpr std::int64_t kIndicators = 4;  // visual words that stand for tokens

/// source  vllm/model_executor/models/siglip2navit.py, Siglip2NavitModel
void add_navit(Builder& builder, const std::string& prefix, const json::Fields& vision, const VisionEncoder& encoder) {
  Block ends = builder.block(prefix);
  const json::Value* given = vision.find("num_patches");  // -1: patches by a convolution
  const std::int64_t patches = given && given->integer() ? *given->integer() : -1;
  const std::int64_t inputs = encoder.channels * encoder.patch * encoder.patch;
  if (patches > 0)
    ends.replicated("embeddings.patch_embedding", inputs, {encoder.hidden}, {.bias = true, .quantised = false});
  else
    convolution(ends, "embeddings.patch_embedding", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch});
  if (vision.flag_or("preserve_original_pe", true))
    ends.tensor("embeddings.position_embedding.weight", {patches > 0 ? patches : encoder.patches(), encoder.hidden});
  ends.buffer("encoder.rotary_pos_emb.inv_freq", {ceil_div(encoder.head() / 2, 2)}, Dtype::kFloat32);
  ends.layer_norm("post_layernorm", encoder.hidden);
  add_tower_part(builder, kTower, std::move(ends));
  add_tower_layers(builder, kTower, prefix + ".encoder.layers", encoder.layers, [&](Block& layer, std::int64_t) {
    layer.layer_norm("layer_norm1", encoder.hidden);
    layer.qkv("self_attn.qkv_proj", encoder.hidden, {encoder.heads, encoder.heads, encoder.head()}, {.bias = true});
    layer.row("self_attn.out_proj", encoder.hidden, encoder.hidden, {.bias = true});
    layer.layer_norm("layer_norm2", encoder.hidden);
    add_plain_mlp(layer, "mlp", encoder.hidden, encoder.intermediate);
  });
}

/// source  vllm/model_executor/models/ovis2_5.py, Ovis2_5 and VisualTokenizer
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  add_language_model(*builder, {language_architecture(*builder), "llm"});
  const json::Fields& config = builder->config();
  const json::Fields vision = config.inner("vit_config");
  const VisionEncoder encoder = read_vision_encoder(vision, kEncoder);
  add_navit(*builder, "visual_tokenizer.vit.vision_model", vision, encoder);
  const std::int64_t words = config.count_or("visual_vocab_size", 65536, kIndicators + 1);
  const std::int64_t side = vision.count_or("hidden_stride", 2, 1);
  Block head = builder->block("");
  head.replicated("visual_tokenizer.head.0", encoder.hidden * side * side, {words - kIndicators}, {.quantised = false});
  head.layer_norm("visual_tokenizer.head.1", words - kIndicators);
  head.tensor("vte.weight", {words, config.count_or("hidden_size", builder->model.hidden, 1)});
  add_tower_part(*builder, kTower, std::move(head));
  return builder->finish();
}

}  // namespace

extern const Entry ovis2_5;
const Entry ovis2_5{kArchitectures, build};

}  // namespace vram::arch::families
