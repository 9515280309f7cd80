// source  vllm v0.33.0 vllm/model_executor/models: embedding_modules, is_3d_moe_weight and is_non_gated_moe of each
// class
#include "vllm/lora_facts.h"

#include <algorithm>
#include <iterator>

namespace vram::vllm {
namespace {

constexpr unsigned kEmbedding = 1, kHead = 2, kFusedExperts = 4, kPlainExperts = 8;

struct Row {
  std::string_view architecture;
  unsigned facts;
};

constexpr Row kRows[] = {
    {"ApertusForCausalLM", kEmbedding | kHead},
    {"ArceeForCausalLM", kEmbedding},
    {"Cohere2ForCausalLM", kEmbedding},
    {"CohereForCausalLM", kEmbedding},
    {"CwmForCausalLM", kEmbedding},
    {"DeciLMForCausalLM", kEmbedding | kHead},
    {"Eagle3LlamaForCausalLM", kEmbedding | kHead},
    {"Eagle3MiniMaxM2ForCausalLM", kEmbedding | kHead},
    {"Eagle3Qwen2_5vlForCausalLM", kEmbedding | kHead},
    {"Eagle3Qwen3vlForCausalLM", kEmbedding | kHead},
    {"EagleLlamaForCausalLM", kEmbedding | kHead},
    {"Ernie4_5ForCausalLM", kEmbedding | kHead},
    {"Exaone4ForCausalLM", kEmbedding | kHead},
    {"ExaoneForCausalLM", kEmbedding | kHead},
    {"FalconH1ForCausalLM", kEmbedding | kHead},
    {"GPTBigCodeForCausalLM", kEmbedding},
    {"GPTNeoXForCausalLM", kEmbedding},
    {"GlmForCausalLM", kEmbedding},
    {"GptOssForCausalLM", kFusedExperts},
    {"GraniteForCausalLM", kEmbedding | kHead},
    {"GraniteMoeForCausalLM", kEmbedding | kHead},
    {"GraniteMoeHybridForCausalLM", kEmbedding | kHead},
    {"GraniteMoeSWAForCausalLM", kEmbedding | kHead},
    {"GraniteMoeSharedForCausalLM", kEmbedding | kHead},
    {"GraniteSWAForCausalLM", kEmbedding | kHead},
    {"HunYuanDenseV1ForCausalLM", kEmbedding},
    {"IQuestCoderForCausalLM", kEmbedding | kHead},
    {"InternLM3ForCausalLM", kEmbedding | kHead},
    {"Jais2ForCausalLM", kEmbedding},
    {"JambaForCausalLM", kEmbedding | kHead},
    {"JambaForSequenceClassification", kEmbedding | kHead},
    {"LLaMAForCausalLM", kEmbedding | kHead},
    {"Lfm2ForCausalLM", kEmbedding | kHead},
    {"Lfm2MoeForCausalLM", kEmbedding | kHead},
    {"Llama4ForCausalLM", kEmbedding | kHead},
    {"LlamaBidirectionalForSequenceClassification", kEmbedding | kHead},
    {"LlamaBidirectionalModel", kEmbedding | kHead},
    {"LlamaForCausalLM", kEmbedding | kHead},
    {"LlamaForCausalLMEagle3", kEmbedding | kHead},
    {"LlamaModel", kEmbedding | kHead},
    {"MiniCPM3ForCausalLM", kEmbedding | kHead},
    {"MiniCPMForCausalLM", kEmbedding | kHead},
    {"MistralModel", kEmbedding | kHead},
    {"MixtralForCausalLM", kEmbedding | kHead},
    {"NemotronForCausalLM", kEmbedding | kHead},
    {"NemotronHForCausalLM", kEmbedding | kHead | kPlainExperts},
    {"NemotronHPuzzleForCausalLM", kEmbedding | kHead | kPlainExperts},
    {"Olmo2ForCausalLM", kEmbedding},
    {"Olmo3ForCausalLM", kEmbedding},
    {"OlmoForCausalLM", kEmbedding},
    {"PEagleDraftModel", kEmbedding | kHead},
    {"PeagleLlamaForCausalLM", kEmbedding | kHead},
    {"Phi3ForCausalLM", kEmbedding | kHead},
    {"PhiForCausalLM", kEmbedding},
    {"PhiMoEForCausalLM", kEmbedding | kHead},
    {"Qwen3ForCausalLM", kEmbedding | kHead},
    {"Qwen3MoeForCausalLM", kEmbedding | kHead},
    {"Qwen3VLMoeForConditionalGeneration", kFusedExperts},
    {"Qwen3_5ForCausalLM", kEmbedding | kHead},
    {"Qwen3_5MoeForCausalLM", kEmbedding | kHead},
    {"Qwen3_5MoeForConditionalGeneration", kFusedExperts},
    {"SeedOssForCausalLM", kEmbedding},
    {"SmolLM3ForCausalLM", kEmbedding},
    {"SolarForCausalLM", kEmbedding | kHead},
    {"Starcoder2ForCausalLM", kEmbedding},
    {"TeleChat3ForCausalLM", kEmbedding | kHead},
    {"TeleFLMForCausalLM", kEmbedding | kHead},
};

}  // namespace

LoraFacts lora_facts(std::string_view architecture) {
  const auto row = std::lower_bound(std::begin(kRows), std::end(kRows), architecture,
                                    [](const Row& a, std::string_view name) { return a.architecture < name; });
  if (row == std::end(kRows) || row->architecture != architecture) return {};
  const auto has = [&](unsigned fact) { return (row->facts & fact) != 0; };
  return {has(kEmbedding), has(kHead), has(kFusedExperts), has(kPlainExperts)};
}

}  // namespace vram::vllm
