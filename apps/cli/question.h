// A model, its launch and a GPU, as several commands take them.
#pragma once

#include <vector>

#include "arguments.h"
#include "command.h"
#include "io/answer.h"
#include "plan/report.h"
#include "session.h"

namespace vram::cli {

/// --gpu, --gpu-memory-gib, --vllm-version and the workload.
std::vector<Option> question_options();

/// --gpu and --gpu-memory-gib; `detect` where neither is given.
///
///   instead  the GPU where none is named; may be empty
std::optional<Error> read_gpu(const Arguments& arguments, options::GpuForm& form, const std::string& instead = "");

/// What stands in where no model or no GPU is named; may be empty.
struct Instead {
  std::string model = {}, gpu = {};
};

/// The request that the command's own options and the words for vLLM spell.
///
///   kind    put in front of MODEL, for a command that takes one kind of names: "registry:"
///   errors  kBadInput and kNotFound with the flag or the model; kUnavailable where no GPU is named and none is here
Result<plan::Request> read_question(const Arguments& arguments, const Session& session, std::string_view kind = "",
                                    const Instead& instead = {});

/// A whole number from 1 on, 4k as well.
///
///   errors  kBadInput in the flag's name
Result<std::int64_t> count_or(const Arguments& arguments, std::string_view flag, std::int64_t fallback);

/// The exit status where vLLM refuses the launch whatever its length, after its words; other errors stay errors.
Result<int> no_launch(const Error& error, const Session& session);

/// --json, -q, -v, --log, --bar and --strict.
///
///   quiet  an alias for --quiet; empty where vLLM's own flags have it
std::vector<Option> output_options(std::string_view quiet);

/// Prints the report as the options ask; answers the exit status.
///
///   errors  kBadInput for a format that is unknown
Result<int> show(const plan::Request& request, const plan::Report& report, const Arguments& arguments,
                 const Session& session);

/// The answer to a MODEL or an unknown option beside the figures of formula mode.
std::optional<Error> model_beside_figures(const Command& command, const Arguments& arguments);

}  // namespace vram::cli
