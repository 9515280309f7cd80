// What of a multimodal model is left out, and whether its language model looks both ways over images.
#include <algorithm>

#include "plan/launch.h"

namespace vram::plan {
namespace {

using enum vllm::Read;

/// Every class marks its towers from then on; before, a few classes looked at the limits on their own.
constexpr vllm::Step<bool> kMarksTowers[] = {
    {{}, false, "vllm v0.14.1 vllm/model_executor/models"},
    {{2026, 2, 1}, true, "~vllm v0.19.0 vllm/model_executor/models/interfaces.py, _mark_tower_model"},
};
static_assert(vllm::well_formed(kMarksTowers));

/// source  vllm v0.10.2 and v0.14.1 vllm/model_executor/models: classes that ask get_limit_per_prompt
struct Early {
  std::string_view architecture;
  vllm::Read since;
};
constexpr Early kEarly[] = {
    {"LlavaForConditionalGeneration", k0_10_2},
    {"MantisForConditionalGeneration", k0_10_2},
    {"Mistral3ForConditionalGeneration", k0_10_2},
    {"Llama4ForConditionalGeneration", k0_10_2},
    {"Qwen2_5OmniModel", k0_10_2},
    {"Qwen2_5OmniForConditionalGeneration", k0_10_2},
    {"Qwen2_5_VLForConditionalGeneration", k0_10_2},
    {"Qwen2VLForConditionalGeneration", k0_10_2},
    {"Step3VLForConditionalGeneration", k0_10_2},
    {"HunYuanVLForConditionalGeneration", k0_14_1},
    {"OpenCUAForConditionalGeneration", k0_14_1},
    {"PixtralForConditionalGeneration", k0_14_1},
    {"Qwen3VLForConditionalGeneration", k0_14_1},
    {"Qwen3VLMoeForConditionalGeneration", k0_14_1},
};

bool looks_at_limits(const Launch& launch) {
  if (vllm::in_force(kMarksTowers, launch.day)) return true;
  return std::any_of(std::begin(kEarly), std::end(kEarly), [&](const Early& early) {
    return early.architecture == launch.source().architecture && vllm::present({early.since}, launch.day);
  });
}

/// How many items of a modality a prompt may hold; what is not said is not limited.
class Limits {
 public:
  explicit Limits(const Launch& launch)
      : limits_(launch.given.find("limit_mm_per_prompt")),
        text_only_(launch.given.flag_or("language_model_only", false)) {}

  [[nodiscard]] bool none(std::string_view modality) const {
    if (text_only_) return true;
    const json::Value* limit = limits_ ? limits_->find(modality) : nullptr;
    if (limit && limit->object()) limit = limit->find("count");
    return limit && limit->integer() && *limit->integer() == 0;
  }

 private:
  const json::Value* limits_;
  bool text_only_;
};

/// Model types whose images are attended to in both directions.
///
///   source  vllm/config/model.py, is_mm_prefix_lm; from 0.25 model_arch_config_convertor.py
struct PrefixModel {
  std::string_view model_type;
  vllm::Read since;
};
constexpr PrefixModel kPrefixModels[] = {
    {"gemma3", k0_14_1}, {"paligemma", k0_14_1}, {"bagel", k0_19_0}, {"molmo2", k0_19_0}, {"moondream3", k0_25_1},
};

/// From then on a launch that takes no images has no such prefix.
constexpr vllm::Step<bool> kTextOnlyHasNoPrefix[] = {
    {{}, false, "vllm v0.25.1 vllm/config/model.py, is_mm_prefix_lm"},
    {{2026, 7, 20}, true, "~vllm v0.28.0 vllm/config/model.py, _supports_multimodal_for_mm_prefix"},
};
static_assert(vllm::well_formed(kTextOnlyHasNoPrefix));

/// From then on a config may say so itself.
constexpr vllm::Step<bool> kConfigSaysPrefix[] = {
    {{}, false, "vllm v0.14.1 vllm/config/model.py, is_mm_prefix_lm"},
    {{2026, 2, 1}, true, "~vllm v0.19.0 vllm/config/model.py, is_mm_prefix_lm"},
};
static_assert(vllm::well_formed(kConfigSaysPrefix));

/// From then on Gemma 4 says so with use_bidirectional_attention.
constexpr vllm::Step<bool> kGemma4Prefix[] = {
    {{}, false, "vllm v0.19.0 vllm/config/model.py, is_mm_prefix_lm"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/transformers_utils/model_arch_config_convertor.py, Gemma4"},
};
static_assert(vllm::well_formed(kGemma4Prefix));

bool multimodal_prefix(const Launch& launch) {
  const HfConfig root = launch.root();
  const std::string& type = root.model_type();
  if (type.starts_with("gemma4") || type.starts_with("diffusion_gemma"))
    return vllm::in_force(kGemma4Prefix, launch.day) && launch.text().text("use_bidirectional_attention") == "vision";
  if (type == "deepseek_v4") return root.whole("vision_n_layers").value_or(0) > 0;
  if (vllm::in_force(kConfigSaysPrefix, launch.day) && root.find("is_mm_prefix_lm"))
    return root.truthy("is_mm_prefix_lm");
  return std::any_of(std::begin(kPrefixModels), std::end(kPrefixModels), [&](const PrefixModel& model) {
    return model.model_type == type && vllm::present({model.since}, launch.day);
  });
}

/// Every modality that a model of images attended to in both directions takes is limited to none.
///
///   source  vllm/model_executor/models, get_supported_mm_limits
bool takes_nothing(const Launch& launch, const Limits& limits) {
  const std::string type = launch.root().model_type();
  const bool gemma4 = type.starts_with("gemma4") || type.starts_with("diffusion_gemma");
  const bool video = gemma4 || type == "molmo2", audio = gemma4 && launch.root().truthy("audio_config");
  return limits.none("image") && (!video || limits.none("video")) && (!audio || limits.none("audio"));
}

}  // namespace

Stop choose_towers(Launch& launch) {
  if (!launch.multimodal) return std::nullopt;
  const Limits limits(launch);
  launch.plan.skip_mm_profiling = launch.given.flag_or("skip_mm_profiling", false);
  const bool no_image = limits.none("image"), no_video = limits.none("video"), no_audio = limits.none("audio");
  memory::Towers& served = launch.plan.towers;
  if (looks_at_limits(launch) && launch.facts->towers != vllm::kNoTower) {
    served = {.image = !no_image, .video = !no_video, .vision_chunk = !limits.none("vision_chunk"), .audio = !no_audio};
  }
  launch.plan.parallel.encoder_data = launch.text("mm_encoder_tp_mode") == "data" && launch.has(vllm::kTowerData);
  launch.plan.kv.multimodal_prefix =
      multimodal_prefix(launch) && !(takes_nothing(launch, limits) && vllm::in_force(kTextOnlyHasNoPrefix, launch.day));
  return std::nullopt;
}

}  // namespace vram::plan
