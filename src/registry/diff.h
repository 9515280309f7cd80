// What an edit changes, as people read it.
#pragma once

#include <string>
#include <string_view>

namespace vram::registry {

/// The unified diff from `before` to `after`, with three lines around each change; empty where they are the same.
/// Secrets in it are hidden.
///   name  of the file
std::string unified_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace vram::registry
