#include "diagnosis/learn.h"

#include "diagnosis/snapshot.h"

namespace vram::diagnosis {
namespace {

/// On this machine's GPU, where neither the log nor the question tells another.
Result<plan::Report> planned(const logs::StartUp& start, const Told& told, const Complete& complete) {
  Question question = question_of(start, told);
  question.form.gpu.detect = !question.has_gpu();
  const auto request = request_of(question, complete);
  if (!request) return request.error();
  return plan::plan(*request);
}

Result<plan::Observation> observe_log(const logs::StartUp& start, const Told& told, const Complete& complete) {
  const auto report = planned(start, told, complete);
  if (!report) return report.error();
  return observe(start, *report);
}

Result<plan::Observation> observe_snapshot(const Snapshot& snapshot, const Told& told, const Complete& complete) {
  logs::StartUp start;
  start.model = {snapshot.model, 1};
  if (snapshot.context_tokens) start.args.set("max_model_len", json::Value(*snapshot.context_tokens));
  if (snapshot.max_num_seqs) start.args.set("max_num_seqs", json::Value(*snapshot.max_num_seqs));
  const auto report = planned(start, told, complete);
  if (!report) return report.error();
  return observe(snapshot, *report);
}

}  // namespace

Result<Learnt> learn(std::string_view text, const std::string& place, const Told& told, const Complete& complete) {
  Learnt learnt;
  const auto take = [&](Result<plan::Observation> seen, const std::string& where) {
    if (seen) return learnt.observations.push_back(*std::move(seen));
    Error reason = seen.error();
    reason.place = reason.place.empty() ? where : where + ": " + reason.place;
    learnt.left_out.push_back(std::move(reason));
  };
  if (is_snapshot(text)) {
    const auto snapshots = read_snapshots(text, place);
    if (!snapshots) return snapshots.error();
    for (const Snapshot& snapshot : *snapshots) take(observe_snapshot(snapshot, told, complete), place);
    return learnt;
  }
  for (const logs::StartUp& start : logs::read(text))
    take(observe_log(start, told, complete), place + ", from line " + std::to_string(start.first_line));
  return learnt;
}

}  // namespace vram::diagnosis
