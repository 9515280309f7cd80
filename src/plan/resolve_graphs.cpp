// CUDA graphs: the mode, and the batch sizes that are captured.
//
// source  vllm v0.33.0 vllm/config/vllm.py, __post_init__, _set_cudagraph_sizes
#include <algorithm>

#include "plan/launch.h"

namespace vram::plan {
namespace {

using Sizes = std::vector<std::int64_t>;

constexpr vllm::Step<CaptureRules> kSizes[] = {
    {{}, {true, false, false, false, false, false, false}, "vllm v0.9.2 vllm/config.py, _set_cudagraph_sizes"},
    {{2025, 8, 1}, {true, true, false, false, false, false, false}, "~vllm v0.10.2 vllm/config/scheduler.py"},
    {{2025, 10, 24}, {false, true, false, false, false, false, false}, "~vllm v0.11.1 vllm/config/vllm.py"},
    {{2025, 12, 10}, {false, true, true, false, false, false, false}, "~vllm v0.14.1 vllm/config/vllm.py"},
    {{2026, 2, 15}, {false, true, true, false, true, false, false}, "~vllm v0.19.0 vllm/config/vllm.py"},
    {{2026, 6, 1}, {false, true, true, false, true, true, false}, "~vllm v0.25.1 vllm/config/vllm.py"},
    {{2026, 8, 7}, {false, true, true, true, true, true, false}, "~vllm v0.28.0 vllm/config/vllm.py"},
    {{2026, 10, 1}, {false, true, true, true, true, true, true}, "~vllm v0.33.0 vllm/config/vllm.py"},
};
static_assert(vllm::well_formed(kSizes));

/// The mode when nobody says, and what becomes of it when the compiler that cuts graphs into pieces is off.
struct ModeRules {
  bool levels;           // -O0 and -O1 lower it
  bool full_by_default;  // FULL_AND_PIECEWISE; else PIECEWISE
  bool keeps_full;       // without the compiler the full graphs stay
};
constexpr vllm::Step<ModeRules> kModes[] = {
    {{}, {false, false, false}, "vllm v0.10.2 vllm/config/__init__.py, __post_init__"},
    {{2025, 9, 20}, {true, true, false}, "~vllm v0.11.0 vllm/config, __post_init__"},
    {{2026, 10, 1}, {true, true, true}, "~vllm v0.33.0 vllm/config/vllm.py, _normalize_piecewise_cudagraph_mode"},
};
static_assert(vllm::well_formed(kModes));

constexpr std::int64_t kUsualTop = 512, kLargeTop = 1024, kFineTop = 32;

/// What compilation_config and the arguments next to it ask for.
struct Asked {
  std::string mode;
  std::optional<Sizes> sizes;
  std::optional<std::int64_t> top;
  bool compiles = true;    // vLLM's own compiler cuts the graph
  std::int64_t level = 2;  // -O
};

std::optional<Sizes> whole_numbers(const json::Value* value) {
  if (!value || !value->array()) return std::nullopt;
  Sizes sizes;
  for (const json::Value& item : *value->array())
    if (item.integer()) sizes.push_back(*item.integer());
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

/// "VLLM_COMPILE" or 3, under either of its names.
bool compiles(const json::Value& config) {
  for (const char* name : {"mode", "level"})
    if (const json::Value* mode = config.find(name)) {
      if (mode->integer()) return *mode->integer() == 3;
      if (mode->string()) return *mode->string() == "VLLM_COMPILE" || *mode->string() == "3";
    }
  return true;
}

Asked asked_for(const Launch& launch) {
  Asked asked;
  if (const json::Value* config = launch.given.find("compilation_config")) {
    if (config->integer()) asked.compiles = *config->integer() == 3;  // -O as it was up to 0.11
    if (config->object()) {
      asked.mode = HfConfig(*config).text("cudagraph_mode");
      for (char& letter : asked.mode) letter = char(letter >= 'a' && letter <= 'z' ? letter - 32 : letter);
      asked.sizes = whole_numbers(config->find("cudagraph_capture_sizes"));
      asked.top = HfConfig(*config).whole("max_cudagraph_capture_size");
      asked.compiles = compiles(*config);
    }
  }
  for (const char* name : {"cudagraph_capture_sizes", "cuda_graph_sizes"})
    if (const json::Value* sizes = launch.given.find(name)) asked.sizes = whole_numbers(sizes);
  if (const auto top = launch.whole("max_cudagraph_capture_size")) asked.top = top;
  asked.level = launch.whole("optimization_level").value_or(2);
  if (asked.level == 0) asked.compiles = false;
  return asked;
}

std::string default_mode(const Launch& launch, const ModeRules& rules, const Asked& asked) {
  if (rules.levels && asked.level == 0) return "NONE";
  if (rules.full_by_default) return asked.level == 1 ? "PIECEWISE" : "FULL_AND_PIECEWISE";
  if (!asked.compiles) return "NONE";
  // source  vllm v0.10.2 vllm/model_executor/models/config.py, MambaModelConfig
  const bool recurrent = launch.hybrid || launch.attention_free;
  const bool piecewise = launch.is_architecture({"Lfm2ForCausalLM", "MiniMaxText01ForCausalLM"});
  return recurrent && !piecewise ? "FULL_AND_PIECEWISE" : "PIECEWISE";
}

bool has_full(std::string_view mode) { return mode.starts_with("FULL"); }
bool has_pieces(std::string_view mode) { return mode.ends_with("PIECEWISE"); }

/// source  vllm v0.33.0 vllm/model_executor/layers/fused_moe, DeepEP's high-throughput kernels are not captured
bool experts_forbid(const Launch& launch) {
  return launch.text("all2all_backend") == "deepep_high_throughput" && launch.plan.parallel.data > 1 &&
         launch.experts > 0;
}

std::string mode_of(const Launch& launch, const Asked& asked) {
  const ModeRules& rules = vllm::in_force(kModes, launch.day);
  if (launch.plan.enforce_eager || experts_forbid(launch)) return "NONE";
  // source  vllm v0.33.0 vllm/model_executor/models/config.py, LongcatFlashNgramForCausalLMConfig
  if (launch.is_architecture({"LongcatFlashNgramForCausalLM"})) return "FULL";
  std::string mode = asked.mode.empty() ? default_mode(launch, rules, asked) : asked.mode;
  if (has_pieces(mode) && !asked.compiles) mode = rules.keeps_full && has_full(mode) ? "FULL_DECODE_ONLY" : "NONE";
  if (rules.full_by_default && has_full(mode) && launch.pooling()) mode = "PIECEWISE";
  if (rules.full_by_default && launch.encoder_decoder && !launch.pooling() && mode != "NONE") mode = "FULL_DECODE_ONLY";
  return mode;
}

/// 1, 2, 4, every 8 below 256, every 16 from there on.
void add_ladder(Sizes& sizes, std::int64_t top) {
  for (std::int64_t size = 8; size <= std::min<std::int64_t>(top, 255); size += 8) sizes.push_back(size);
  for (std::int64_t size = 256; size <= top; size += 16) sizes.push_back(size);
}

Sizes first_steps(std::int64_t top) {
  Sizes sizes;
  for (const std::int64_t size : {1, 2, 4})
    if (size <= top) sizes.push_back(size);
  return sizes;
}

Sizes sorted(Sizes sizes) {
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return sizes;
}

void keep_up_to(Sizes& sizes, std::int64_t most) {
  std::erase_if(sizes, [&](std::int64_t size) { return size > most; });
}

/// Up to 0.11: one number is the top of a stride of 8, several are the sizes themselves.
Sizes strided_sizes(const GraphRule& rule, const memory::KvSettings& kv) {
  const std::int64_t usual = rule.rules.by_sequences ? std::min(kv.max_num_seqs * 2, kUsualTop) : kUsualTop;
  Sizes sizes;
  if (rule.sizes && rule.sizes->size() > 1) {
    sizes = *rule.sizes;
  } else {
    const std::int64_t top = rule.sizes && !rule.sizes->empty() ? rule.sizes->front() : usual;
    sizes = {1, 2, 4};
    if (rule.up_to_1024 && top < kLargeTop)
      add_ladder(sizes, kLargeTop);
    else
      for (std::int64_t size = 8; size <= std::min(top, kv.max_num_batched_tokens); size += 8) sizes.push_back(size);
  }
  keep_up_to(sizes, kv.max_num_batched_tokens);
  return sizes;
}

/// Batches of pure decoding: some requests, each with one token and its draft.
Sizes decode_batches(std::int64_t requests, std::int64_t tokens_each, std::int64_t platform_top, std::int64_t top) {
  Sizes sizes;
  if (tokens_each == 1) {
    if (requests <= top) sizes.push_back(requests);
    return sizes;
  }
  const std::int64_t most = std::min(requests, platform_top);
  Sizes counts = first_steps(most);
  add_ladder(counts, most);
  counts.push_back(most);
  for (const std::int64_t count : counts)
    if (count * tokens_each <= top) sizes.push_back(count * tokens_each);
  return sizes;
}

Result<Sizes> ladder_sizes(const GraphRule& rule, const memory::KvSettings& kv) {
  const std::int64_t batched = kv.max_num_batched_tokens;
  std::int64_t top = 0;
  Sizes decoding;
  if (rule.top) {
    top = *rule.top;
  } else {
    top = saturated(std::min(Wide(kv.max_num_seqs) * rule.tokens_each * 2, Wide(rule.platform_top)));
    if (rule.rules.decode_batches) decoding = decode_batches(kv.max_num_seqs, rule.tokens_each, rule.platform_top, top);
  }
  top = std::min(top, batched);
  Sizes sizes;
  if (rule.sizes) {
    sizes = *rule.sizes;
    keep_up_to(sizes, batched);
  } else {
    sizes.reserve(128);
    sizes = first_steps(top);
    if (rule.interactive) {
      sizes.clear();
      for (std::int64_t size = 1; size <= std::min(top, kFineTop); ++size) sizes.push_back(size);
    }
    add_ladder(sizes, top);
    if (rule.rules.batched_tokens && batched <= top) sizes.push_back(batched);
    keep_up_to(decoding, batched);
    sizes.insert(sizes.end(), decoding.begin(), decoding.end());
    sizes = sorted(std::move(sizes));
  }
  const std::int64_t last = sizes.empty() ? 0 : sizes.back();
  if (rule.top && rule.sizes && *rule.top != last)
    return refused("customized max_cudagraph_capture_size(=" + std::to_string(*rule.top) +
                   ") should be consistent with the max value of cudagraph_capture_sizes(=" + std::to_string(last) +
                   ")");
  return sizes;
}

GraphRule graph_rule(const Launch& launch, Asked asked) {
  using Kind = GraphRule::Kind;
  const Deployment& plan = launch.plan;
  GraphRule rule;
  rule.rules = vllm::in_force(kSizes, launch.day);
  // source  vllm v0.10.2 vllm/model_executor/models/config.py, GptOssForCausalLMConfig
  const bool gpt_oss = launch.is_architecture({"GptOssForCausalLM"});
  if (plan.kv.v0_engine) {
    rule.kind = plan.enforce_eager ? Kind::kNone : Kind::kV0;
    return rule;
  }
  if (rule.rules.strided)
    rule.kind = plan.enforce_eager ? Kind::kNone : Kind::kStrided;
  else
    rule.kind = plan.cudagraph_mode == "NONE" ? Kind::kNone : Kind::kLadder;
  if (!rule.rules.strided && gpt_oss && !asked.sizes && !asked.top) asked.top = kLargeTop;
  rule.up_to_1024 = gpt_oss && rule.rules.by_sequences;
  rule.sizes = std::move(asked.sizes);
  rule.top = asked.top;
  rule.platform_top = rule.rules.blackwell && launch.capability / 10 == 10 ? kLargeTop : kUsualTop;
  const std::int64_t canvas = launch.is_architecture({"DiffusionGemmaForBlockDiffusion"})
                                  ? launch.root().whole("canvas_length").value_or(256)
                                  : 0;
  const std::int64_t drafted = plan.kv.speculative_tokens > 0 ? plan.kv.speculative_tokens : canvas;
  rule.tokens_each = rule.rules.by_draft ? 1 + drafted : 1;
  rule.interactive = rule.rules.fine_grained && launch.text("performance_mode") == "interactivity";
  return rule;
}

}  // namespace

Result<std::vector<std::int64_t>> GraphRule::capture(const memory::KvSettings& kv) const {
  switch (kind) {
    case Kind::kNone:
      return Sizes{};
    case Kind::kV0:
      return capture_sizes_v0(kv.max_num_seqs);
    case Kind::kStrided:
      return strided_sizes(*this, kv);
    case Kind::kLadder:
      return ladder_sizes(*this, kv);
  }
  return Sizes{};
}

Stop choose_graphs(Launch& launch) {
  Deployment& plan = launch.plan;
  plan.enforce_eager = launch.given.flag_or("enforce_eager", false);
  Asked asked = asked_for(launch);
  plan.cudagraph_mode = plan.kv.v0_engine ? (plan.enforce_eager ? "NONE" : "FULL") : mode_of(launch, asked);
  launch.schedule.graphs = graph_rule(launch, std::move(asked));
  if (launch.open) return std::nullopt;
  auto sizes = launch.schedule.graphs.capture(plan.kv);
  if (!sizes) return sizes.error();
  plan.cudagraph_capture_sizes = *std::move(sizes);
  return std::nullopt;
}

}  // namespace vram::plan
