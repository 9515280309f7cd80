// Everything that can be asked in JSON, by name: what the page asks its engine and a client the service.
#pragma once

#include <span>
#include <string_view>

#include "io/answer.h"

namespace vram::io {

struct Question {
  std::string_view name;   // "estimate"
  std::string_view place;  // what errors call it: "request"
  std::size_t most_text;   // bytes of its JSON; 0: it is asked without any
  json::Value (*answer)(const json::Value& asked, const Machine& machine);
};

/// estimate     a request                                                -> its report
/// page         a request                                                -> {"sentence", "command", "report", …},
///              without suggestions
/// format       {"request", "format"}                                    -> {"text"}, as the command's --format
/// max-context  a request, or {"request", "max_context_k", "concurrency"} -> {"context_tokens", "limited_by",
/// "report"},
///              of formula mode the existing tool's keys
/// concurrency  {"request", "contexts": [tokens], "requests": [number], "limit": tokens}
///              -> requests at once by length, and the reverse
/// inspect      a request                                                -> the tensors of its first rank
/// ask          {"text"}                                                 -> the request it says, and what was not
///              understood
/// models       {"search"}                                               -> {"models": [names]}
/// gpus         {}                                                       -> the catalogue
/// diagnose     {"log", "gpu", "model"}                                  -> the diagnosis of its last start
/// learn        {"log", "gpu", "model", "profile"}                       -> the calibration that its starts make
/// registry     {"text"}: a registry's                                   -> its entries
/// apply        {"text", "name", "settings"}                             -> {"text", "diff"}: the registry's, changed
/// about        {}                                                       -> releases, arguments, profiles, formats
std::span<const Question> questions();

/// Nothing where there is no question of that name.
const Question* find_question(std::string_view name);

/// The object that `text` holds.
///
///   errors  as json::parse; kBadInput where it holds something else
Result<json::Value> read_question(std::string_view text, std::string_view place, std::size_t most_text);

/// The answer to the question of that name, or {"error": {"code", "message"}}.
json::Value answer(std::string_view question, std::string_view text, const Machine& machine);

}  // namespace vram::io
