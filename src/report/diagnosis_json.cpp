#include "report/diagnosis_json.h"

#include "report/diagnosis_text.h"
#include "report/report_json.h"
#include "units/secrets.h"

namespace vram::report {
namespace {

using diagnosis::Diagnosis;
using logs::Fact;

json::Value text_or_null(const logs::Said& said) { return said ? json::Value(said.text) : json::Value(); }

json::Value said_json(const logs::Said& said) {
  if (!said) return {};
  json::Object object;
  object.set("line", json::Value(said.line));
  object.set("text", json::Value(without_secrets(said.text)));
  return json::Value(std::move(object));
}

/// A whole number without a fraction, as it stood in the line.
json::Value number(double value) {
  constexpr double kExact = 9e15;
  const bool whole = value == double(std::int64_t(value)) && value < kExact && value > -kExact;
  return whole ? json::Value(std::int64_t(value)) : json::Value(value);
}

/// A number, or a list where ranks differ.
json::Value stated_json(const logs::StartUp& start) {
  json::Object stated;
  for (std::size_t i = 0; i < std::size_t(Fact::kNothing); ++i) {
    const std::vector<double> numbers = start.stated(Fact(i));
    json::Array list;
    for (const double one : numbers) list.push_back(number(one));
    if (list.size() == 1)
      stated.set(std::string(name(Fact(i))), list.front());
    else if (!list.empty())
      stated.set(std::string(name(Fact(i))), json::Value(std::move(list)));
  }
  if (start.quantization) stated.set("quantization", json::Value(start.quantization.text));
  if (start.kv_cache_dtype) stated.set("kv_cache_dtype", json::Value(start.kv_cache_dtype.text));
  if (start.dtype) stated.set("dtype", json::Value(start.dtype.text));
  return json::Value(std::move(stated));
}

json::Value evidence_json(const logs::StartUp& start) {
  json::Array lines;
  for (const logs::Line& line : start.proof) {
    json::Object one;
    one.set("line", json::Value(line.number));
    one.set("text", json::Value(without_secrets(line.text)));
    lines.emplace_back(std::move(one));
  }
  return json::Value(std::move(lines));
}

json::Value comparisons_json(const Diagnosis& diagnosis) {
  json::Array rows;
  for (const diagnosis::Comparison& row : diagnosis.comparisons) {
    json::Object one;
    one.set("quantity", json::Value(name(row.fact)));
    one.set("line", json::Value(row.line));
    one.set("stated", number(row.stated));
    one.set("predicted", number(row.predicted));
    one.set("interval", json::Value(json::Array{number(row.low), number(row.high)}));
    one.set("inside", json::Value(row.inside()));
    rows.emplace_back(std::move(one));
  }
  return json::Value(std::move(rows));
}

json::Value suggestion_json(const plan::Suggestion& made, json::Value fits) {
  json::Object one;
  one.set("change", json::Value(made.change));
  one.set("words", json::Value(made.words));
  one.set("effect", json::Value(made.effect));
  one.set("costs", json::Value(made.costs));
  one.set("fits", std::move(fits));
  return json::Value(std::move(one));
}

/// "fits" is null where the change follows from the log's own figures and could not be planned.
json::Value suggestions_json(const Diagnosis& diagnosis) {
  json::Array list;
  for (const plan::Suggestion& made : diagnosis.remedies) list.push_back(suggestion_json(made, json::Value(true)));
  const plan::Suggestion own = diagnosis::by_own_figures(diagnosis.start);
  if (list.empty() && !own.words.empty()) list.push_back(suggestion_json(own, json::Value()));
  return json::Value(std::move(list));
}

json::Value guesses_json(const Diagnosis& diagnosis) {
  json::Array list;
  for (const diagnosis::Guess& guess : diagnosis.question.guesses) {
    json::Object one;
    one.set("about", json::Value(guess.about));
    one.set("value", json::Value(guess.value));
    one.set("why", json::Value(guess.why));
    list.emplace_back(std::move(one));
  }
  return json::Value(std::move(list));
}

}  // namespace

json::Value diagnosis_json(const Diagnosis& diagnosis) {
  const logs::StartUp& start = diagnosis.start;
  json::Object object;
  object.set("schema", json::Value("vram-estimator/diagnosis/1"));
  object.set("outcome", json::Value(name(start.outcome)));
  object.set("reason", json::Value(reason_of(start)));
  object.set("stage", json::Value(name(start.stage)));
  object.set("says", json::Value(outcome_sentence(start)));
  object.set("cause", said_json(start.cause));
  object.set("later_failure", said_json(start.later));
  object.set("lines_missing", json::Value(start.lines_missing));
  object.set("starts", json::Value(std::int64_t(diagnosis.starts)));
  object.set("vllm_version", text_or_null(start.version));
  object.set("model", text_or_null(start.model));
  object.set("stated", stated_json(start));
  object.set("evidence", evidence_json(start));
  object.set("guesses", guesses_json(diagnosis));
  json::Array left_out;
  for (const std::string& name : diagnosis.question.left_out) left_out.emplace_back(name);
  object.set("left_out", json::Value(std::move(left_out)));
  object.set("not_predicted", diagnosis.unpredicted ? json::Value(diagnosis.unpredicted->sentence()) : json::Value());
  object.set("comparison", comparisons_json(diagnosis));
  object.set("suggestions", suggestions_json(diagnosis));
  object.set("report", diagnosis.report ? report_json(*diagnosis.report) : json::Value());
  return json::Value(std::move(object));
}

}  // namespace vram::report
