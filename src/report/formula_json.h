// Formula mode's answers for programs: exactly the keys of the tool that this program replaces, in its order.
#pragma once

#include <optional>
#include <vector>

#include "formula/formula.h"
#include "json/value.h"

namespace vram::report {

/// weights_gib, kv_gib, overhead_gib, vision_gib, frag_factor, total_gib
json::Value estimate_json(const formula::Estimate& estimate);

/// A report of mode "formula".
///
///   warnings    stand as assumptions
///   budget_gib  what the GPUs have; without one there is no verdict
json::Value formula_report_json(const formula::Estimate& estimate, const std::vector<Error>& warnings,
                                std::optional<double> budget_gib);

/// context_k, context_tokens, kv_gib, total_gib; all of them floats, as that tool writes them.
json::Value max_context_json(const formula::MaxContext& found);

/// name -> overhead_gib, vision_gib, frag_factor
json::Value profiles_json(const formula::Profiles& profiles);

}  // namespace vram::report
