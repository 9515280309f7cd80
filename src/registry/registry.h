// The ImageWorks model registry: a JSON array of entries, of which only what an estimate needs is read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "units/result.h"

namespace vram::registry {

enum class Backend { kVllm, kOllama, kOther };

struct Entry {
  std::string name;  // unique
  std::string display_name;
  Backend backend = Backend::kOther;
  std::string backend_name;             // as written
  std::string model_path;               // a folder, a file or "ollama:/name:tag"; empty where there is none
  std::vector<std::string> extra_args;  // the launch, a word each
  std::string quantization;
  std::string hub_id;  // source.huggingface_id; empty where it is not given
  std::string served_model_id;
  std::string download_path;
  std::optional<std::int64_t> download_bytes;
  std::optional<std::int64_t> context_window;
  json::Value whole;

  /// metadata.architecture; null where there is none.
  [[nodiscard]] const json::Value& architecture() const;
};

struct Registry {
  std::string place;
  std::vector<Entry> entries;

  /// errors  kNotFound with the nearest name; kBadInput where two entries have it
  [[nodiscard]] Result<const Entry*> find(std::string_view name) const;
  /// Those whose name, display name, backend or quantisation hold every word, whatever the case.
  [[nodiscard]] std::vector<const Entry*> search(std::string_view words) const;
};

/// errors  kBadInput where it is no array of objects that each have a "name"; what else is missing is empty
Result<Registry> read_registry(std::string_view text, std::string place);

/// The launch's words with tokens, keys and passwords hidden.
std::vector<std::string> shown_arguments(const Entry& entry);

/// Where its model may be found, best first: the folder or file it is served from, its hub id, and the last two parts
/// of its path, which downloads keep as the hub's own "organisation/name".
std::vector<std::string> model_candidates(const Entry& entry);

}  // namespace vram::registry
