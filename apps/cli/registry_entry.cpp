#include "registry_entry.h"

#include <vector>

#include "json/write.h"
#include "report/table.h"

namespace vram::cli {
Option registry_option() {
  return {"--registry", "FILE",
          "The registry (default: $VRAM_REGISTRY, else configs/model_registry.json here, else model_registry.json in "
          "~/.config/vram-estimator)"};
}

Result<registry::Registry> read_registry(const Arguments& arguments) {
  const auto file = io::registry_file(arguments.text("--registry"));
  if (!file) return file.error();
  return io::load_registry(*file);
}

Result<registry::Entry> read_entry(const Arguments& arguments, const std::string& name) {
  if (name.empty())
    return Error{ErrorCode::kBadInput, "NAME", "no entry is named",
                 "`vram-estimator registry list` prints their names"};
  const auto registry = read_registry(arguments);
  if (!registry) return registry.error();
  const auto entry = registry->find(name);
  if (!entry) return entry.error();
  return **entry;
}

Result<int> print_entries(const Arguments& arguments, const Session& session, const std::string& words) {
  const auto registry = read_registry(arguments);
  if (!registry) return registry.error();
  const auto found = registry->search(words);
  if (arguments.flag("--json")) {
    session.terminal.print(json::write_pretty(io::entries_json(found)) + '\n');
    return kExitFits;
  }
  if (found.empty()) {
    session.terminal.say("no entry of " + registry->place + " has \"" + words + '"');
    return kExitRefused;
  }
  static constexpr report::Column kColumns[] = {{"Name"}, {"Backend"}, {"Quantization"}, {"Context", true}};
  std::vector<std::vector<std::string>> rows;
  for (const registry::Entry* entry : found)
    rows.push_back({entry->name, entry->backend_name, entry->quantization,
                    entry->context_window ? std::to_string(*entry->context_window) : ""});
  session.terminal.print(report::table(kColumns, rows, session.terminal.look().out.width));
  return kExitFits;
}

}  // namespace vram::cli
