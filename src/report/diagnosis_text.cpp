#include "report/diagnosis_text.h"

#include <cmath>

#include "report/sentences.h"
#include "report/table.h"
#include "units/secrets.h"
#include "units/text.h"

namespace vram::report {
namespace {

using diagnosis::Diagnosis;
using logs::Outcome;
using logs::Refusal;

std::string at_line(const logs::Said& said) { return said ? " (line " + std::to_string(said.line) + ")" : ""; }

/// What is said of the model, the release and the GPU, with what is guessed.
std::string question_lines(const Diagnosis& diagnosis, const TextStyle& style) {
  const logs::StartUp& start = diagnosis.start;
  std::string out;
  const auto add = [&](const std::string& text) { out += wrapped(text, style.width, "  ") + '\n'; };
  std::string first = start.version ? "vLLM " + start.version.text : "vLLM of a release that no line names";
  first += start.model ? ", " + start.model.text : ", a model that no line names";
  if (diagnosis.report)
    first += ", " + std::to_string(diagnosis.report->gpu_count) + " x " + diagnosis.report->gpu.name;
  add(first);
  for (const diagnosis::Guess& guess : diagnosis.question.guesses)
    add("guessed: " + guess.about + " is " + guess.value + ": " + guess.why);
  if (diagnosis.starts > 1) add("The last of " + std::to_string(diagnosis.starts) + " starts in this log.");
  return out;
}

std::string readable(logs::Fact fact) {
  std::string text(name(fact));
  if (text.ends_with("_gib")) text.resize(text.size() - 4);
  for (char& c : text)
    if (c == '_') c = ' ';
  return text;
}

std::string figure(logs::Fact fact, double value) {
  return name(fact).ends_with("_gib") ? fixed(value, 2) : with_commas(std::int64_t(std::llround(value)));
}

std::string comparison_table(const Diagnosis& diagnosis, const TextStyle& style) {
  static constexpr Column kColumns[] = {{"GiB, or tokens", false, 0}, {"the log", true, 0}, {"predicted", true, 0},
                                        {"90 % interval", true, 0},   {"line", true, 0},    {"", false, 0}};
  const std::string dash = style.unicode ? " – " : " - ";
  std::vector<std::vector<std::string>> rows;
  for (const diagnosis::Comparison& row : diagnosis.comparisons)
    rows.push_back({readable(row.fact), figure(row.fact, row.stated), figure(row.fact, row.predicted),
                    figure(row.fact, row.low) + dash + figure(row.fact, row.high), std::to_string(row.line),
                    row.inside() ? "" : "outside"});
  return rows.empty() ? "" : '\n' + table(kColumns, rows, style.width);
}

/// As the line has it.
std::string exact(double value) {
  const auto whole = std::int64_t(value);
  return double(whole) == value ? with_commas(whole) : python_float(value);
}

/// What the log states, where there is nothing to compare it with.
std::string facts_table(const logs::StartUp& start, const TextStyle& style) {
  static constexpr Column kColumns[] = {{"GiB, or tokens", false, 0}, {"the log", true, 0}, {"line", true, 0}};
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < std::size_t(logs::Fact::kNothing); ++i) {
    const auto fact = logs::Fact(i);
    std::string values;
    for (const double value : start.stated(fact)) values += (values.empty() ? "" : ", ") + exact(value);
    if (values.empty()) continue;
    std::int64_t line = 0;
    for (const logs::Sighting& sighting : start.sightings)
      if (line == 0 && sighting.fact == fact) line = sighting.line;
    rows.push_back({readable(fact), std::move(values), std::to_string(line)});
  }
  return rows.empty() ? "" : '\n' + table(kColumns, rows, style.width);
}

std::string remedy_lines(const Diagnosis& diagnosis, const TextStyle& style) {
  const Outcome outcome = diagnosis.start.outcome;
  if (outcome == Outcome::kStarted || outcome == Outcome::kFailed || outcome == Outcome::kUnfinished) return "";
  std::string out;
  if (!diagnosis.remedies.empty())
    out += "\nWhat would have worked, the least change first (planned again with this log's own figures):\n";
  for (const plan::Suggestion& made : diagnosis.remedies)
    out += "  " + painted(made.words, Paint::kBold, style) + '\n' +
           wrapped(made.effect + "; " + made.costs, style.width, "      ") + '\n';
  if (!out.empty()) return out;
  if (diagnosis.report)
    out += '\n' +
           wrapped("The prediction does not reproduce this failure, or no single change was found that avoids it.",
                   style.width, "  ") +
           '\n';
  const plan::Suggestion own = diagnosis::by_own_figures(diagnosis.start);
  if (!own.words.empty()) out += "\nBy the log's own figures, not planned: " + own.words + '\n';
  return out;
}

}  // namespace

std::string_view reason_of(const logs::StartUp& start) {
  switch (start.outcome) {
    case Outcome::kStarted:
      return "ok";
    case Outcome::kRefused:
      return name(start.refusal);
    case Outcome::kOutOfMemoryLoading:
      return "out_of_memory_loading";
    case Outcome::kOutOfMemoryProfiling:
      return "out_of_memory_profiling";
    case Outcome::kOutOfMemoryCapturing:
      return "out_of_memory_capturing";
    case Outcome::kFailed:
      return "another_reason";
    case Outcome::kUnfinished:
      return "unknown";
  }
  return "";
}

std::string outcome_sentence(const logs::StartUp& start) {
  const std::string where = at_line(start.cause);
  switch (start.outcome) {
    case Outcome::kStarted:
      return start.later ? "Started; it failed later, while serving" + at_line(start.later) + "." : "Started.";
    case Outcome::kRefused:
      if (start.refusal == Refusal::kFreeMemory)
        return "Refused: less GPU memory was free than it asks for" + where + ".";
      if (start.refusal == Refusal::kMemoryGrew)
        return "Refused: another process gave GPU memory back while this one measured" + where + "; start it again.";
      if (start.refusal == Refusal::kNoKvMemory) return "Refused: nothing was left for the KV cache" + where + ".";
      return "Refused: the KV cache does not hold one request of the maximum length" + where + ".";
    case Outcome::kOutOfMemoryLoading:
      return "Out of GPU memory while the model was loaded" + where + ".";
    case Outcome::kOutOfMemoryProfiling:
      return "Out of GPU memory in the profiling run" + where + ".";
    case Outcome::kOutOfMemoryCapturing:
      return "Out of GPU memory in graph capture or warm-up, after the KV cache had its size" + where + ".";
    case Outcome::kFailed:
      return (start.cause_missing ? "Stopped; the line that says why is missing"
                                  : "Stopped for a reason that is not memory") +
             where + ".";
    case Outcome::kUnfinished:
      return "The lines end before the start does; the last step they show: " + std::string(name(start.stage)) + ".";
  }
  return "";
}

std::string diagnosis_text(const Diagnosis& diagnosis, const TextStyle& style) {
  const logs::StartUp& start = diagnosis.start;
  const Paint paint = start.outcome == Outcome::kStarted      ? Paint::kGood
                      : start.outcome == Outcome::kUnfinished ? Paint::kUnsure
                                                              : Paint::kBad;
  std::string out = painted(outcome_sentence(start), paint, style) + '\n';
  if (start.cause) out += wrapped(without_secrets(start.cause.text), style.width, "  ") + '\n';
  if (start.lines_missing)
    out += wrapped("Lines are missing: the beginning, the end or the cause of this start is not in the log.",
                   style.width, "  ") +
           '\n';
  out += '\n' + question_lines(diagnosis, style);
  if (diagnosis.unpredicted) {
    out +=
        wrapped("Not compared with a prediction: " + diagnosis.unpredicted->sentence() + '.', style.width, "  ") + '\n';
    return out + facts_table(start, style) + remedy_lines(diagnosis, style);
  }
  out += wrapped("predicted: " + verdict_sentence(*diagnosis.report), style.width, "  ") + '\n';
  return out + comparison_table(diagnosis, style) + remedy_lines(diagnosis, style);
}

}  // namespace vram::report
