// Models of images that embed every token, ColBERT's way: PaliGemma, Qwen3-VL and Qwen3.5 with a projection on top.
#include "arch/build.h"
#include "arch/decoder.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ColPaliForRetrieval", "ColQwen3", "ColQwen3_5", "OpsColQwen3Model",
                                               "Qwen3VLNemotronEmbedModel"};

constexpr vllm::Step<bool> kBiasInQwen3_5[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/colqwen3_5.py, custom_text_proj"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/model_executor/models/colqwen3_5.py, custom_text_proj"},
};
constexpr vllm::Step<bool> kContract[] = {
    {{}, false, "vllm v0.25.1 vllm/model_executor/models/config.py"},
    {{2026, 7, 20}, true, "~vllm v0.28.0 vllm/model_executor/models/config.py, ColQwen3_5"},
};
static_assert(vllm::well_formed(kBiasInQwen3_5) && vllm::well_formed(kContract));

/// The config with what ColQwen3.5's "retrieval_attention_contract" says of attention.
json::Value with_contract(const ModelSource& source) {
  constexpr std::string_view kName = "retrieval_attention_contract";
  const json::Value* said = source.config.find(kName);
  if (!said) said = source.text().find(kName);
  if (!said || !said->string() || *said->string() != "bidirectional") return source.config;
  json::Object both_ways;
  both_ways.set("is_causal", json::Value(false));
  json::Object whole = both_ways;
  whole.set("text_config", json::Value(std::move(both_ways)));
  return json::merge_patch(source.config, json::Value(std::move(whole)));
}

std::string_view base_class(std::string_view architecture) {
  if (architecture == "ColPaliForRetrieval") return "PaliGemmaForConditionalGeneration";
  return architecture == "ColQwen3_5" ? "Qwen3_5ForConditionalGeneration" : "Qwen3VLForConditionalGeneration";
}

/// The width that a token is projected to; 0: the config does not say, and the checkpoint decides.
std::int64_t embedding_width(const json::Fields& config, std::string_view architecture) {
  const bool pali = architecture == "ColPaliForRetrieval";
  const char *first = pali ? "embedding_dim" : "embed_dim", *second = pali ? "embed_dim" : "dims";
  for (const char* name : {first, second, "dim", "projection_dim", "colbert_dim"})
    if (const std::int64_t width = config.count_or(name, 0); width > 0) return width;
  return architecture == "ColQwen3_5" ? 128 : 0;
}

/// The model below keeps its output head: its class is made for pooling, not turned into one that pools.
///
///   source  vllm/model_executor/models/colpali.py, colqwen3.py and colqwen3_5.py
Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  ModelSource base = source;
  base.architecture = base_class(source.architecture);
  if (const json::Value* inner = source.config.find("vlm_config"); inner && inner->object()) base.config = *inner;
  if (source.architecture == "ColQwen3_5" && vllm::in_force(kContract, options.as_of))
    base.config = with_contract(source);
  BuildOptions generating = options;
  generating.pooling = false;
  auto model = arch::build(base, generating);
  if (!model) return model;
  auto builder = Builder::start(source, options);
  if (!builder) return builder.error();
  builder->model = *std::move(model);
  const std::int64_t width = embedding_width(builder->config(), source.architecture);
  const bool bias = source.architecture == "ColQwen3_5" && vllm::in_force(kBiasInQwen3_5, options.as_of);
  Block projection = builder->block("");
  if (width > 0) head_linear(projection, "custom_text_proj", builder->model.hidden, width, bias, head_dtype(*builder));
  builder->add_part("projection", Part::Place::kEveryStage, std::move(projection));
  return builder->finish();
}

}  // namespace

extern const Entry late_interaction;
const Entry late_interaction{kArchitectures, build};

}  // namespace vram::arch::families
