// What this program knows, for those who build a form of it.
#pragma once

#include "json/value.h"

namespace vram::report {

/// {"releases": [{"version", "as_of"}], "newest", "arguments": [{"name", "kind", "aliases", "since", "until"}],
/// "profiles": {name: {…}}}
json::Value rules_json();

}  // namespace vram::report
