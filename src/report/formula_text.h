// Formula mode's answers for people: the tables of the tool that this program replaces, with their titles, rows and
// two decimals.
#pragma once

#include <string>

#include "formula/formula.h"

namespace vram::report {

std::string estimate_text(const formula::Estimate& estimate, int width);
std::string max_context_text(const formula::MaxContext& found, int width);
std::string profiles_text(const formula::Profiles& profiles, int width);

/// Why `found` is no answer to plan with; empty when it is one. One line.
///   needs_for_one  total of the estimate at one token a sequence
std::string shortage_text(const formula::MaxContext& found, double total_vram_gib, double needs_for_one);

}  // namespace vram::report
