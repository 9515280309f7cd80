#include "arch/vision/tower.h"

#include <string_view>

namespace vram::arch {
namespace {

/// Towers whose modalities are limited to none are left out.
constexpr vllm::Step<bool> kSkipped[] = {
    {{}, false, "vllm v0.14.1 vllm/model_executor/models/gemma3_mm.py"},
    {{2026, 1, 25}, true, "~ vllm v0.15.0 vllm/model_executor/models/interfaces.py, _mark_tower_model"},
};
constexpr vllm::Step<bool> kSkippedEarly[] = {
    {{}, false, "vllm v0.10.0 vllm/model_executor/models/qwen2_vl.py"},
    {{2025, 8, 5}, true, "~ vllm v0.10.1 vllm/model_executor/models/qwen2_vl.py, get_limit_per_prompt"},
};
static_assert(vllm::well_formed(kSkipped) && vllm::well_formed(kSkippedEarly));

struct Class {
  std::string_view model_type, architecture;
};
constexpr Class kClasses[] = {{"llama", "LlamaForCausalLM"},     {"mistral", "MistralForCausalLM"},
                              {"qwen2", "Qwen2ForCausalLM"},     {"qwen3", "Qwen3ForCausalLM"},
                              {"gemma", "GemmaForCausalLM"},     {"gemma2", "Gemma2ForCausalLM"},
                              {"phi3", "Phi3ForCausalLM"},       {"ministral3", "Ministral3ForCausalLM"},
                              {"cohere2", "Cohere2ForCausalLM"}, {"qwen3_moe", "Qwen3MoeForCausalLM"},
                              {"lfm2", "Lfm2ForCausalLM"},       {"granite", "GraniteForCausalLM"},
                              {"opt", "OPTForCausalLM"},         {"gemma3_text", "Gemma3ForCausalLM"},
                              {"phi", "PhiForCausalLM"},         {"mixtral", "MixtralForCausalLM"},
                              {"cohere", "CohereForCausalLM"},   {"stablelm", "StableLmForCausalLM"},
                              {"olmo2", "Olmo2ForCausalLM"},     {"olmo3", "Olmo3ForCausalLM"},
                              {"falcon", "FalconForCausalLM"},   {"gpt_neox", "GPTNeoXForCausalLM"},
                              {"exaone4", "Exaone4ForCausalLM"}, {"ernie4_5", "Ernie4_5ForCausalLM"},
                              {"smollm3", "SmolLM3ForCausalLM"}, {"gpt_oss", "GptOssForCausalLM"},
                              {"glm4", "Glm4ForCausalLM"},       {"qwen2_moe", "Qwen2MoeForCausalLM"}};

}  // namespace

std::string language_architecture(const Builder& builder) {
  const std::vector<std::string> given = builder.text().texts("architectures");
  if (!given.empty() && &builder.text().value() != &builder.config().value()) return given.front();
  const std::string type = builder.text().text_or("model_type", "llama");
  for (const Class& each : kClasses)
    if (each.model_type == type) return std::string(each.architecture);
  return type;
}

void add_tower_part(Builder& builder, const Tower& tower, Block block, std::int64_t repeat) {
  const std::string name = tower.role == Part::Role::kAudio ? "audio" : "vision";
  builder.add_part(name, Part::Place::kEveryStage, std::move(block), tower.role, repeat);
  Part& part = builder.model.parts.back();
  part.whole_with_data = tower.whole_with_data;
  part.whole_unless = tower.whole_unless;
  const vllm::Date day = builder.options().as_of;
  part.skippable = vllm::in_force(kSkipped, day) || (tower.skipped_early && vllm::in_force(kSkippedEarly, day));
}

std::int64_t tower_layers(const json::Fields& config, std::string_view name, std::int64_t absent) {
  constexpr std::int64_t kMost = 1024;
  const std::int64_t layers = config.count_or(name, absent);
  if (layers <= kMost) return layers;
  config.refuse(name, std::to_string(layers) + " layers are more than any encoder has");
  return 0;
}

void convolution(Block& block, const std::string& name, std::vector<std::int64_t> shape, bool bias) {
  const std::int64_t outputs = shape.front();
  block.tensor(name + ".weight", std::move(shape));
  if (bias) block.tensor(name + ".bias", {outputs});
}

}  // namespace vram::arch
