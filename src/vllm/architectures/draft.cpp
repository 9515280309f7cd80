// Classes that draft for another model.
//
// source  vllm/model_executor/models/registry.py of each release read: _SPECULATIVE_DECODING_MODELS
#include "vllm/architectures/tables.h"

namespace vram::vllm::architectures {
namespace {

using enum Read;
using enum PoolingType;

constexpr ArchitectureFacts kTable[] = {
    {"BailingMoeV25MTPModel", {k0_25_1, k0_33_0}, kGenerates},
    {"BailingMoeV3MTPModel", {k0_28_0, k0_33_0}, kDecoder},
    {"DFlash2BeamDraftModel", {k0_33_0, k0_33_0}, kGenerates},
    {"DFlash2DraftModel", {k0_28_0, k0_33_0}, kGenerates},
    {"DFlashDraftModel", {k0_25_1, k0_33_0}, kGenerates},
    {"DFlashLagunaForCausalLM", {k0_25_1, k0_33_0}, kGenerates},
    {"DFlashMuseGlimmerAssistantModel", {k0_28_0, k0_33_0}, kGenerates},
    {"DFlashQwen3XPressModel", {k0_33_0, k0_33_0}, kGenerates},
    {"DSparkDraftModel", {k0_25_1, k0_33_0}, kGenerates},
    {"DSparkV41DraftModel", {k0_33_0, k0_33_0}, kGenerates},
    {"DeepSeekMTPModel", {k0_33_0, k0_33_0}, kDecoder},
    {"DeepSeekMTPModel", {k0_14_1, k0_28_0}, kGenerates},
    {"DeepSeekMTPModel", {k0_9_2, k0_10_2}, kDecoder},
    {"DeepSeekV4MTPModel", {k0_25_1, k0_33_0}, kGenerates},
    {"DeepseekV32MTPModel", {k0_33_0, k0_33_0}, kDecoder},
    {"Dots3NoteMTPModel", {k0_33_0, k0_33_0}, kDecoder},
    {"Dots3NoteMTPModel", {k0_28_0, k0_28_0}, kGenerates},
    {"EAGLEModel", {k0_9_2, k0_9_2}, kGenerates},
    {"Eagle3DeepseekV2ForCausalLM", {k0_19_0, k0_33_0}, kGenerates},
    {"Eagle3DeepseekV3ForCausalLM", {k0_19_0, k0_33_0}, kGenerates},
    {"Eagle3LlamaForCausalLM", {k0_9_2, k0_33_0}, kGenerates},
    {"Eagle3MiniMaxM2ForCausalLM", {k0_25_1, k0_33_0}, kGenerates},
    {"Eagle3Qwen2_5vlForCausalLM", {k0_14_1, k0_33_0}, kGenerates},
    {"Eagle3Qwen3ForCausalLM", {k0_25_1, k0_33_0}, kGenerates},
    {"Eagle3Qwen3vlForCausalLM", {k0_14_1, k0_33_0}, kGenerates},
    {"EagleCohereForCausalLM", {k0_25_1, k0_33_0}, kGenerates},
    {"EagleDeepSeekMTPModel", {k0_10_2, k0_33_0}, kGenerates},
    {"EagleLlama4ForCausalLM", {k0_10_2, k0_33_0}, kGenerates},
    {"EagleLlamaForCausalLM", {k0_9_2, k0_33_0}, kGenerates},
    {"EagleMiniCPMForCausalLM", {k0_9_2, k0_33_0}, kGenerates},
    {"EagleMistralForCausalLM", {k0_25_1, k0_33_0}, kGenerates},
    {"EagleMistralLarge3ForCausalLM", {k0_14_1, k0_33_0}, kGenerates},
    {"ErnieMTPModel", {k0_14_1, k0_33_0}, kGenerates},
    {"ErnieMTPModel", {k0_10_2, k0_10_2}, kDecoder},
    {"Exaone4_5_MTP", {k0_25_1, k0_33_0}, kGenerates | kMultimodal},
    {"ExaoneMoeMTP", {k0_14_1, k0_33_0}, 0},
    {"ExtractHiddenStatesModel", {k0_19_0, k0_33_0}, 0},
    {"Gemma4DSparkModel", {k0_28_0, k0_33_0}, kGenerates},
    {"Gemma4MTPModel", {k0_25_1, k0_33_0}, kGenerates},
    {"Glm4MoeLiteMTPModel", {k0_19_0, k0_33_0}, kDecoder},
    {"Glm4MoeMTPModel", {k0_14_1, k0_33_0}, kGenerates},
    {"Glm4MoeMTPModel", {k0_10_2, k0_10_2}, kDecoder},
    {"Glm5NextMTPModel", {k0_33_0, k0_33_0}, kGenerates},
    {"GlmOcrMTPModel", {k0_19_0, k0_33_0}, kDecoder},
    {"HYV3MTPModel", {k0_25_1, k0_33_0}, 0},
    {"HYV4MTPModel", {k0_33_0, k0_33_0}, 0},
    {"InklingMTPModel", {k0_28_0, k0_33_0}, kGenerates},
    {"InternS2MobiusMTP", {k0_33_0, k0_33_0}, kVlm},
    {"InternS2MobiusMTP", {k0_28_0, k0_28_0}, kGenerates | kMultimodal},
    {"K3DSparkModel", {k0_28_0, k0_33_0}, kGenerates},
    {"KimiK3MTPModel", {k0_28_0, k0_33_0}, kGenerates},
    {"LiLiCorrDraftModel", {k0_33_0, k0_33_0}, kGenerates},
    {"LlamaForCausalLMEagle3", {k0_10_2, k0_33_0}, kGenerates},
    {"LongCatFlashMTPModel", {k0_14_1, k0_33_0}, 0},
    {"MLPSpeculatorPreTrainedModel", {k0_9_2, k0_9_2}, kPools},
    {"MedusaModel", {k0_9_2, k0_28_0}, 0},
    {"MiMoMTPModel", {k0_9_2, k0_33_0}, kGenerates},
    {"MiMoV2MTPModel", {k0_25_1, k0_33_0}, kGenerates},
    {"MiMoV2OmniMTPModel", {k0_25_1, k0_33_0}, kGenerates | kMultimodal},
    {"MiniMaxM3MTP", {k0_25_1, k0_33_0}, kGenerates},
    {"MuseGlimmerAssistantModel", {k0_28_0, k0_33_0}, kGenerates},
    {"MuseSparkDSparkModel", {k0_33_0, k0_33_0}, kGenerates},
    {"NemotronHMTPModel", {k0_19_0, k0_33_0}, kPipeline},
    {"OpenPanguMTPModel", {k0_14_1, k0_33_0}, kGenerates},
    {"PEagleDraftModel", {k0_25_1, k0_33_0}, kGenerates},
    {"ParseAuxMTPModel", {k0_33_0, k0_33_0}, kGenerates},
    {"PeagleLlamaForCausalLM", {k0_25_1, k0_33_0}, kGenerates},
    {"PeagleQwen3ForCausalLM", {k0_25_1, k0_33_0}, kGenerates},
    {"Qwen3DSparkModel", {k0_25_1, k0_33_0}, kGenerates},
    {"Qwen3NextMTP", {k0_14_1, k0_33_0}, kGenerates},
    {"Qwen3NextMTP", {k0_10_2, k0_10_2}, kDecoder},
    {"Qwen3OmniDSparkModel", {k0_33_0, k0_33_0}, kGenerates},
    {"Qwen3XPressModel", {k0_33_0, k0_33_0}, kGenerates},
    {"Qwen3_5MTP", {k0_33_0, k0_33_0}, kVlm},
    {"Qwen3_5MTP", {k0_19_0, k0_28_0}, kGenerates | kMultimodal},
    {"Qwen3_5MoeMTP", {k0_33_0, k0_33_0}, kVlm},
    {"Qwen3_5MoeMTP", {k0_19_0, k0_28_0}, kGenerates | kMultimodal},
    {"Qwen4ExpMTP", {k0_33_0, k0_33_0}, kDecoder},
    {"Step3p5MTP", {k0_19_0, k0_33_0}, kGenerates},
    {"Step5MTP", {k0_33_0, k0_33_0}, kGenerates | kMultimodal},
};

}  // namespace

std::span<const ArchitectureFacts> draft() { return kTable; }

}  // namespace vram::vllm::architectures
