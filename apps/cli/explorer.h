// A launch that is changed argument by argument while its memory is drawn: the state behind `explore`, without a
// terminal.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "plan/report.h"
#include "plan/request.h"
#include "report/text_style.h"

namespace vram::cli {

enum class Key { kUp, kDown, kLeft, kRight, kQuit, kOther };

/// The key that `bytes` begins with, and how many of them it takes; 0 where more have to come.
///
///   source  ECMA-48 and xterm's control sequences for cursor keys
struct KeyPress {
  Key key = Key::kOther;
  std::size_t bytes = 0;
};
KeyPress read_key(std::string_view bytes);

class Explorer {
 public:
  /// errors  those of plan()
  static Result<Explorer> open(plan::Request request);

  void press(Key key);
  [[nodiscard]] const plan::Request& request() const { return request_; }
  [[nodiscard]] const plan::Report& report() const { return report_; }

  /// Lines of at most `style.width` columns, the last without an end.
  [[nodiscard]] std::string frame(const report::TextStyle& style) const;

 private:
  struct Choice {
    std::string shown;
    std::function<void(plan::Request&)> apply;
  };
  struct Knob {
    std::string name;
    std::vector<Choice> choices;
    std::size_t at = 0;
  };

  Explorer(plan::Request request, plan::Report report);
  void add_gpus();
  void add_numbers(const char* name, std::vector<std::int64_t> values);
  void add_utilisation();
  void add_words(const char* name, const std::vector<json::Value>& values);
  void turn(int by);

  plan::Request request_;
  plan::Report report_;
  std::vector<Knob> knobs_;
  std::size_t selected_ = 0;
};

}  // namespace vram::cli
