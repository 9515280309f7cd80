// Phi-3-vision: CLIP's large encoder, an embedding of text beside it that the language model has once more, and Llama's
// decoder.
#include "arch/decoder.h"
#include "arch/vision/siglip.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Phi3VForCausalLM"};

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kPrefix, "model.vision_embed_tokens.wte", "embed_tokens"},
                               {NameRule::Where::kPrefix, "model.vision_embed_tokens.", "vision_embed_tokens."},
                               {NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
                               {NameRule::Where::kPrefix, "model.", "language_model.model."}};

/// source  vllm/model_executor/models/phi3v.py, CLIP_VIT_LARGE_PATCH14_336_CONFIG
constexpr VisionEncoder kClipLarge{1024, 4096, 24, 16, 3, 336, 14};

/// source  vllm/model_executor/models/phi3v.py, Phi3VForCausalLM and Phi3HDImageEmbedding
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  const json::Fields& config = builder->config();
  const json::Fields processor = config.inner("img_processor");
  const std::int64_t hidden = config.count("hidden_size");
  const std::int64_t merged = 4 * processor.count_or("image_dim_out", 1024, 1);
  std::int64_t layers = kClipLarge.layers - 1;  // "layer_idx": -2
  if (const json::Value* layer = processor.find("layer_idx"); layer && layer->integer())
    layers = *layer->integer() < 0 ? kClipLarge.layers + *layer->integer() + 1 : *layer->integer() + 1;
  if (layers < 1 || layers > kClipLarge.layers)
    processor.refuse("layer_idx", "names a layer that the vision tower does not have");
  const Tower tower{.role = Part::Role::kImages};
  Block ends = builder->block("");
  ends.embedding("embed_tokens", config.count("vocab_size"), hidden);
  ends.tensor("vision_embed_tokens.glb_GN", {1, 1, merged});
  ends.tensor("vision_embed_tokens.sub_GN", {1, 1, 1, merged});
  const LinearOptions linears{.bias = true, .quantised = false};
  ends.replicated("vision_embed_tokens.img_projection.0", merged, {hidden}, linears);
  ends.replicated("vision_embed_tokens.img_projection.2", hidden, {hidden}, linears);
  add_tower_part(*builder, tower, std::move(ends));
  add_clip(*builder, tower, "vision_embed_tokens.img_processor", kClipLarge,
           {.kept = layers, .post_norm = layers == kClipLarge.layers});
  // The language model's modules are held as "language_model" and named for quantisation without it.
  add_language_model(*builder, {"LlamaForCausalLM", ""});
  return builder->finish();
}

}  // namespace

extern const Entry phi3v;
const Entry phi3v{kArchitectures, build};

}  // namespace vram::arch::families
