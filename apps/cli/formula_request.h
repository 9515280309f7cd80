// The existing tool's flags, shared by the commands that take them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arguments.h"
#include "formula/formula.h"
#include "formula/ranges.h"
#include "session.h"

namespace vram::cli {

/// The figures of a model: --params-billion to --kv-dtype, most used first.
std::vector<Option> model_figures();
/// Overheads and overrides: --profile to --profiles.
std::vector<Option> overheads();

/// A flag of those above and the number it gives.
struct NumberFlag {
  std::string_view name;
  const formula::Range& range;
};

/// errors  kBadInput in the flag's name
Result<double> number_or(const Arguments& arguments, const NumberFlag& flag, double fallback);

/// The named profile, or the one that suits the first GPU, with the numbers given in place of its own. Trouble with the
/// user's file is a warning on standard error.
///   how     receives a sentence where the profile was not named but detected
///   errors  kNotFound for an unknown profile; kBadInput in the flag's name
Result<formula::Profile> read_profile(const Arguments& arguments, const Session& session, std::string& how);

struct FormulaRequest {
  formula::Request request;
  std::string chosen_profile;  // a sentence when the profile was not named but detected
};

/// Whether one of the model's figures is given, so that the formula is what is asked for.
bool asks_for_formula(const Arguments& arguments);

/// The request that the flags spell. Unknown names and trouble with the user's profiles are warnings on standard error.
///   also    flags beside the model's figures that `command` cannot do without
///   errors  the first flag that is missing, not a number or impossible; an unknown profile
Result<FormulaRequest> read_formula_request(const Arguments& arguments, const Session& session,
                                            std::string_view command, std::span<const std::string_view> also);

}  // namespace vram::cli
