#include "vllm/architecture_facts.h"

#include <algorithm>

#include "vllm/architectures/tables.h"

namespace vram::vllm {
namespace {

/// source  vllm/config/model.py, _SUFFIX_TO_DEFAULTS (0.9.2: vllm/config.py); the first that fits is taken
struct Suffix {
  std::string_view text, runner;
};
constexpr Suffix kSuffixes[] = {
    {"ForCausalLM", "generate"},
    {"ForConditionalGeneration", "generate"},
    {"ChatModel", "generate"},
    {"LMHeadModel", "generate"},
    {"ForTextEncoding", "pooling"},
    {"EmbeddingModel", "pooling"},
    {"ForSequenceClassification", "pooling"},
    {"ForTokenClassification", "pooling"},
    {"ForAudioClassification", "pooling"},
    {"ForImageClassification", "pooling"},
    {"ForVideoClassification", "pooling"},
    {"ClassificationModel", "pooling"},
    {"ForRewardModeling", "pooling"},
    {"RewardModel", "pooling"},
    {"Model", "pooling"},
};

const Suffix* suffix_of(std::string_view name) {
  for (const Suffix& suffix : kSuffixes)
    if (name.ends_with(suffix.text)) return &suffix;
  return nullptr;
}

/// The last release that had a class.
struct Removed {
  std::string_view name, last_release;
};
// source  vllm v0.33.0 vllm/model_executor/models/registry.py; of the classes without LoRA
constexpr std::pair<std::string_view, std::string_view> kOtherwiseNamed[] = {
    {"BailingMoeV2_5ForCausalLM", "BailingMoeV25ForCausalLM"},
    {"CLIPModel", "CLIPEmbeddingModel"},
    {"FalconMambaForCausalLM", "MambaForCausalLM"},
    {"Gemma3TextModel", "Gemma3Model"},
    {"GteModel", "SnowflakeGteNewModel"},
    {"HfMoondream", "Moondream3ForCausalLM"},
    {"ModernVBertModel", "ColModernVBertForRetrieval"},
    {"MoonshotKimiaForCausalLM", "KimiAudioForConditionalGeneration"},
    {"Ovis2_6ForCausalLM", "Ovis2_5"},
    {"Ovis2_6_MoeForCausalLM", "Ovis2_5"},
    {"SiglipModel", "SiglipEmbeddingModel"},
    {"StableLmForCausalLM", "StablelmForCausalLM"},
    {"XLMRobertaForTokenClassification", "RobertaForTokenClassification"},
};

/// Classes that published configs name, of which neither a release nor Transformers has one by that name.
constexpr std::string_view kNowhere[] = {
    "LlavaLlamaForCausalLM", "LlavaMistralForCausalLM", "LlavaQwenForCausalLM",
    "MiniMaxM3ForCausalLM",  "Step3p7FlashForCausalLM",
};

constexpr Removed kRemoved[] = {
    {"Phi3SmallForCausalLM", "0.9.2"},
    {"DonutForConditionalGeneration", "0.10.2"},
    {"MllamaForConditionalGeneration", "0.10.2"},
    {"MotifForCausalLM", "0.10.2"},
    {"Phi4FlashForCausalLM", "0.10.2"},
    {"Phi4MultimodalForCausalLM", "0.12.0"},
    {"JAISLMHeadModel", "0.22.0"},
    {"BaiChuanForCausalLM", "0.23.0"},
    {"BaichuanForCausalLM", "0.23.0"},
    {"BambaForCausalLM", "0.23.0"},
    {"Dots1ForCausalLM", "0.23.0"},
    {"ErnieForSequenceClassification", "0.23.0"},
    {"ErnieForTokenClassification", "0.23.0"},
    {"ErnieModel", "0.23.0"},
    {"InternLM2VEForCausalLM", "0.23.0"},
    {"InternLMForCausalLM", "0.23.0"},
    {"MiniMaxForCausalLM", "0.23.0"},
    {"MiniMaxM1ForCausalLM", "0.23.0"},
    {"MiniMaxText01ForCausalLM", "0.23.0"},
    {"MiniMaxVL01ForConditionalGeneration", "0.23.0"},
    {"QWenLMHeadModel", "0.23.0"},
    {"QwenVLForConditionalGeneration", "0.23.0"},
    {"Tarsier2ForConditionalGeneration", "0.23.0"},
    {"XverseForCausalLM", "0.23.0"},
    {"AquilaForCausalLM", "0.24.0"},
    {"AquilaModel", "0.24.0"},
    {"AyaVisionForConditionalGeneration", "0.24.0"},
    {"Grok1ForCausalLM", "0.24.0"},
    {"Grok1ModelForCausalLM", "0.24.0"},
    {"MantisForConditionalGeneration", "0.24.0"},
    {"MusicFlamingoForConditionalGeneration", "0.24.0"},
    {"TarsierForConditionalGeneration", "0.24.0"},
    {"FuyuForCausalLM", "0.25.0"},
    {"PersimmonForCausalLM", "0.25.0"},
    {"TeleChatForCausalLM", "0.25.0"},
    {"OuroForCausalLM", "0.26.0"},
    {"Plamo2ForCausalLM", "0.26.0"},
    {"ArcticForCausalLM", "0.28.0"},
    {"ChameleonForConditionalGeneration", "0.28.0"},
    {"Cheers", "0.28.0"},
    {"CheersForConditionalGeneration", "0.28.0"},
    {"Fairseq2LlamaForCausalLM", "0.28.0"},
    {"FireRedLIDForConditionalGeneration", "0.28.0"},
    {"GritLM", "0.28.0"},
    {"HCXVisionForCausalLM", "0.28.0"},
    {"MPTForCausalLM", "0.28.0"},
    {"MptForCausalLM", "0.28.0"},
    {"PrithviGeoSpatialMAE", "0.28.0"},
    {"RWForCausalLM", "0.28.0"},
    {"StableLMEpochForCausalLM", "0.28.0"},
};

/// Classes that live on as plugins; from `since` on vLLM points there. Before that day they count as removed in 0.10.2.
struct Plugin {
  std::string_view name, url;
  Read since;
};
constexpr std::string_view kBart = "https://github.com/vllm-project/bart-plugin";
constexpr Plugin kPlugins[] = {
    {"BartModel", kBart, Read::k0_19_0},
    {"BartForConditionalGeneration", kBart, Read::k0_19_0},
    {"Florence2ForConditionalGeneration", kBart, Read::k0_19_0},
    {"MBartForConditionalGeneration", kBart, Read::k0_19_0},
    {"Nemotron3_5AsrForRNNT", "https://github.com/Sohaib-Ahmed21/vllm-nemotron-asr-plugin", Read::k0_33_0},
};

/// 0.33 tries the Transformers backend before it names the plugin.
/// source  vllm v0.33.0 vllm/model_executor/models/transformers/base.py
constexpr std::string_view kBartByTransformers =
    "Argument position_ids not found in the forward method of <class "
    "'transformers.models.bart.modeling_bart.BartDecoder'>";

/// What comes of Ming-Lite's config, whose language model has a name that vLLM does not look for.
/// source  vllm/transformers_utils/config.py, get_hf_text_config
constexpr std::string_view kNoHeads =
    "The text_config extracted from the model config does not have `num_attention_heads` attribute. This indicates a "
    "mismatch between the model config and vLLM's expectations. Please ensure that the model config is compatible "
    "with vLLM.";

Date cut_of(std::string_view version) {
  for (const Release& release : releases())
    if (release.version == version) return release.cut;
  return cut(Read::k0_10_2);
}

std::string no_more(std::string_view name, std::string_view last_release) {
  return "Model architecture " + std::string(name) + " was supported in vLLM until v" + std::string(last_release) +
         ", and is not supported anymore. Please use an older version of vLLM if you want to use this model "
         "architecture.";
}

bool registered(const ArchitectureFacts& facts, Date day) {
  const auto removed =
      std::find_if(std::begin(kRemoved), std::end(kRemoved), [&](const Removed& r) { return r.name == facts.name; });
  if (removed != std::end(kRemoved) && day > cut_of(removed->last_release)) return false;
  return present(facts.seen, day);
}

}  // namespace

std::span<const std::span<const ArchitectureFacts>> architecture_tables() {
  static const std::span<const ArchitectureFacts> kTables[] = {architectures::text(), architectures::multimodal(),
                                                               architectures::pooling(), architectures::draft()};
  return kTables;
}

const ArchitectureFacts* architecture_facts(std::string_view name, Date day) {
  for (const auto& table : architecture_tables())
    for (const ArchitectureFacts& facts : table)
      if (facts.name == name && registered(facts, day)) return &facts;
  return nullptr;
}

const ArchitectureFacts* base_architecture(std::string_view name, Date day) {
  if (const ArchitectureFacts* exact = architecture_facts(name, day)) return exact;
  const Suffix* own = suffix_of(name);
  if (!own) return nullptr;
  const std::string stem(name.substr(0, name.size() - own->text.size()));
  for (const Suffix& other : kSuffixes)
    if (const ArchitectureFacts* base = architecture_facts(stem + std::string(other.text), day)) return base;
  return nullptr;
}

std::optional<std::string_view> runner_of_suffix(std::string_view name) {
  const Suffix* suffix = suffix_of(name);
  return suffix ? std::optional(suffix->runner) : std::nullopt;
}

std::optional<std::string> removed_architecture(std::string_view name, Date day) {
  for (const Removed& removed : kRemoved)
    if (removed.name == name && day > cut_of(removed.last_release)) return no_more(name, removed.last_release);
  if (name == "BailingMMNativeForConditionalGeneration" && day > cut(Read::k0_10_2)) return std::string(kNoHeads);
  for (const Plugin& plugin : kPlugins) {
    if (plugin.url == kBart && plugin.name == name && name.starts_with("Bart") && day > cut(Read::k0_28_0))
      return std::string(kBartByTransformers);
    if (plugin.name != name || day <= cut(Read::k0_10_2)) continue;
    if (day > cut(Read(std::size_t(plugin.since) - 1)))
      return "Model architecture " + std::string(name) +
             " is not supported in-tree anymore. Please install the plugin at " + std::string(plugin.url) +
             " if you want to use this model architecture.";
    if (plugin.url == kBart) return no_more(name, "0.10.2");
  }
  return std::nullopt;
}

std::string_view class_name(std::string_view name) {
  const auto found = std::find_if(std::begin(kOtherwiseNamed), std::end(kOtherwiseNamed),
                                  [&](const auto& pair) { return pair.first == name; });
  return found == std::end(kOtherwiseNamed) ? name : found->second;
}

bool known_architecture(std::string_view name) {
  if (std::find(std::begin(kNowhere), std::end(kNowhere), name) != std::end(kNowhere)) return true;
  for (const auto& table : architecture_tables())
    for (const ArchitectureFacts& facts : table)
      if (facts.name == name) return true;
  return false;
}

}  // namespace vram::vllm
