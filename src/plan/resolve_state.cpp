// Recurrent states: how they share the cache with attention, and the hybrid manager that holds both.
//
// source  vllm v0.33.0 vllm/model_executor/models/config.py, MambaModelConfig; vllm/config/vllm.py, __post_init__
#include <algorithm>

#include "plan/launch.h"

namespace vram::plan {
namespace {

/// What prefix caching makes of recurrent states, by era.
enum class Caching {
  kNever,           // prefix caching is turned off
  kOwnClassesOnly,  // only classes that keep all states have it
  kAllOrAligned,    // "all" for classes that keep them, else "align"
  kAlignedOrAsked,  // "align" unless "all" is asked for
  kAligned          // "align"
};
constexpr vllm::Step<Caching> kCaching[] = {
    {{}, Caching::kNever, "vllm v0.10.2 vllm/model_executor/models/config.py, MambaModelConfig"},
    {{2025, 10, 4}, Caching::kOwnClassesOnly, "~vllm v0.14.1 vllm/model_executor/models/config.py"},
    {{2026, 1, 23}, Caching::kAllOrAligned, "vllm v0.19.0 vllm/model_executor/models/config.py"},
    {{2026, 8, 4}, Caching::kAlignedOrAsked, "~vllm v0.28.0 vllm/model_executor/models/config.py"},
    {{2026, 10, 1}, Caching::kAligned, "~vllm v0.33.0 vllm/model_executor/models/config.py"},
};
static_assert(vllm::well_formed(kCaching));

std::string mode(const Launch& launch, bool prefix_caching) {
  const Caching caching = vllm::in_force(kCaching, launch.day);
  if (caching == Caching::kNever || caching == Caching::kOwnClassesOnly) return "";
  if (!prefix_caching) return "none";
  const std::string asked = launch.given.text_or("mamba_cache_mode", "none");
  const bool keeps_all = launch.has(vllm::kMambaCaching);
  if (caching == Caching::kAligned) return "align";
  if (asked == "none") return caching == Caching::kAllOrAligned && keeps_all ? "all" : "align";
  return asked == "all" && !keeps_all ? "align" : asked;
}

/// What "auto" is for NemotronH's states when its config does not say.
constexpr vllm::Step<Dtype> kNemotronState[] = {
    {{}, Dtype::kFloat16, "vllm v0.19.0 vllm/model_executor/models/config.py, NemotronHForCausalLMConfig"},
    {{2026, 6, 1}, Dtype::kFloat32, "~vllm v0.25.1 vllm/model_executor/models/config.py"},
};
static_assert(vllm::well_formed(kNemotronState));

/// Models whose config names the dtype of the states.
///
///   source  vllm/model_executor/models/config.py, NemotronH…, Qwen3_5…, Qwen4Exp…
std::optional<Dtype> state_dtype(const Launch& launch) {
  if (launch.is_architecture({"NemotronHForCausalLM", "NemotronHPuzzleForCausalLM"})) {
    const std::string own = launch.root().text("mamba_ssm_cache_dtype");
    return own.empty() ? vllm::in_force(kNemotronState, launch.day) : read_dtype(own);
  }
  if (launch.is_architecture({"NemotronH_Nano_VL_V2"})) return read_dtype(launch.text().text("mamba_ssm_cache_dtype"));
  const std::string& name = launch.source().architecture;
  if (name.starts_with("Qwen3_5") || name.starts_with("Qwen4Exp"))
    return read_dtype(launch.text().text("mamba_ssm_dtype"));
  return std::nullopt;
}

/// Connectors that can move a hybrid cache.
///
///   source  vllm/distributed/kv_transfer/kv_connector/v1, subclasses of SupportsHMA
struct Connector {
  std::string_view name;
  vllm::Read since;
};
constexpr Connector kHybridConnectors[] = {
    {"NixlConnector", vllm::Read::k0_25_1},        {"NixlPullConnector", vllm::Read::k0_25_1},
    {"NixlPushConnector", vllm::Read::k0_25_1},    {"SimpleCPUOffloadConnector", vllm::Read::k0_25_1},
    {"DecodeBenchConnector", vllm::Read::k0_25_1}, {"ExampleHiddenStatesConnector", vllm::Read::k0_25_1},
    {"MooncakeConnector", vllm::Read::k0_25_1},    {"MooncakeStoreConnector", vllm::Read::k0_25_1},
    {"OffloadingConnector", vllm::Read::k0_25_1},  {"HiSparseConnector", vllm::Read::k0_33_0},
    {"MoRIIOConnector", vllm::Read::k0_33_0},      {"UMBPStoreConnector", vllm::Read::k0_33_0},
};

bool moves_hybrids(const json::Value& transfer, vllm::Date day) {
  const std::string name = HfConfig(transfer).text("kv_connector");
  return std::any_of(std::begin(kHybridConnectors), std::end(kHybridConnectors), [&](const Connector& connector) {
    return connector.name == name && vllm::present({connector.since}, day);
  });
}

/// What turns the hybrid manager off besides the argument, by era.
struct ManagerRules {
  bool chunked_attention;  // Llama 4's
  bool events;             // kv_events_config
  const char* flag;        // how it is asked for
};
constexpr vllm::Step<ManagerRules> kManager[] = {
    {{}, {false, true, ""}, "vllm v0.9.2 vllm/config.py, VllmConfig.__post_init__"},
    {{2025, 7, 25}, {true, true, ""}, "~vllm v0.10.2 vllm/config/__init__.py, VllmConfig.__post_init__"},
    {{2025, 12, 1}, {false, true, "--no-disable-hybrid-kv-cache-manager"}, "~vllm v0.14.1 vllm/config/vllm.py"},
    {{2026, 6, 1}, {false, false, "--no-disable-hybrid-kv-cache-manager"}, "~vllm v0.25.1 vllm/config/vllm.py"},
    {{2026, 10, 1}, {false, false, "--enable-hybrid-kv-cache-manager"}, "~vllm v0.33.0 vllm/config/vllm.py"},
};
static_assert(vllm::well_formed(kManager));

bool eagle(const std::string& method) { return method == "eagle" || method == "eagle3" || method == "mtp"; }

Stop choose_manager(Launch& launch) {
  const ManagerRules& rules = vllm::in_force(kManager, launch.day);
  memory::KvSettings& kv = launch.plan.kv;
  const auto disabled = launch.flag("disable_hybrid_kv_cache_manager");
  const bool chunked = launch.text().has("attention_chunk_size") && !launch.source().architecture.starts_with("MiMoV2");
  bool needed = false;
  if (chunked) needed = rules.chunked_attention || eagle(kv.speculative_method);
  if (launch.around.variable("VLLM_ALLOW_CHUNKED_LOCAL_ATTN_WITH_HYBRID_KV_CACHE") == "0") needed = needed || chunked;
  if (rules.events && launch.given.has("kv_events_config")) needed = true;
  const json::Value* transfer = launch.given.find("kv_transfer_config");
  const bool unlike = transfer && !moves_hybrids(*transfer, launch.day);
  if (disabled == false && needed && *rules.flag)
    return refused(
        "Hybrid KV cache manager was explicitly enabled but is not supported in this configuration. Consider omitting "
        "the " +
        std::string(rules.flag) + " flag to let vLLM decide automatically.");
  kv.hybrid_manager = !disabled.value_or(needed || unlike) && !needed;
  if (disabled == true) kv.hybrid_manager = false;
  return std::nullopt;
}

}  // namespace

Stop choose_state(Launch& launch) {
  memory::KvSettings& kv = launch.plan.kv;
  if (Stop stop = choose_manager(launch)) return stop;
  if (const auto block = launch.whole("mamba_block_size")) {
    kv.mamba_block_size = Tokens(*block);
    if (!kv.prefix_caching) return refused("--mamba-block-size can only be set with --enable-prefix-caching");
  }
  kv.mamba_conv_dtype = read_dtype(launch.text("mamba_cache_dtype"));
  kv.mamba_state_dtype = read_dtype(launch.text("mamba_ssm_cache_dtype"));
  if (!launch.hybrid && !launch.attention_free) return std::nullopt;
  const Caching caching = vllm::in_force(kCaching, launch.day);
  if (caching == Caching::kNever || (caching == Caching::kOwnClassesOnly && !launch.has(vllm::kMambaCaching)))
    kv.prefix_caching = false;
  kv.mamba_cache_mode = mode(launch, kv.prefix_caching);
  if (!kv.mamba_state_dtype) kv.mamba_state_dtype = state_dtype(launch);
  return std::nullopt;
}

}  // namespace vram::plan
