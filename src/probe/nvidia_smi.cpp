#include <unistd.h>

#include "probe/child.h"
#include "probe/nvidia_driver.h"
#include "units/text.h"

namespace vram::probe {
namespace {

constexpr std::size_t kFields = 6;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = std::min(line.find(','), line.size());
    fields.push_back(trimmed(line.substr(0, comma)));
    if (comma == line.size()) return fields;
    line.remove_prefix(comma + 1);
  }
}

/// Whole or broken MiB; nothing for "[N/A]".
std::optional<Bytes> mebibytes(std::string_view text) {
  const auto number = read_number(text);
  if (!number || *number < 0 || *number > 1e9) return std::nullopt;
  return Bytes(std::int64_t(*number * double(kMiB)));
}

hardware::Capability capability(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return {};
  const auto major = read_integer(text.substr(0, dot)), minor = read_integer(text.substr(dot + 1));
  if (!major || !minor || *major < 0 || *major > 999 || *minor < 0 || *minor > 999) return {};
  return {int(*major), int(*minor)};
}

}  // namespace

Answered read_nvidia_smi(std::string_view output) {
  Answered answer;
  for (std::size_t number = 1; !output.empty(); ++number) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    const std::string_view line = trimmed(output.substr(0, end));
    output.remove_prefix(std::min(end + 1, output.size()));
    if (line.empty()) continue;
    const auto leave_out = [&](const std::string& why) {
      answer.warnings.push_back("nvidia-smi: line " + std::to_string(number) + ' ' + why + " and is left out: \"" +
                                std::string(line.substr(0, 100)) + '"');
    };
    const std::vector<std::string_view> fields = split(line);
    if (fields.size() < kFields) {
      leave_out("has " + std::to_string(fields.size()) + " of 6 fields");
      continue;
    }
    const auto index = read_integer(fields[0]);
    if (!index || *index < 0 || *index > 9999) {
      leave_out("has no index");
      continue;
    }
    DriverGpu gpu;
    gpu.index = int(*index);
    gpu.name = fields[1];
    gpu.total = mebibytes(fields[2]);
    gpu.free = mebibytes(fields[3]);
    gpu.capability = capability(fields[4]);
    gpu.uuid = fields[5];
    answer.gpus.push_back(std::move(gpu));
  }
  return answer;
}

DriverAnswer ask_nvidia_smi(const System& system) {
  for (const std::filesystem::path& folder : system.program_folders) {
    const std::filesystem::path program = folder / "nvidia-smi";
    if (access(program.c_str(), X_OK) != 0) continue;
    const Outcome outcome = run_program(
        program, {"--query-gpu=index,name,memory.total,memory.free,compute_cap,uuid", "--format=csv,noheader,nounits"},
        system.limit);
    if (outcome.succeeded()) return read_nvidia_smi(outcome.output);
    std::string sentence = "nvidia-smi " + outcome.words(system.limit);
    const std::string_view said = trimmed(std::string_view(outcome.output).substr(0, outcome.output.find('\n')));
    if (outcome.end == Outcome::End::kExited && !said.empty())
      sentence += " and said \"" + std::string(said.substr(0, 200)) + '"';
    return Failed{sentence, outcome.end == Outcome::End::kTimedOut};
  }
  return Absent{};
}

}  // namespace vram::probe
