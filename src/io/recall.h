// Models and GPUs by name, and what was derived of them, for those who ask many questions.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>

#include "io/answer.h"

namespace vram::io {

/// Reads as io::load does, and a name that stands for no file only once, so that equal names are the same model to a
/// plan::Planner. The user's catalogue is looked at anew where it has changed. One caller's at a time.
class ReadModels {
 public:
  Result<std::shared_ptr<const ModelSource>> operator()(const std::string& name, const Reach& reach);

 private:
  std::filesystem::file_time_type changed_;
  std::unordered_map<std::string, std::shared_ptr<const ModelSource>> read_;
};

/// Chooses as options::choose_gpu does; of what is only named, equal names once. One caller's at a time.
class ChosenGpus {
 public:
  Result<plan::GpuChoice> operator()(const options::GpuForm& form);

 private:
  std::unordered_map<std::string, plan::GpuChoice> chosen_;
};

/// A machine that keeps what it read and derived for its next answer. One caller's at a time.
class Recall {
 public:
  explicit Recall(const Machine& plain);
  Recall(const Recall&) = delete;
  Recall& operator=(const Recall&) = delete;

  [[nodiscard]] const Machine& machine() const { return machine_; }

  /// Whom the answers from now on may ask.
  void reach(const Reach& reach) { machine_.reach = reach; }

 private:
  static constexpr std::size_t kMostDerived = 256;
  Machine machine_;
  ReadModels models_;
  ChosenGpus gpus_;
  plan::Planner planner_{kMostDerived};
};

}  // namespace vram::io
