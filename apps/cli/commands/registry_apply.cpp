// registry apply: settings written back into an entry.
#include "registry_entry.h"
#include "units/text.h"

namespace vram::cli::commands {
namespace {

std::vector<Option> options() {
  return {
      {"--max-model-len", "N", "Context: --max-model-len for vLLM, --num-ctx for Ollama, and context_window"},
      {"--num-ctx", "N", "The same, as Ollama calls it"},
      {"--max-num-seqs", "N", "Sequences at once; vLLM only"},
      {"--gpu-memory-utilization", "X", "Share of the GPU; vLLM only (default: as it is, 0.90 where there is none)"},
      {"--kv-cache-dtype", "NAME", "Type of the cache; vLLM only; auto is not written where none stands"},
      {"--dry-run", "", "Only show what would change"},
      registry_option()};
}

Result<std::optional<std::int64_t>> count(const Arguments& arguments, std::string_view flag) {
  const auto text = arguments.text(flag);
  if (!text) return std::optional<std::int64_t>();
  const auto number = read_count(*text, flag);
  if (!number) return number.error();
  constexpr std::int64_t kMost = std::int64_t{1} << 31;
  if (*number < 1 || *number > kMost)
    return Error{ErrorCode::kBadInput, std::string(flag), "expected a whole number from 1 on, found \"" + *text + '"',
                 ""};
  return std::optional(*number);
}

Result<registry::Settings> read_settings(const Arguments& arguments) {
  registry::Settings settings;
  const auto context = count(arguments, arguments.has("--num-ctx") ? "--num-ctx" : "--max-model-len");
  if (!context) return context.error();
  const auto sequences = count(arguments, "--max-num-seqs");
  if (!sequences) return sequences.error();
  settings.context = *context;
  settings.max_num_seqs = *sequences;
  settings.gpu_memory_utilization = arguments.text("--gpu-memory-utilization");
  settings.kv_cache_dtype = arguments.text("--kv-cache-dtype");
  if (settings.gpu_memory_utilization) {
    const auto share = read_number(*settings.gpu_memory_utilization);
    if (!share || *share <= 0 || *share > 1)
      return Error{ErrorCode::kBadInput, "--gpu-memory-utilization",
                   "expected a share over 0 and up to 1, found \"" + *settings.gpu_memory_utilization + '"', ""};
  }
  return settings;
}

Result<int> run(const Arguments& arguments, const Session& session) {
  const auto file = io::registry_file(arguments.text("--registry"));
  if (!file) return file.error();
  const auto settings = read_settings(arguments);
  if (!settings) return settings.error();
  const bool dry_run = arguments.flag("--dry-run");
  const auto applied = io::apply_settings(*file, arguments.word().value_or(""), *settings, dry_run);
  if (!applied) return applied.error();
  if (applied->diff.empty())
    session.terminal.say("nothing changes: the entry has these settings already");
  else if (dry_run)
    session.terminal.print(applied->diff);
  else
    session.terminal.print(applied->diff + "\nWritten; as it was: " + applied->backup + '\n');
  return kExitFits;
}

}  // namespace

extern const Command registry_apply;
const Command registry_apply{
    .name = "registry apply",
    .order = 74,
    .usage = "NAME --max-model-len N [options]",
    .summary = "Writes settings back into an entry",
    .about =
        "Sets flags in entry NAME's extra_args and its context_window, and leaves every other byte of the registry "
        "as it is. Shows the difference; the file as it was is kept beside it as FILE.bak.",
    .word = "NAME",
    .options = options,
    .exit = "0 written or nothing to change, 2 nothing was written.",
    .example = "registry apply my-model --max-model-len 8192 --dry-run --registry model_registry.json",
    .run = run,
};

}  // namespace vram::cli::commands
