#include "diagnosis/diagnose.h"

namespace vram::diagnosis {

Result<plan::Request> request_of(Question& question, const Complete& complete) {
  if (!question.has_model())
    return Error{ErrorCode::kBadInput, "model", "no line of the log names it", "give --model NAME"};
  if (!question.has_gpu())
    return Error{ErrorCode::kBadInput, "gpu", "no line of the log tells which it was", "give --gpu NAME"};
  const std::string said = question.form.model.source;
  std::optional<Error> first;
  for (const std::string& name : model_names(said)) {
    question.form.model.source = name;
    auto request = complete(question.form);
    if (request) {
      if (name != said)
        question.guesses.push_back({"model", name, "the catalogue's of that name; the log has " + said});
      return request;
    }
    if (!first) first = request.error();
    if (request.error().code != ErrorCode::kNotFound) break;
  }
  question.form.model.source = said;
  if (first->hint.empty()) first->hint = "name another with --model";
  return *std::move(first);
}

Diagnosis diagnose(std::vector<logs::StartUp> starts, const Told& told, const Complete& complete) {
  Diagnosis diagnosis;
  diagnosis.starts = starts.size();
  diagnosis.start = std::move(starts.back());
  diagnosis.question = question_of(diagnosis.start, told);
  auto request = request_of(diagnosis.question, complete);
  if (!request) {
    diagnosis.unpredicted = request.error();
    return diagnosis;
  }
  auto report = plan::plan(*request);
  if (!report) {
    diagnosis.unpredicted = report.error();
    return diagnosis;
  }
  diagnosis.comparisons = compare(diagnosis.start, *report);
  request->calibration = own_calibration(diagnosis.start, *report);
  diagnosis.remedies = remedies(*request, diagnosis.start);
  diagnosis.report = *std::move(report);
  return diagnosis;
}

}  // namespace vram::diagnosis
