// How vLLM turns layer caches and bytes into groups, blocks, tokens and a concurrency, or refuses.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "memory/kv_groups.h"
#include "memory/kv_messages.h"

namespace vram::memory {

/// A KV-cache group: layers that share one block table.
struct KvGroup {
  KvSpec spec;                // of its layers; of the first where they differ
  std::int64_t layers = 0;    // over all stages; up to 0.10, where each stage groups its own, of the first stage
  Bytes page;                 // of one layer; the sum over the layers where their pages differ
  bool uniform_type = false;  // one table for layers of different page sizes
  struct Member {
    KvSpec spec;
    std::int64_t layers = 0;
  };
  std::vector<Member> members;  // uniform_type only: distinct specs in order of appearance
};

struct KvPlan {
  std::vector<KvGroup> groups;
  std::vector<Bytes> bytes_per_block;        // a stage
  std::vector<Bytes> pool;                   // a stage: bytes allocated
  std::int64_t num_blocks = 0;               // the smallest over ranks, with the null block
  Tokens block_size;                         // the scheduler's, after planning
  Tokens tokens;                             // "GPU KV cache size"
  std::vector<Tokens> tokens_by_stage;       // where each stage prints its own line (up to 0.11.0)
  std::vector<double> concurrency_by_stage;  // the same
  double max_concurrency = 0;
  Tokens max_model_len;                          // of the concurrency line: shortened where it was fitted
  std::vector<std::int64_t> blocks_per_request;  // a group
  std::vector<Bytes> needed;  // a stage: what one request of max_model_len needs, as the fit check counts it
  std::optional<Tokens>
      estimated_max_model_len;  // the search's answer where it is below max_model_len or the start is refused
  std::optional<std::int64_t> cpu_blocks;  // swap space in blocks: the V0 engine only
  std::vector<std::string> grouping_log;   // what grouping the layers logs
  std::vector<std::string> log;            // what the planner logs after that, besides the capacity line
  std::optional<std::string> refusal;      // vLLM's sentence, word for word
};

/// Plans the KV cache of one replica.
///
///   stages     specs of every pipeline stage, first to last
///   available  bytes a stage: "Available KV cache memory"
///   source     vllm/v1/core/kv_cache_utils.py, get_kv_cache_configs; from 0.31 kv_cache_planning.py
KvPlan plan_kv(std::span<const KvSpecs> stages, std::span<const Bytes> available, const Parallel& parallel,
               const Platform& platform, const KvSettings& settings);

/// The same for layers that are grouped already: for many lengths and sizes of memory.
///
///   settings  those that `grouping` was made with, but for lengths, batches and the override
KvPlan plan_kv(const KvGrouping& grouping, std::span<const Bytes> available, const Platform& platform,
               const KvSettings& settings);

/// The numbers of the same plan, as a search or a sweep asks for them a million times a second: without groups, logs
/// and the estimate of a refusal, of which `refusal` has some word and not vLLM's.
KvPlan kv_numbers(const KvGrouping& grouping, std::span<const Bytes> available, const Platform& platform,
                  const KvSettings& settings);

/// The lines about capacity as the release logs them, each stage's where each has its own.
///
///   source  vllm/v1/core/kv_cache_utils.py; vllm/executor/executor_base.py for the V0 engine
std::vector<std::string> capacity_lines(const KvPlan& plan, vllm::Date as_of);

/// "12.98x"
std::string printed_concurrency(double concurrency);

}  // namespace vram::memory
