#include "arch/draft.h"

#include <algorithm>

#include "arch/build.h"

namespace vram::arch {
namespace {

struct Drafted {
  std::string_view target;  // an architecture or a model_type
  std::string_view draft;
};

constexpr Drafted kByArchitecture[] = {
    {"MiMoForCausalLM", "MiMoMTPModel"},
    {"MiMoV2ForCausalLM", "MiMoV2MTPModel"},
    {"MiMoV2FlashForCausalLM", "MiMoV2MTPModel"},
    {"Glm4MoeForCausalLM", "Glm4MoeMTPModel"},
    {"Glm4MoeLiteForCausalLM", "Glm4MoeLiteMTPModel"},
    {"GlmOcrForConditionalGeneration", "GlmOcrMTPModel"},
    {"BailingMoeV2_5ForCausalLM", "BailingMoeV25MTPModel"},
    {"BailingMoeV3ForCausalLM", "BailingMoeV3MTPModel"},
    {"Step3p5ForCausalLM", "Step3p5MTP"},
    {"Step3p7ForConditionalGeneration", "Step3p5MTP"},
    {"MiniMaxM3SparseForConditionalGeneration", "MiniMaxM3MTP"},
};

constexpr Drafted kByModelType[] = {
    {"deepseek_v3", "DeepSeekMTPModel"},
    {"deepseek_mtp", "DeepSeekMTPModel"},
    {"deepseek_v32", "DeepseekV32MTPModel"},
    {"glm_moe_dsa", "DeepseekV32MTPModel"},
    {"deepseek_v4", "DeepSeekV4MTPModel"},
    {"pangu_ultra_moe", "OpenPanguMTPModel"},
    {"kimi_k3", "KimiK3MTPModel"},
    {"ernie4_5_moe", "ErnieMTPModel"},
    {"nemotron_h", "NemotronHMTPModel"},
    {"qwen3_next", "Qwen3NextMTP"},
    {"bailing_hybrid", "BailingMoeV25MTPModel"},
    {"exaone_moe", "ExaoneMoeMTP"},
    {"exaone4_5", "Exaone4_5_MTP"},
    {"qwen3_5", "Qwen3_5MTP"},
    {"qwen3_5_text", "Qwen3_5MTP"},
    {"qwen3_5_moe", "Qwen3_5MoeMTP"},
    {"qwen3_5_moe_text", "Qwen3_5MoeMTP"},
    {"longcat_flash", "LongCatFlashMTPModel"},
    {"hy_v3", "HYV3MTPModel"},
    {"minimax_m3_vl", "MiniMaxM3MTP"},
    {"glm5_next", "Glm5NextMTPModel"},
    {"gemma4_assistant", "Gemma4MTPModel"},
    {"gemma4_unified_assistant", "Gemma4MTPModel"},
};

/// The class of a draft with a config of its own.
/// source  vllm/transformers_utils/configs/eagle.py, EAGLEConfig
std::string draft_architecture(std::string_view method, const std::string& given) {
  if (method == "eagle" && !given.starts_with("Eagle")) return "Eagle" + given;
  if (method == "eagle3" && !given.starts_with("Eagle3") && !given.ends_with("Eagle3")) return "Eagle3" + given;
  return given;
}

/// Whether the number of positions sizes the rotary table and nothing else.
bool positions_size_the_table(const json::Fields& config) {
  const json::Fields parameters = rope_parameters(config);
  const std::string type = parameters.text_or("rope_type", parameters.text_or("type", "default"));
  for (const std::string_view known : {"default", "linear", "llama3", "ntk", "proportional"})
    if (type == known) return true;
  return false;
}

/// source  vllm/config/speculative.py, _maybe_override_draft_max_position_embeddings
constexpr vllm::Step<bool> kStretchedPositions[] = {
    {{}, false, "vllm v0.26.0 vllm/config/speculative.py"},
    {{2026, 7, 25}, true, "~ absent in v0.26.0, in v0.27.0 vllm/config/speculative.py"},
};
static_assert(vllm::well_formed(kStretchedPositions));

ModelSource stretched(ModelSource draft, Tokens length, vllm::Date day) {
  const json::Fields config(draft.config, draft.place);
  const auto positions = config.maybe_count("max_position_embeddings");
  if (!positions || *positions >= length.count() || !positions_size_the_table(config) ||
      !vllm::in_force(kStretchedPositions, day))
    return draft;
  json::Object patch;
  patch.set("max_position_embeddings", json::Value(length.count()));
  draft.config = json::merge_patch(draft.config, json::Value(std::move(patch)));
  return draft;
}

}  // namespace

std::optional<std::string_view> mtp_architecture(const ModelSource& target) {
  for (const Drafted& each : kByArchitecture)
    if (each.target == target.architecture) return each.draft;
  const json::Value* type = target.config.find("model_type");
  if (type && type->string())
    for (const Drafted& each : kByModelType)
      if (each.target == *type->string()) return each.draft;
  return std::nullopt;
}

Result<std::optional<Model>> build_draft(const DraftRequest& request, const BuildOptions& options) {
  if (request.method == "ngram" || request.method == "ngram_gpu" || request.method == "suffix")
    return std::optional<Model>();
  ModelSource source = *request.target;
  if (request.source) {
    source = *request.source;
    const auto drafts = request.method == "mtp" ? mtp_architecture(source) : std::nullopt;
    source.architecture = drafts ? std::string(*drafts) : draft_architecture(request.method, source.architecture);
    if (request.method != "draft_model") source = stretched(std::move(source), request.target_length, options.as_of);
  } else {
    const auto architecture = mtp_architecture(source);
    if (!architecture)
      return Error{ErrorCode::kUnsupported, "speculative_config",
                   source.architecture + " has no class to draft with the method " + std::string(request.method), ""};
    source.architecture = *architecture;
  }
  auto model = build(source, options);
  if (!model) return model.error();
  return std::optional<Model>(*std::move(model));
}

std::int64_t draft_layers(const json::Fields& config, std::string_view name) {
  constexpr std::int64_t kMost = 64;
  const std::int64_t layers = config.count_or(name, 1, 1);
  if (layers > kMost) config.refuse(name, std::to_string(layers) + " draft layers are more than any model has");
  return std::min(layers, kMost);
}

void add_mtp_inputs(Block& layer, std::int64_t hidden) {
  layer.rms_norm("enorm", hidden);
  layer.rms_norm("hnorm", hidden);
  layer.tensor("eh_proj.weight", {hidden, 2 * hidden});
  layer.rms_norm("shared_head.norm", hidden);
}

}  // namespace vram::arch
