// What `diagnose` and `calibrate` are told: logs, and what no line of them says.
#pragma once

#include <string>
#include <vector>

#include "arguments.h"
#include "diagnosis/diagnose.h"
#include "session.h"

namespace vram::cli {

/// --model, --gpu, --gpu-memory-gib and --vllm-version.
std::vector<Option> log_options();

struct LogQuestion {
  std::vector<std::string> logs;  // names of files, or "-"
  diagnosis::Told told;
};

/// The command's words up to the first option are logs; what follows are vLLM's own flags.
///
///   errors  kBadInput: no log is named, or one of the options is wrong
Result<LogQuestion> read_log_question(const Arguments& arguments);

/// A file's or standard input's text. Errors as io::read_file.
Result<std::string> read_log(const std::string& name);

/// Reads models and finds GPUs as every other command does.
diagnosis::Complete completing(const Session& session);

}  // namespace vram::cli
