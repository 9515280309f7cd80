// Many questions, one after the other.
#pragma once

#include "plan/report.h"

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

  /// errors  kRefused with vLLM's words, kUnsupported, kBadInput
  Result<Exact> exact(const Request& request);

  /// What was derived so far, for Variations to share.
  Deriver& deriver() { return deriver_; }

 private:
  Deriver deriver_;
};

}  // namespace vram::plan
