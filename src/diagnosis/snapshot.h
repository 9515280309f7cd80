// The existing tool's runtime snapshots: what a serving process was seen to use of its GPU.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/report.h"

namespace vram::diagnosis {

struct Snapshot {
  std::string model;
  Bytes used;
  std::optional<std::int64_t> context_tokens;  // of a request while it ran
  std::optional<std::int64_t> max_num_seqs;
};

/// Whether `text` looks like lines of JSON rather than a log.
bool is_snapshot(std::string_view text);

/// One for each model, its last line; lines of other backends than vLLM are left out.
///
///   errors  kBadInput with the line that is no such JSON
///   source  the existing tool's model_runtime.jsonl: {"model", "backend", "payload": {"metrics":
///           {"gpu_memory_gib": {"used"}, "runtime_context_tokens", "configured_max_num_seqs"}}}
Result<std::vector<Snapshot>> read_snapshots(std::string_view text, const std::string& place);

/// What the snapshot says about its machine. vLLM fills its budget whatever the weights take, so that what is used
/// beyond the prediction lies outside the budget, where the graphs are.
plan::Observation observe(const Snapshot& snapshot, const plan::Report& report);

}  // namespace vram::diagnosis
