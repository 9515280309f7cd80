// Many questions, one after the other.
#pragma once

#include "plan/report.h"
#include "readers/config_json.h"

namespace vram::plan {

/// Answers as plan() does, and derives anew only what a request changes: the model is built once, its weights placed
/// once for each way of dividing it, its caches grouped once for each format. Requests share by their `model`, so keep
/// that. A planner belongs to one caller; a copy shares what was derived so far.
class Planner {
 public:
  /// `most`: ways of dividing a model, and formats of its cache, that are kept.
  explicit Planner(std::size_t most = 8) : deriver_(most) {}

  /// errors  as plan()
  Result<Report> plan(const Request& request);

  /// The verdict of the same report, its ranks, cache and workload alone, in a fraction of the time: where vLLM
  /// refuses, `refusal` has some word and not vLLM's.
  ///
  /// errors  as plan()
  Result<Report> judged(const Request& request);

  /// errors  kRefused with vLLM's words, kUnsupported, kBadInput
  Result<Exact> exact(const Request& request, Stated stated = Stated::kNothing);

  /// The catalogue's other checkpoints of a model.
  std::shared_ptr<const std::vector<std::shared_ptr<const ModelSource>>> variants(
      const std::shared_ptr<const ModelSource>& model);

  /// What was derived so far, for Variations to share.
  Deriver& deriver() { return deriver_; }

 private:
  Deriver deriver_;
  Recent<std::shared_ptr<const ModelSource>, std::vector<std::shared_ptr<const ModelSource>>> variants_{8};
};

}  // namespace vram::plan
