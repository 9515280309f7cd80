#include "diagnosis/diagnose.h"

#include <cmath>

#include "units/text.h"

namespace vram::diagnosis {

namespace {

// A card with room for every model.
constexpr const char* kStandIn = "B200";
// Defaults differ between cards, and with them what the profiling run takes: the first total is only near.
constexpr double kRoughly = 0.1, kNear = 0.015;

std::optional<double> total_on(const std::string& gpu, const logs::StartUp& start, Question trial,
                               const Complete& complete) {
  trial.form.gpu.name = gpu;
  const auto request = request_of(trial, complete);
  if (!request) return std::nullopt;
  const auto report = plan::plan(*request);
  return report ? total_that_adds_up(start, *report) : std::nullopt;
}

/// Where no line tells the GPU, one on which the figures add up to its own memory.
void guess_gpu(const logs::StartUp& start, Question& question, const Complete& complete) {
  if (question.has_gpu() || !question.has_model()) return;
  constexpr int kRounds = 3;
  auto total = total_on(kStandIn, start, question, complete);
  for (int round = 0; total && round < kRounds; ++round) {
    const auto card = nearest_card(*total, kRoughly, start);
    total = card ? total_on(card->id, start, question, complete) : std::nullopt;
    if (!total || std::abs(*total - gib(card->total)) > kNear * *total) continue;
    question.form.gpu.name = card->id;
    question.guesses.push_back({"gpu", card->id,
                                "what it printed adds up to " + fixed(*total, 1) + " GiB, and that card has " +
                                    fixed(gib(card->total), 1) + "; --gpu says which it was"});
    return;
  }
}

}  // namespace

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
  guess_gpu(diagnosis.start, diagnosis.question, complete);
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
