// Writing settings back into a registry entry: the text of the file with exactly those settings changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "units/result.h"

namespace vram::registry {

/// What is to be set; what is left out stays as it is.
struct Settings {
  std::optional<std::int64_t> context{};                // --max-model-len, or --num-ctx for Ollama; context_window
  std::optional<std::int64_t> max_num_seqs{};           // vLLM only, as the two below
  std::optional<std::string> gpu_memory_utilization{};  // as typed; 0.90 is added where the entry has none
  std::optional<std::string> kv_cache_dtype{};          // "auto" replaces another one, but is not added
};

/// `text` with the settings in entry `name`. A flag may stand as two words or as --flag=value, with dashes or
/// underscores: its value is replaced in place, each time it stands there; one that is not there is appended. Every
/// other byte stays.
///
///   errors  as read_registry and Registry::find; kUnsupported for a backend that is neither vllm nor ollama; kBadInput
///           where nothing is to be set, for a setting that the backend has not, or where the entry's "extra_args" is
///           no list
///   source  ImageWorks, "Apply to model settings"
Result<std::string> with_settings(std::string_view text, const std::string& place, std::string_view name,
                                  const Settings& settings);

}  // namespace vram::registry
