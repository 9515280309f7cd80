// Models by name: the user's own, and those that are built in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vram::io {

struct KnownModel {
  std::string name;
  std::string source;  // what an entry of the user's was read from; "built in"
  std::string date;    // when: "2026-11-25"
};

/// Those whose names hold every word of `search`, the user's entries first.
std::vector<KnownModel> known_models(std::string_view search);

}  // namespace vram::io
