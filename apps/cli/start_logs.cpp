#include "start_logs.h"

#include "io/files.h"
#include "question.h"
#include "vllm/arguments.h"

namespace vram::cli {
namespace {

constexpr Bytes kMostLog(256 * kMiB);

}  // namespace

std::vector<Option> log_options() {
  return {{"--model", "NAME", "The model, where the log does not name it or names a folder"},
          {"--gpu", "NAME[xN]", "The GPU (default: what the log tells of it)"},
          {"--gpu-memory-gib", "X", "Its memory, in place of the log's or the catalogue's figure"},
          {"--vllm-version", "RELEASE", "The release, where no line names it"}};
}

Result<LogQuestion> read_log_question(const Arguments& arguments) {
  LogQuestion question;
  const std::vector<std::string>& words = arguments.rest();
  std::size_t at = 0;
  for (; at < words.size() && (words[at] == "-" || !words[at].starts_with("-")); ++at)
    question.logs.push_back(words[at]);
  if (question.logs.empty())
    return Error{ErrorCode::kBadInput, "LOG", "no log is named", "give a file, or - for standard input"};
  question.told.model = arguments.text("--model").value_or("");
  if (const auto version = arguments.text("--vllm-version")) {
    auto engine = vllm::read_engine(*version);
    if (!engine) return engine.error();
    question.told.engine = *std::move(engine);
  }
  options::GpuForm gpu;
  if (auto error = read_gpu(arguments, gpu)) return *std::move(error);
  if (!gpu.detect) {
    if (const auto known = options::choose_gpu(gpu); !known) return known.error();
    question.told.gpu = gpu;
  }
  const auto flags =
      vllm::read_launch_line(std::span(words).subspan(at), question.told.engine.value_or(vllm::newest()));
  if (!flags) return flags.error();
  if (!flags->model.empty())
    return Error{ErrorCode::kBadInput, '"' + flags->model + '"', "logs come before vLLM's flags", ""};
  question.told.args = flags->arguments;
  return question;
}

Result<std::string> read_log(const std::string& name) {
  return name == "-" ? io::read_standard_input(kMostLog) : io::read_file(name, kMostLog);
}

diagnosis::Complete completing(const Session& session) {
  return [&session](const options::RequestForm& form) { return io::complete(form, {session.detect}); };
}

}  // namespace vram::cli
