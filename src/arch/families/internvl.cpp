// InternVL, NVLM-D and Skywork-R1V: InternViT, pixels shuffled into channels and an MLP before a language model of its
// config's choice.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"InternVLChatModel", "H2OVLChatModel", "NVLM_D", "SkyworkR1VChatModel"};

/// NVLM-D gives its 25 heads seven more, so that eight ranks divide them.
constexpr std::int64_t kDummyHeads = 7;

/// Skywork's projector.
constexpr vllm::Step<bool> kSkyworkQuantises[] = {
    {{}, false, "vllm v0.10.2 vllm/model_executor/models/skyworkr1v.py, _init_mlp1"},
    {{2025, 12, 20}, true, "~ vllm v0.14.1 vllm/model_executor/models/skyworkr1v.py, _init_mlp1"},
};
static_assert(vllm::well_formed(kSkyworkQuantises));

bool is_nvlm(const Builder& builder) { return builder.model.architecture == "NVLM_D"; }
bool is_skywork(const Builder& builder) { return builder.model.architecture == "SkyworkR1VChatModel"; }

Tower tower_of(const Builder& builder) {
  return {.role = is_skywork(builder) ? Part::Role::kImages : Part::Role::kVision, .whole_with_data = true};
}

void add_norm(Block& block, const std::string& name, std::int64_t width, bool rms) {
  if (rms)
    block.rms_norm(name, width);
  else
    block.layer_norm(name, width);
}

/// Attention alone is whole where ranks do not divide its heads.
/// source  vllm/model_executor/models/intern_vit.py, InternVisionModel
void add_layers_of(Builder& builder, const json::Fields& vision, const VisionEncoder& encoder, std::int64_t count) {
  const std::int64_t hidden = encoder.hidden, heads = encoder.heads + (is_nvlm(builder) ? kDummyHeads : 0);
  const std::int64_t inner = heads * encoder.head();
  const Tower tower = tower_of(builder);
  Tower attention = tower;
  attention.whole_unless = heads;
  const std::string layers = "vision_model.encoder.layers";
  add_tower_layers(builder, attention, layers, count, [&](Block& layer, std::int64_t) {
    layer.qkv("attn.qkv", hidden, {heads, heads, encoder.head()}, {.bias = vision.flag_or("qkv_bias", true)});
    if (vision.flag_or("qk_normalization", false)) {
      layer.rms_norm("attn.q_norm", inner);
      layer.rms_norm("attn.k_norm", inner);
    }
    layer.row("attn.proj", inner, hidden, {.bias = true});
  });
  const bool rms = vision.text_or("norm_type", "rms_norm") == "rms_norm";
  add_tower_layers(builder, tower, layers, count, [&](Block& layer, std::int64_t) {
    add_plain_mlp(layer, "mlp", hidden, encoder.intermediate);
    add_norm(layer, "norm1", hidden, rms);
    add_norm(layer, "norm2", hidden, rms);
    layer.tensor("ls1", {hidden});
    layer.tensor("ls2", {hidden});
  });
}

/// source  vllm/model_executor/models/internvl.py, InternVLChatModel
void add_tower(Builder& builder) {
  const json::Fields& config = builder.config();
  const json::Fields vision = config.inner("vision_config");
  const VisionEncoder encoder = read_vision_encoder(vision, {3200, 12800, 48, 25, 3, 224, 14});
  std::int64_t count = encoder.layers;
  if (const json::Value* layer = config.find("select_layer"); layer && layer->integer())
    count = *layer->integer() < 0 ? encoder.layers + *layer->integer() + 1 : *layer->integer() + 1;
  if (count < 1 || count > encoder.layers) config.refuse("select_layer", "names a layer that the tower does not have");
  const Tower tower = tower_of(builder);
  Block ends = builder.block("vision_model.embeddings");
  ends.tensor("class_embedding", {1, 1, encoder.hidden});
  convolution(ends, "patch_embedding", {encoder.hidden, 3, encoder.patch, encoder.patch});
  ends.tensor("position_embedding", {1, encoder.patches() + 1, encoder.hidden});
  add_tower_part(builder, tower, std::move(ends));
  add_layers_of(builder, vision, encoder, count);

  const double ratio = config.maybe_number("downsample_ratio").value_or(0.5);
  if (!(ratio > 0.01 && ratio <= 1)) config.refuse("downsample_ratio", "expected a number over 0 and up to 1");
  const auto side = std::int64_t(1 / std::clamp(ratio, 0.01, 1.0));
  const std::int64_t merged = encoder.hidden * side * side, out = builder.text().count_or("hidden_size", 4096, 1);
  const bool quantised = is_skywork(builder) && vllm::in_force(kSkyworkQuantises, builder.options().as_of);
  const LinearOptions linears{.bias = !is_nvlm(builder), .quantised = quantised};
  const std::int64_t middle = is_nvlm(builder) ? builder.text().count_or("intermediate_size", 11008, 1) : out;
  Block mlp = builder.block("mlp1");
  mlp.layer_norm("0", merged);
  mlp.replicated("1", merged, {middle}, linears);
  mlp.replicated("3", middle, {out}, linears);
  add_tower_part(builder, tower, std::move(mlp));
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  add_tower(*builder);
  add_language_model(*builder, {language_architecture(*builder), "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry internvl;
const Entry internvl{kArchitectures, build};

}  // namespace vram::arch::families
