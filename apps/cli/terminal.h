// Where answers and complaints go, and what may be shown there: how wide, in colour or not, beyond ASCII or not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "report/text_style.h"
#include "units/result.h"

namespace vram::cli {

/// What the environment says about output. Tests write one by hand.
struct Surroundings {
  bool out_is_terminal = false, err_is_terminal = false;
  int columns = 0;  // of the terminal that standard output is; 0: not known
  std::optional<std::string> no_color{}, clicolor_force{}, term{}, columns_variable{}, lc_all{}, lc_ctype{}, lang{};
};
Surroundings look_around();

enum class When { kAuto, kAlways, kNever };

/// "auto", "always" or "never".
Result<When> read_when(std::string_view text, std::string_view place);

struct Look {
  report::TextStyle out;  // of standard output
  report::TextStyle err;  // of standard error
  bool out_is_terminal = false, err_is_terminal = false;
};

Look look(const Surroundings& surroundings, When colour, bool ascii);

class Terminal {
 public:
  explicit Terminal(Look look) : look_(look) {}
  [[nodiscard]] const Look& look() const { return look_; }

  /// To standard output, as it is.
  void print(std::string_view text) const;
  /// One line on standard error, as it is.
  void say(std::string_view sentence) const;
  /// `sentence` in place of what was written so last, where standard error is a terminal; empty: clears it.
  void rewrite(std::string_view sentence) const;
  /// "warning: " or "error: " and the sentence, one line on standard error.
  void warn(const Error& error) const;
  void complain(const Error& error) const;

  /// Whether all that was printed has reached its place; says so on standard error when it has not.
  [[nodiscard]] bool finish() const;

 private:
  void say(std::string_view label, report::Paint paint, const Error& error) const;
  Look look_;
};

}  // namespace vram::cli
