// The metrics log of the existing tool: JSON lines of what served models were seen to use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "formula/formula.h"
#include "registry/registry.h"

namespace vram::registry {

struct Snapshot {
  std::string timestamp;
  double used_gib = 0;
  std::int64_t context_tokens = 0, batch = 1;
};

/// The last line about the entry, by its name or the id it is served under. Lines that cannot be read are skipped: the
/// log is appended to while it is read.
std::optional<Snapshot> last_snapshot(std::string_view log, const Entry& entry);

/// A request whose overheads are what was seen: what is neither weights nor cache, less 0.5 GiB, counts as vision.
///   source  ImageWorks, runtime snapshot
formula::Request with_snapshot(formula::Request request, const Snapshot& snapshot);

}  // namespace vram::registry
