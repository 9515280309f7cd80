// What the commands over the registry share.
#pragma once

#include <string>

#include "arguments.h"
#include "command.h"
#include "io/registry.h"
#include "session.h"

namespace vram::cli {

/// --registry
Option registry_option();

/// The registry that --registry names, or the one that is found without it.
Result<registry::Registry> read_registry(const Arguments& arguments);

/// The entry of that name.
///   errors  kBadInput without a name; as read_registry and Registry::find
Result<registry::Entry> read_entry(const Arguments& arguments, const std::string& name);

/// `registry list` and `registry search`: the entries that `words` leave, as a table or as JSON.
Result<int> print_entries(const Arguments& arguments, const Session& session, const std::string& words);

}  // namespace vram::cli
