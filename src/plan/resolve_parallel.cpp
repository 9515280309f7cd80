// Parallel sizes, and whether this model can be divided by them.
//
// source  vllm v0.33.0 vllm/config/parallel.py, _validate_parallel_config; vllm/config/model.py,
//         verify_with_parallel_config
#include <algorithm>
#include <string>

#include "plan/launch.h"
#include "units/text.h"

namespace vram::plan {
namespace {

/// How refusals of context parallelism and of expert load balancing are worded.
enum class Wording { kAssertions, kErrors };
constexpr vllm::Step<Wording> kContextWording[] = {
    {{}, Wording::kAssertions, "vllm v0.25.1 vllm/config/model.py, verify_with_parallel_config"},
    {{2026, 7, 20}, Wording::kErrors, "~vllm v0.28.0 vllm/config/model.py, verify_with_parallel_config"},
};
static_assert(vllm::well_formed(kContextWording));

std::string number(std::int64_t n) { return std::to_string(n); }

/// source  vllm/transformers_utils/model_arch_config_convertor.py, get_total_num_kv_heads
std::int64_t total_kv_heads(const HfConfig& text, std::int64_t heads) {
  constexpr std::string_view kNames[] = {"n_head_kv", "num_kv_heads", "num_key_value_heads", "multi_query_group_num",
                                         "num_attention_groups"};
  const std::string& type = text.model_type();
  const bool falcon = type == "falcon" || type.starts_with("RefinedWeb");
  if (falcon && !text.truthy("new_decoder_architecture") && text.truthy("multi_query")) return 1;
  if (const json::Value* attention = text.find("attn_config"); attention && attention->object())
    return HfConfig(*attention).whole("kv_n_heads").value_or(heads);
  return text.whole_of(kNames).value_or(heads);
}

Stop check_context(const Launch& launch, std::int64_t tensor, std::int64_t heads) {
  const std::int64_t context = launch.plan.kv.decode_context_parallel;
  if (context <= 1 || launch.latent_attention) return std::nullopt;
  const bool errors = vllm::in_force(kContextWording, launch.day) == Wording::kErrors;
  const std::int64_t kv_heads = std::max<std::int64_t>(total_kv_heads(launch.text(), heads), 1);
  if (tensor <= kv_heads)
    return refused(errors
                       ? "Decode context parallelism for GQA/MQA requires `--tensor-parallel-size` (" + number(tensor) +
                             ") to be greater than the model's total number of KV heads (" + number(kv_heads) +
                             "). Increase `--tensor-parallel-size` or set `--decode-context-parallel-size 1`."
                       : "tensor parallel size " + number(tensor) + " must be greater than total num kv heads " +
                             number(kv_heads) + " when enable decode context parallel for GQA/MQA");
  const std::int64_t most = tensor / kv_heads;
  if (context > most)
    return refused(errors ? "`--decode-context-parallel-size` (" + number(context) +
                                ") exceeds the maximum supported value (" + number(most) +
                                ") for `--tensor-parallel-size` (" + number(tensor) + ") and " + number(kv_heads) +
                                " model KV heads."
                          : "decode context parallel size must less than or equal to (tensor parallel size " +
                                number(tensor) + " // total num kv heads " + number(kv_heads) + ") = " + number(most) +
                                ", but got " + number(context));
  const std::int64_t queries = heads / kv_heads;
  if (queries % context != 0)
    return refused(errors ? "The model's number of query heads per KV head (" + number(queries) +
                                ") must be divisible by `--decode-context-parallel-size` (" + number(context) +
                                ") for GQA/MQA."
                          : "Total number of q per kv attn heads (" + number(queries) +
                                ") must be divisible by dcp world size when enable decode context parallel for GQA (" +
                                number(context) + ").");
  return std::nullopt;
}

Stop check_balancing(Launch& launch) {
  memory::Parallel& parallel = launch.plan.parallel;
  const json::Value* config = launch.given.find("eplb_config");
  std::int64_t redundant =
      config && config->object() ? HfConfig(*config).whole("num_redundant_experts").value_or(0) : 0;
  if (const auto older = launch.whole("num_redundant_experts")) redundant = *older;
  if (!launch.given.flag_or("enable_eplb", false)) {
    if (redundant != 0)
      return refused("num_redundant_experts is set to " + number(redundant) +
                     " but EPLB is not enabled. Either enable EPLB or unset num_redundant_experts.");
    return std::nullopt;
  }
  if (!parallel.expert) return refused("enable_expert_parallel must be True to use EPLB.");
  if (parallel.tensor * parallel.data <= 1)
    return refused(vllm::in_force(kContextWording, launch.day) == Wording::kErrors
                       ? "EPLB requires tensor, prefill-context, or data parallelism, but got TP=1, PCP=1, DP=1."
                       : "EPLB requires tensor_parallel_size or data_parallel_size to be greater than 1, but got "
                         "TP=1,DP=1.");
  parallel.redundant_experts = redundant;
  return std::nullopt;
}

Result<std::int64_t> size_of(const Launch& launch, std::string_view name) {
  constexpr std::int64_t kMost = 1 << 16;
  const std::int64_t size = launch.whole(name).value_or(1);
  if (size >= 1 && size <= kMost) return size;
  return Error{ErrorCode::kBadInput, '"' + std::string(name) + '"',
               "expected a whole number of at least 1, found " + number(size), ""};
}

Stop read_sizes(Launch& launch) {
  memory::Parallel& parallel = launch.plan.parallel;
  std::int64_t prefill_context = 1;
  const std::pair<std::string_view, std::int64_t*> sizes[] = {
      {"tensor_parallel_size", &parallel.tensor},
      {"pipeline_parallel_size", &parallel.pipeline},
      {"data_parallel_size", &parallel.data},
      {"decode_context_parallel_size", &launch.plan.kv.decode_context_parallel},
      {"prefill_context_parallel_size", &prefill_context}};
  for (const auto& [name, size] : sizes) {
    const auto read = size_of(launch, name);
    if (!read) return read.error();
    *size = *read;
  }
  if (prefill_context > 1)
    return Error{ErrorCode::kUnsupported, "\"prefill_context_parallel_size\"",
                 "prefill context parallelism is not modelled: caches and weights would be a guess", "leave it at 1"};
  parallel.expert = launch.given.flag_or("enable_expert_parallel", false);
  return std::nullopt;
}

/// Layers of each pipeline stage, where they are said.
///
///   source  vllm/distributed/utils.py, get_pp_indices
Stop read_partition(Launch& launch) {
  const std::string_view text = launch.around.variable("VLLM_PP_LAYER_PARTITION");
  if (text.empty()) return std::nullopt;
  std::vector<std::int64_t>& partition = launch.plan.parallel.partition;
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const auto layers = read_integer(rest.substr(0, comma));
    if (!layers || *layers < 0) return refused("Invalid partition string: " + std::string(text));
    partition.push_back(*layers);
    if (comma == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(comma + 1);
  }
}

/// source  vllm v0.33.0 vllm/model_executor/models/config.py, Qwen4ExpForConditionalGenerationConfig
bool reads_ngrams(const Launch& launch) {
  return launch.source().architecture.starts_with("Qwen4Exp") && launch.text().truthy("ple_layer_ids");
}

/// Heads of n-gram tables are dealt out whole, and no rank may go without.
///
///   source  vllm v0.33.0 vllm/models/deepseek_v41/common/engram.py, ParallelEngramEmbedding; vllm/config/vllm.py,
///           _resolve_and_verify_engram_config
Stop check_ngram_tables(const Launch& launch) {
  const HfConfig text = launch.text();
  if (!launch.is_architecture({"DeepseekV41ForCausalLM"}) || !text.truthy("engram_layer_ids")) return std::nullopt;
  if (launch.given.flag_or("enable_dbo", false) || launch.given.count_or("ubatch_size", 0) > 1)
    return refused(
        "DeepSeek V4.1 Engram does not support DBO or microbatching. Disable --enable-dbo and set --ubatch-size to 0.");
  const json::Fields engram = launch.given.inner("engram_config");
  if (!engram.flag_or("cpu_offload", true))
    return Error{ErrorCode::kUnsupported, "engram_config",
                 "n-gram tables on the GPU are not modelled yet: how many rows a rank has depends on primes",
                 "leave cpu_offload as it is, true"};
  const std::int64_t ranks = launch.plan.parallel.tensor;
  const std::int64_t heads =
      (text.whole("engram_max_ngram_size").value_or(1) - 1) * text.whole("engram_n_heads").value_or(0);
  if ((ranks - 1) * ceil_div(heads, ranks) < heads) return std::nullopt;
  return refused("AssertionError: Engram sharding leaves ranks without hash heads: " + number(heads) + " heads over " +
                 number(ranks) + " shards");
}

}  // namespace

Error no_pipeline() {
  return refused(
      "Pipeline parallelism is not supported for this model. Supported models implement the `SupportsPP` interface.");
}

Stop choose_parallel(Launch& launch) {
  if (Stop stop = read_sizes(launch)) return stop;
  if (Stop stop = read_partition(launch)) return stop;
  if (Stop stop = check_balancing(launch)) return stop;
  const memory::Parallel& parallel = launch.plan.parallel;
  const std::int64_t context = launch.plan.kv.decode_context_parallel;
  if (parallel.tensor % context != 0)
    return refused("tp_size=" + number(parallel.tensor) + " must be divisible by" +
                   (vllm::in_force(kContextWording, launch.day) == Wording::kErrors ? " " : "") +
                   "dcp_size=" + number(context) + ".");
  return std::nullopt;
}

Stop check_parallel(Launch& launch) {
  const memory::Parallel& parallel = launch.plan.parallel;
  const std::int64_t heads = launch.text().whole("num_attention_heads").value_or(0);
  if (heads % parallel.tensor != 0)
    return refused("Total number of attention heads (" + number(heads) +
                   ") must be divisible by tensor parallel size (" + number(parallel.tensor) + ").");
  if (parallel.expert && launch.experts < 1)
    return refused("Number of experts in the model must be greater than 0 when expert parallelism is enabled.");
  if (parallel.pipeline > 1 && launch.facts && !launch.has(vllm::kPipeline)) return no_pipeline();
  if (parallel.pipeline > 1 && reads_ngrams(launch))
    return refused(
        "Qwen4Exp N-gram PLE embedding requires pipeline_parallel_size=1 because non-first pipeline ranks do not "
        "receive the raw input_ids it needs. Please run with PP=1.");
  if (Stop stop = check_ngram_tables(launch)) return stop;
  return check_context(launch, parallel.tensor, heads);
}

}  // namespace vram::plan
