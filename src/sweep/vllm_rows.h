// Rows of a sweep over launches.
#pragma once

#include <functional>
#include <memory>
#include <variant>

#include "plan/variations.h"
#include "sweep/row.h"

namespace vram::sweep {

/// What a value of an axis does to the launch.
using Change = std::variant<plan::Variation,                     // cheap: lengths, batches, memory
                            json::Object,                        // another argument, checked and typed
                            std::shared_ptr<const ModelSource>,  // "model"
                            plan::GpuChoice>;                    // "gpu"

/// Whether the axis of that name is one of the cheap ones; see plan/variations.h.
bool is_variation(std::string_view name);

/// A launch and what is varied of it.
struct Launches {
  plan::Request base;
  Grid grid;
  std::vector<std::vector<Change>> changes;  // an axis, a value
};

/// The change that `value` of the axis makes, but for "model" and "gpu", which are the caller's to look up.
///
///   errors  kBadInput: no such argument in the release, a value of another type
Result<Change> read_change(std::string_view name, const std::string& value, const vllm::Engine& engine);

/// Looks up a value of the axis "model" or "gpu".
using LookUp = std::function<Result<Change>(const std::string& axis, const std::string& value)>;

/// `base` with every value of the grid read. Errors are those of read_change and `look_up`.
Result<Launches> launches_of(plan::Request base, Grid grid, const LookUp& look_up);

/// fits, reason, resolved_max_model_len, available_kv_bytes, tokens, max_concurrency: as plan() answers each launch.
std::span<const Cell> launch_figures();

/// One for a thread. `launches` outlives it.
RowWriter write_launches(const Launches& launches, Format format);

}  // namespace vram::sweep
