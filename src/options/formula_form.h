// Formula mode asked for in JSON: {"model": {"formula": {…}}, "workload": {…}, "profile": "…"}.
#pragma once

#include <string>
#include <vector>

#include "formula/formula.h"
#include "options/request_form.h"

namespace vram::options {

struct FormulaForm {
  formula::Request request;
  double context_k = 8;
  std::vector<Error> warnings;  // names that are not known, each with the number that stands in for it
};

/// The workload's context and requests are the formula's context and batch; without one, 8,192 tokens and 1.
///
///   profiles  those that `form.profile` may name; "default" when it names none
///   errors    kBadInput with the member's path
Result<FormulaForm> read_formula(const RequestForm& form, const formula::Profiles& profiles);

}  // namespace vram::options
