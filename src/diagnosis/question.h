// The question that a start-up log answers: which model, on which GPUs, started how, as far as its lines say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "logs/read.h"
#include "options/request_form.h"

namespace vram::diagnosis {

/// Something that no line says outright.
struct Guess {
  std::string about;  // "gpu"
  std::string value;
  std::string why;
};

struct Question {
  options::RequestForm form;  // a GPU that nothing tells is without name and total
  std::vector<Guess> guesses;
  std::vector<std::string> left_out;  // arguments of the log that are not modelled or that its release does not take

  [[nodiscard]] bool has_model() const { return !form.model.source.empty(); }
  [[nodiscard]] bool has_gpu() const { return !form.gpu.name.empty() || form.gpu.total || form.gpu.detect; }
};

/// What a command was told besides the log; it wins over the log.
struct Told {
  std::string model;
  std::optional<options::GpuForm> gpu;
  std::optional<vllm::Engine> engine;
  json::Object args;
};

/// Never fails: what is missing is missing in the answer.
Question question_of(const logs::StartUp& start, const Told& told);

/// The card of the log's platform whose memory is nearest to a total, at most `share` of it away.
std::optional<hardware::Gpu> nearest_card(double total_gib, double share, const logs::StartUp& start);

/// Names to try for the model of a log, best first: as it stands, the hub id in a cache path, the last part of a path.
std::vector<std::string> model_names(std::string_view said);

}  // namespace vram::diagnosis
