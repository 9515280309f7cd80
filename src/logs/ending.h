// How a start ended, from the lines that say so: the first of them decides, since one failure makes every process of a
// start print its own.
#pragma once

#include "logs/read.h"

namespace vram::logs {

class Ending {
 public:
  /// Looks at one line. Answers whether it says how the start goes.
  ///
  ///   line     without colours; message  its part that vLLM says
  ///   stage    how far the lines before it came; moved on by lines that say so without a number
  bool add(std::string_view line, std::string_view message, std::int64_t number, Stage& stage);

  /// Whether it serves or has failed.
  [[nodiscard]] bool ended(Stage stage) const {
    return stage == Stage::kServing || failing_ || out_of_memory_ || refusal_;
  }

  /// Outcome, refusal, cause, later failure and whether lines are missing.
  void settle(StartUp& start) const;

 private:
  void fail(std::string_view message, std::int64_t number, Stage stage);

  /// Of a failure that is neither a refusal nor about memory: the line nearest to its reason.
  [[nodiscard]] const Said& root() const;

  Said refusal_, out_of_memory_, failing_;
  Said exception_;        // the first after `failing_`
  Said early_exception_;  // the last before it
  Said raised_;           // source code that raises one, the last before `failing_`
  Said later_;
  Refusal kind_ = Refusal::kNone;
  Stage failed_at_ = Stage::kNothing;
};

}  // namespace vram::logs
