#include "report/limits_text.h"

#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

using json::Value;

std::string subject(const plan::Request& request) {
  const std::string count = std::to_string(std::max<std::int64_t>(request.gpu_count, 1));
  return request.model->name + " on " + count + " x " + request.gpu.name + ", vLLM " + request.engine.version;
}

std::string reason_of(const plan::Boundary& boundary) {
  switch (boundary.limit) {
    case plan::Limit::kMemory:
      return "one more does not fit";
    case plan::Limit::kModel:
      return "the model takes no more";
    case plan::Limit::kAsked:
      return "as --max-model-len says";
    case plan::Limit::kSequences:
      return "max_num_seqs";
    case plan::Limit::kNothing:
      return "";
  }
  return "";
}

Value boundary_json(const std::optional<plan::Boundary>& boundary) {
  if (!boundary) return {};
  json::Object object;
  object.set("value", Value(boundary->value));
  object.set("limited_by", Value(plan::name(boundary->limit)));
  return Value(std::move(object));
}

double share(std::int64_t steps) { return double(steps) / double(plan::kUtilizationSteps); }

}  // namespace

std::string limits_text(const plan::Limits& limits, const LimitsQuestion& question, const TextStyle& style) {
  const auto tokens = [](const std::optional<plan::Boundary>& found) {
    return found ? with_commas(found->value) + " tokens" : std::string("nothing starts");
  };
  const auto why = [](const std::optional<plan::Boundary>& found) {
    return found ? reason_of(*found) : std::string("whatever its length");
  };
  std::vector<std::vector<std::string>> rows;
  rows.push_back({"longest --max-model-len", tokens(limits.max_model_len), why(limits.max_model_len)});
  rows.push_back({"longest context of " + with_commas(question.requests) + " at once", tokens(limits.context),
                  why(limits.context)});
  const auto& most = limits.requests;
  rows.push_back({"most requests of " + with_commas(question.context.count()) + " tokens",
                  most ? with_commas(most->value) : "0", most ? reason_of(*most) : "not one fits"});
  const auto& memory = limits.gpu_memory;
  rows.push_back({"least GPU memory", memory ? fixed(gib(*memory), 2) + " GiB" : "none",
                  memory ? with_commas(memory->count()) + " bytes" : "no size is enough"});
  const auto& steps = limits.utilization;
  rows.push_back({"lowest --gpu-memory-utilization", steps ? python_float(share(*steps)) : "none",
                  steps ? "in steps of 0.0001" : "no share starts"});
  static constexpr Column kColumns[] = {{""}, {"", true}, {""}};
  return subject(question.request) + "\n\n" + table(kColumns, rows, style.width);
}

Value limits_json(const plan::Limits& limits, const LimitsQuestion& question) {
  json::Object object;
  object.set("max_model_len", boundary_json(limits.max_model_len));
  object.set("context_tokens", boundary_json(limits.context));
  object.set("concurrent_requests", boundary_json(limits.requests));
  object.set("gpu_memory_bytes", limits.gpu_memory ? Value(limits.gpu_memory->count()) : Value());
  object.set("gpu_memory_utilization", limits.utilization ? Value(share(*limits.utilization)) : Value());
  json::Object asked;
  asked.set("concurrent_requests", Value(question.requests));
  asked.set("context_tokens", Value(question.context.count()));
  object.set("asked", Value(std::move(asked)));
  return Value(std::move(object));
}

std::string matrix_text(const plan::Matrix& matrix, const plan::Request& request, const TextStyle& style) {
  std::vector<std::string> headings = {"context"};
  for (const std::int64_t count : matrix.requests) headings.push_back(with_commas(count));
  std::vector<Column> columns;
  for (const std::string& heading : headings) columns.push_back({heading, true, 0});
  std::vector<std::vector<std::string>> rows;
  for (const plan::MatrixRow& row : matrix.rows) {
    std::vector<std::string>& cells = rows.emplace_back();
    cells.push_back(with_commas(row.context.count()));
    for (std::size_t i = 0; i < matrix.requests.size(); ++i) {
      if (row.cells.empty()) {
        cells.emplace_back("-");
        continue;
      }
      const std::string needed = fixed(gib(row.cells[i].needed), 1);
      cells.push_back(row.cells[i].fits ? needed + ' ' : '(' + needed + ')');
    }
  }
  return subject(request) + ": GiB a GPU that requests at once need\n\n" + table(columns, rows, style.width) +
         "\n  In brackets: does not fit.\n";
}

std::string matrix_csv(const plan::Matrix& matrix) {
  std::string out = "context_tokens,concurrent_requests,fits,needed_bytes\n";
  for (const plan::MatrixRow& row : matrix.rows)
    for (std::size_t i = 0; i < row.cells.size(); ++i)
      out += std::to_string(row.context.count()) + ',' + std::to_string(matrix.requests[i]) + ',' +
             (row.cells[i].fits ? "true," : "false,") + std::to_string(row.cells[i].needed.count()) + '\n';
  return out;
}

Value matrix_json(const plan::Matrix& matrix) {
  json::Array cells;
  for (const plan::MatrixRow& row : matrix.rows)
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      json::Object cell;
      cell.set("context_tokens", Value(row.context.count()));
      cell.set("concurrent_requests", Value(matrix.requests[i]));
      cell.set("fits", Value(row.cells[i].fits));
      cell.set("needed_bytes", Value(row.cells[i].needed.count()));
      cells.push_back(Value(std::move(cell)));
    }
  json::Object object;
  object.set("cells", Value(std::move(cells)));
  object.set("max_num_seqs", Value(matrix.max_num_seqs));
  return Value(std::move(object));
}

}  // namespace vram::report
