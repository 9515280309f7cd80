// What the KV cache is stored as, and who manages it.
//
// source  vllm v0.33.0 vllm/utils/torch_utils.py, resolve_kv_cache_dtype_string; vllm/engine/arg_utils.py,
//         create_engine_config; vllm/config/vllm.py, __post_init__
#include <algorithm>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

using enum vllm::Read;

struct CacheDtype {
  std::string_view name;
  vllm::Read since;
};
/// source  vllm/config/cache.py, CacheDType of each release read, in the order of the newest
constexpr CacheDtype kCacheDtypes[] = {
    {"auto", k0_9_2},
    {"float16", k0_19_0},
    {"bfloat16", k0_14_1},
    {"fp8", k0_9_2},
    {"fp8_e4m3", k0_9_2},
    {"fp8_e5m2", k0_9_2},
    {"fp8_inc", k0_10_2},
    {"fp8_ds_mla", k0_14_1},
    {"nvfp4_ds_mla", k0_33_0},
    {"turboquant_k8v4", k0_25_1},
    {"turboquant_4bit_nc", k0_25_1},
    {"turboquant_k3v4_nc", k0_25_1},
    {"turboquant_3bit_nc", k0_25_1},
    {"octave_k3v4", k0_33_0},
    {"octave_k3v3", k0_33_0},
    {"octave_k3v3_compact", k0_33_0},
    {"ultraquant_4bit", k0_33_0},
    {"int4_per_token_head", k0_25_1},
    {"int8_per_token_head", k0_25_1},
    {"fp8_per_token_head", k0_25_1},
    {"nvfp4", k0_25_1},
    {"nvfp4_4over6", k0_28_0},
};

/// What a checkpoint may say about its cache, by era.
struct CheckpointRules {
  bool modelopt;            // "auto" follows ModelOpt's words
  bool modelopt_fp4;        // of them also NVFP4
  bool compressed_tensors;  // "auto" follows kv_cache_scheme
  bool over_arguments;      // kv_cache_scheme wins over a dtype that was asked for
};
constexpr vllm::Step<CheckpointRules> kCheckpoint[] = {
    {{}, {false, false, false, false}, "vllm v0.10.2 vllm/engine/arg_utils.py"},
    {{2025, 11, 1}, {true, false, false, false}, "~vllm v0.14.1 vllm/utils/torch_utils.py"},
    {{2026, 2, 15}, {true, false, true, true}, "~vllm v0.19.0 vllm/model_executor/layers/attention/attention.py"},
    {{2026, 6, 1}, {true, true, true, false}, "~vllm v0.25.1 vllm/model_executor/layers/attention/attention.py"},
};
static_assert(vllm::well_formed(kCheckpoint));

/// From then on a cache of another 16-bit float than the model's is refused.
constexpr vllm::Step<bool> kRefusesOtherFloat[] = {
    {{}, false, "vllm v0.28.0 vllm/config/vllm.py"},
    {{2026, 10, 1}, true, "~vllm v0.33.0 vllm/config/vllm.py"},
};
static_assert(vllm::well_formed(kRefusesOtherFloat));

/// From then on sparse MLA has an NVFP4 cache of its own to point to.
constexpr vllm::Step<const char*> kNvfp4Advice[] = {
    {{}, "(e.g., 'fp8' or 'auto')", "vllm v0.28.0 vllm/config/vllm.py"},
    {{2026, 10, 1},
     "(e.g., 'fp8', 'auto', or 'nvfp4_ds_mla' with a sparse MLA backend)",
     "~vllm v0.33.0 vllm/config/vllm.py"},
};
static_assert(vllm::well_formed(kNvfp4Advice));

/// DeepSeek-V3.2's cache was in a layout of its own from the start on; later the attention backend decides.
enum class SparseLayout { kAsAsked, kUnlessBfloat16, kForFp8 };
constexpr vllm::Step<SparseLayout> kSparseLayoutAtOnce[] = {
    {{}, SparseLayout::kAsAsked, "vllm v0.10.2 vllm/model_executor/models/config.py"},
    {{2025, 9, 30},
     SparseLayout::kUnlessBfloat16,
     "~vllm v0.11.0 vllm/model_executor/models/config.py, DeepseekV32ForCausalLM"},
    {{2025, 11, 11}, SparseLayout::kForFp8, "~vllm v0.11.1, the same"},
    {{2026, 3, 9}, SparseLayout::kAsAsked, "~vllm v0.18.0, the same"},
};
static_assert(vllm::well_formed(kSparseLayoutAtOnce));

/// TurboQuant beside recurrent layers: first refused.
constexpr vllm::Step<bool> kTurboquantHybrids[] = {
    {{}, false, "vllm v0.20.0 vllm/engine/arg_utils.py, create_engine_config"},
    {{2026, 5, 9}, true, "~vllm v0.21.0 vllm/model_executor/layers/quantization/turboquant/config.py"},
};
static_assert(vllm::well_formed(kTurboquantHybrids));

/// On Blackwell these models cache fp8 unless told otherwise.
constexpr vllm::Step<bool> kSparseFp8OnBlackwell[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/config.py"},
    {{2026, 10, 1}, true, "~vllm v0.33.0 vllm/model_executor/models/config.py, GlmMoeDsaForCausalLM, Glm5Next"},
};
static_assert(vllm::well_formed(kSparseFp8OnBlackwell));

/// ModelOpt's word for the cache as vLLM's; empty where the checkpoint has none.
std::string modelopt_cache(const json::Value& quantization, const CheckpointRules& rules) {
  const HfConfig outer(quantization);
  if (!outer.text("quant_method").starts_with("modelopt")) return "";
  const json::Value* nested = outer.find("quantization");
  const HfConfig inner(nested && nested->object() ? *nested : quantization);
  const json::Value* word = nullptr;
  for (const char* name : {"kv_cache_scheme", "kv_cache_quant_algo"})
    for (const HfConfig* place : {&inner, &outer})
      if (!word) word = place->find(name);
  if (!word) return "";
  std::string algorithm;
  if (word->object()) {
    const HfConfig scheme(*word);
    const bool floating = scheme.text("type") == "float";
    if (floating && scheme.whole("num_bits") == 8 && scheme.find("dynamic") && !scheme.truthy("dynamic"))
      algorithm = "fp8";
    else if (floating && scheme.whole("num_bits") == 4)
      algorithm = "nvfp4";
  } else if (word->string()) {
    algorithm = lower(*word->string());
  }
  if (algorithm == "fp8") return "fp8_e4m3";
  return algorithm == "nvfp4" && rules.modelopt_fp4 ? "nvfp4" : "auto";
}

std::string from_checkpoint(const Launch& launch, std::string asked) {
  const CheckpointRules& rules = vllm::in_force(kCheckpoint, launch.day);
  const json::Value* quantization = launch.source().config.find("quantization_config");
  if (quantization && asked == "auto" && rules.modelopt) {
    std::string word = modelopt_cache(*quantization, rules);
    if (!word.empty()) asked = std::move(word);
  }
  if (!quantization) quantization = launch.source().config.find("compression_config");
  if (!quantization) quantization = launch.source().text().find("quantization_config");
  if (quantization && rules.compressed_tensors && launch.plan.quantization == "compressed-tensors" &&
      quantization->find("kv_cache_scheme") && (asked == "auto" || rules.over_arguments))
    return "fp8";
  return asked;
}

/// source  vllm/model_executor/models/config.py, DeepseekV32ForCausalLM, GlmMoeDsaForCausalLM, Glm5NextModelConfig
std::string for_sparse_attention(const Launch& launch, std::string asked) {
  const bool deepseek = launch.is_architecture({"DeepseekV32ForCausalLM"});
  const bool glm = launch.is_architecture({"GlmMoeDsaForCausalLM"});
  const bool glm5 = launch.is_architecture({"Glm5NextForCausalLM", "Glm5NextForConditionalGeneration"}) &&
                    launch.text().has("index_topk");
  const bool blackwell = launch.capability / 10 == 10 && vllm::in_force(kSparseFp8OnBlackwell, launch.day);
  if (asked == "auto" && blackwell && (glm || glm5)) return glm ? "fp8_e4m3" : "fp8";
  if ((deepseek || glm) && asked == "bfloat16") return "auto";
  const SparseLayout layout = vllm::in_force(kSparseLayoutAtOnce, launch.day);
  const bool own = asked.starts_with("fp8") || (asked == "auto" && layout == SparseLayout::kUnlessBfloat16);
  return deepseek && own && layout != SparseLayout::kAsAsked ? "fp8_ds_mla" : asked;
}

/// source  vllm/model_executor/layers/quantization/turboquant/config.py, get_boundary_skip_layers
void skip_boundaries(const Launch& launch, std::vector<std::string>& skipped) {
  const std::int64_t layers = launch.text().whole("num_hidden_layers").value_or(0);
  if (launch.hybrid) return;
  constexpr std::int64_t kBoundary = 2;
  const std::int64_t each = std::min(kBoundary, layers / 2);
  for (std::int64_t i = 0; i < each; ++i) {
    skipped.push_back(std::to_string(i));
    skipped.push_back(std::to_string(layers - 1 - i));
  }
  std::sort(skipped.begin(), skipped.end());
  skipped.erase(std::unique(skipped.begin(), skipped.end()), skipped.end());
}

std::string known_dtypes(vllm::Date day) {
  std::string list;
  for (const CacheDtype& each : kCacheDtypes)
    if (vllm::present({each.since}, day)) list += (list.empty() ? "['" : ", '") + std::string(each.name) + "'";
  return list + "]";
}

bool is_cache_dtype(std::string_view dtype) {
  return std::any_of(std::begin(kCacheDtypes), std::end(kCacheDtypes),
                     [&](const CacheDtype& each) { return each.name == dtype; });
}

Stop choose_dtype_of_cache(Launch& launch) {
  memory::KvSettings& kv = launch.plan.kv;
  const std::string asked = launch.given.text_or("kv_cache_dtype", "auto");
  const auto known = std::find_if(std::begin(kCacheDtypes), std::end(kCacheDtypes), [&](const CacheDtype& each) {
    return each.name == asked && vllm::present({each.since}, launch.day);
  });
  if (known == std::end(kCacheDtypes))
    return refused("Invalid kv_cache_dtype: '" + asked + "'. Valid values are: " + known_dtypes(launch.day));
  kv.cache_dtype = for_sparse_attention(launch, from_checkpoint(launch, asked));
  const json::Value* skip = launch.given.find("kv_cache_dtype_skip_layers");
  if (skip) kv.cache_dtype_skip_layers = launch.given.texts("kv_cache_dtype_skip_layers");
  if (!kv.cache_dtype.starts_with("turboquant_") && kv.cache_dtype != "ultraquant_4bit") return std::nullopt;
  if (launch.hybrid && !vllm::in_force(kTurboquantHybrids, launch.day))
    return refused(
        "TurboQuant KV cache is not supported for hybrid (attention + Mamba) models. Boundary layer protection "
        "requires "
        "uniform attention layers.");
  skip_boundaries(launch, kv.cache_dtype_skip_layers);
  return std::nullopt;
}

}  // namespace

Stop choose_cache(Launch& launch) {
  if (Stop stop = choose_dtype_of_cache(launch)) return stop;
  memory::KvSettings& kv = launch.plan.kv;
  kv.device = launch.plan.gpu.driver_name;
  if (const auto block = launch.whole("block_size")) {
    if (*block < 1)
      return Error{ErrorCode::kBadInput, "\"block_size\"",
                   "expected a whole number of at least 1, found " + std::to_string(*block), ""};
    kv.block_size = Tokens(*block);
  }
  if (const auto gib = launch.given.maybe_number("swap_space"))
    kv.swap_space = Bytes(std::int64_t(std::clamp(*gib, 0.0, 1e6) * double(kGiB)));
  kv.attention_backend = launch.text("attention_backend");
  if (const json::Value* config = launch.given.find("attention_config"); config && config->object())
    if (kv.attention_backend.empty()) kv.attention_backend = HfConfig(*config).text("backend");
  if (kv.attention_backend.empty()) kv.attention_backend = launch.around.variable("VLLM_ATTENTION_BACKEND");
  return std::nullopt;
}

Stop check_cache(Launch& launch) {
  const memory::KvSettings& kv = launch.plan.kv;
  const std::string dtype(name(kv.model_dtype));
  if ((kv.cache_dtype == "float16" || kv.cache_dtype == "bfloat16") && kv.cache_dtype != dtype &&
      vllm::in_force(kRefusesOtherFloat, launch.day))
    return refused("kv_cache_dtype=\"" + kv.cache_dtype + "\" is incompatible with dtype=\"" + dtype +
                   "\". Please set `--kv-cache-dtype` to `auto`" +
                   (is_cache_dtype(dtype) ? " or `" + dtype + "`." : "."));
  return std::nullopt;
}

Stop check_cache_of_latents(Launch& launch) {
  const std::string& cache = launch.plan.kv.cache_dtype;
  if (launch.latent_attention && cache.starts_with("nvfp4") && !cache.ends_with("_ds_mla"))
    return refused(
        "nvfp4 KV cache is not supported with MLA (Multi-head Latent Attention) backends. Please use a different "
        "--kv-cache-dtype " +
        std::string(vllm::in_force(kNvfp4Advice, launch.day)) + " for MLA models such as DeepSeek.");
  return std::nullopt;
}

}  // namespace vram::plan
