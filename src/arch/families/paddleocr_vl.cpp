// PaddleOCR-VL and Keye-VL: SigLIP for images of any shape, a projector of two layers, and ERNIE 4.5's or Qwen 3's
// decoder.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"PaddleOCRVLForConditionalGeneration", "KeyeForConditionalGeneration",
                                               "KeyeVL1_5ForConditionalGeneration"};

/// source  transformers' PaddleOCRVisionConfig
constexpr VisionEncoder kAbsent{1152, 4304, 27, 16, 3, 384, 14};

constexpr std::int64_t kMerged = 2 * 2, kPackedPositions = 32768;

/// source  vllm/model_executor/models/keye.py, hf_to_vllm_mapper
constexpr NameRule kKeyeNames[] = {{NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                                   {NameRule::Where::kPrefix, "model.", "language_model.model."}};

/// transformers 5 ties a flat config's model whatever it says: its text config's default wins.
constexpr vllm::Step<bool> kFlatIsTied[] = {
    {{}, false, "vllm v0.19.0 with transformers 4"},
    {{2026, 3, 31}, true, "~ vllm v0.20.0 takes transformers 5, PaddleOCRVLConfig.__post_init__"},
};
static_assert(vllm::well_formed(kFlatIsTied));

/// source  vllm/model_executor/models/paddleocr_vl.py, SiglipVisionModel; keye.py, KeyeSiglipVisionModel
void add_encoder(Builder& builder, const Tower& tower, const VisionEncoder& encoder, bool keye) {
  const std::string model = "visual.vision_model";
  Block ends = builder.block(model);
  convolution(ends, "embeddings.patch_embedding", {encoder.hidden, encoder.channels, encoder.patch, encoder.patch});
  ends.tensor("embeddings.position_embedding.weight", {encoder.patches(), encoder.hidden});
  if (keye) ends.tensor("embeddings.packing_position_embedding.weight", {kPackedPositions, encoder.hidden});
  ends.buffer("embeddings.position_ids", {1, encoder.patches()}, Dtype::kInt64);
  ends.buffer("encoder.rotary_pos_emb.inv_freq", {encoder.head() / 4}, Dtype::kFloat32);
  ends.layer_norm("post_layernorm", encoder.hidden);
  add_tower_part(builder, tower, std::move(ends));
  add_encoder_layers(builder, tower, model + ".encoder.layers", encoder, {.kept = encoder.layers});
}

/// source  vllm/model_executor/models/paddleocr_vl.py and keye.py, Projector; keye_vl1_5.py, KeyeVL1_5Projector
void add_projector(Builder& builder, const Tower& tower, const VisionEncoder& encoder, std::string_view architecture) {
  const bool keye = architecture.starts_with("Keye"), merges_first = architecture.starts_with("KeyeVL1_5");
  const std::int64_t merged = encoder.hidden * kMerged;
  const std::int64_t out = builder.text().count_or("hidden_size", keye ? 4096 : 1024, 1);
  const LinearOptions linears{.bias = true, .quantised = keye, .whole = !keye};
  Block projector = builder.block("mlp_AR");
  projector.layer_norm("pre_norm", merges_first ? merged : encoder.hidden);
  projector.column("linear_1", merged, {merged}, linears);
  projector.row("linear_2", merged, out, linears);
  add_tower_part(builder, tower, std::move(projector));
}

/// source  vllm/model_executor/models/paddleocr_vl.py, PaddleOCRVLForConditionalGeneration; keye.py, BaseKeyeModule
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const bool keye = source.architecture.starts_with("Keye");
  auto builder = Builder::start(source, options, keye ? ModelNames{kKeyeNames} : ModelNames{});
  if (!builder) return builder.error();
  const json::Fields text = builder->config().inner("text_config");
  if (!keye && vllm::in_force(kFlatIsTied, options.as_of) && text.flag_or("tie_word_embeddings", true))
    builder->tied = true;
  const VisionEncoder encoder = read_vision_encoder(builder->config().inner("vision_config"), kAbsent);
  const Tower tower{.role = keye ? Part::Role::kVision : Part::Role::kImages};
  add_encoder(*builder, tower, encoder, keye);
  add_projector(*builder, tower, encoder, source.architecture);
  add_language_model(*builder, {keye ? "Qwen3ForCausalLM" : "Ernie4_5ForCausalLM", "language_model"});
  return builder->finish();
}

}  // namespace

extern const Entry paddleocr_vl;
const Entry paddleocr_vl{kArchitectures, build};

}  // namespace vram::arch::families
