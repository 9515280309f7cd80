// A start-up log explained: what happened, which lines prove it, what was to be expected, what would have worked.
#pragma once

#include <functional>
#include <optional>

#include "diagnosis/compare.h"
#include "diagnosis/question.h"
#include "diagnosis/remedy.h"

namespace vram::diagnosis {

struct Diagnosis {
  logs::StartUp start;
  std::size_t starts = 1;  // in the log; `start` is the last
  Question question;
  std::optional<Error> unpredicted;    // why there is no report
  std::optional<plan::Report> report;  // by the built-in estimates
  std::vector<Comparison> comparisons;
  std::vector<plan::Suggestion> remedies;
};

/// Makes a request of a form: reads its model and finds its GPU.
using Complete = std::function<Result<plan::Request>(const options::RequestForm& form)>;

/// The last start of a log; `starts` is not empty.
Diagnosis diagnose(std::vector<logs::StartUp> starts, const Told& told, const Complete& complete);

/// The request for what a log says, its model under the first name that is known.
///
///   errors  kBadInput where the log names no model or tells no GPU, and nothing else does; those of `complete`
Result<plan::Request> request_of(Question& question, const Complete& complete);

}  // namespace vram::diagnosis
