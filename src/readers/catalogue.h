// The models that are compiled in: of each config.json only the keys that are read.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "readers/config_json.h"

namespace vram {

/// Hub ids of the catalogue, sorted: "Qwen/Qwen3-8B".
std::vector<std::string> catalogue_names();

/// When each entry's config was read from the hub, by name: {"Qwen/Qwen3-8B": "2026-11-23"}.
json::Object catalogue_dates();

/// Whether `name` contains every word of `search`, whatever the case.
bool matches_search(std::string_view name, std::string_view search);

/// Those that match.
std::vector<std::string> search_catalogue(std::string_view search);

/// The entry of that name. Case does not matter, nor a missing organisation where one entry is meant.
///
///   errors  kNotFound with the nearest name, or with the candidates where several organisations have it
Result<ModelSource> catalogue_model(std::string_view name);

}  // namespace vram
