// `vllm serve`'s arguments: their names in every release, what their values are, and how a launch line spells them.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "units/result.h"
#include "vllm/release.h"

namespace vram::vllm {

struct Argument {
  enum class Kind : std::uint8_t {
    kFlag,  // --x, --no-x
    kInteger,
    kNumber,
    kCount,  // an integer that people may write 32k or 32K, or "auto"
    kText,
    kJson,  // an object; --x.key value sets one member
    kList,  // takes words up to the next option
    kAny,   // a number where it reads as one, JSON where it looks like it, else text
  };
  std::string_view name;  // with dashes: "max-model-len"
  std::string_view
      aliases;  // separated by blanks: "-tp"; one that begins with --enable- or --disable- says the opposite
  Kind kind;
  std::string_view since;  // release that first had it; empty: the oldest that was looked at, 0.10.2
  std::string_view until;  // release that no longer had it; empty: it is still there
};

/// Every argument, sorted by name.
std::span<const Argument> arguments();

/// The argument of that name, with dashes or underscores; nothing when no release has one.
const Argument* find_argument(std::string_view name);

/// Arguments given by name, as a request's "args": checked against the release and typed. Tokens, keys and passwords
/// are hidden in the answer.
///
///   errors  kBadInput in the argument's name: one that no release has (with the nearest), one that this release has
///   not, a value of another type
Result<json::Object> read_arguments(const json::Object& given, const Engine& engine);

struct LaunchLine {
  std::string model;                                            // empty when the line names none
  json::Object arguments;                                       // by name, with underscores, typed
  std::map<std::string, std::string, std::less<>> environment;  // VLLM_…=… in front of the command
};

/// A launch as typed for vLLM: `VLLM_X=1 vllm serve MODEL --flag value --flag=value -tp 2 --json.key value --no-flag
/// …`. The words "vllm serve" may be missing.
///
///   errors  as read_arguments; a missing value, a second model
Result<LaunchLine> read_launch_line(std::span<const std::string> words, const Engine& engine);

}  // namespace vram::vllm
