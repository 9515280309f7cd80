// How llama-server is started, as far as memory is concerned.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "json/value.h"
#include "readers/gguf_types.h"
#include "units/quantity.h"
#include "units/result.h"

namespace vram::llamacpp {

/// Defaults are llama-server's.
///   source  llama.cpp 0c1e57098b (2026-10-01): common/common.h, tools/server/server.cpp
struct Settings {
  std::optional<Tokens> context;            // of all sequences; nothing: the model's, and less where that does not fit
  std::optional<std::int64_t> parallel;     // sequences; nothing: 4 that share one cache
  std::int64_t batch = 2048, ubatch = 512;  // tokens
  const gguf::Type* type_k = nullptr;       // nothing: f16
  const gguf::Type* type_v = nullptr;
  std::optional<std::int64_t> gpu_layers;  // the output counts as one; nothing: as many as fit
  bool flash_attention = true;
  bool unified = false;      // one cache for all sequences
  bool full_window = false;  // the window's layers keep everything
  bool offload_cache = true;
  bool fit = true;               // what is not given is chosen so that it fits
  std::string projector;         // the mmproj file; empty for none but the one beside
  bool projector_beside = true;  // the one that a hub has beside the model is loaded with it
  bool offload_projector = true;

  [[nodiscard]] const gguf::Type& key_type() const;
  [[nodiscard]] const gguf::Type& value_type() const;
};

struct LaunchWords {
  std::string model;  // empty when none is named
  json::Object args;  // by name, with underscores: {"n_gpu_layers": 20, "cache_type_k": "q8_0"}
};

/// llama-server's own flags, and Ollama's --num-ctx and --num-gpu, as words: "x.gguf -ngl 20 --cache-type-k=q8_0".
///
///   errors  kBadInput: an unknown flag, with the nearest; a missing value; a second model
Result<LaunchWords> read_words(std::span<const std::string> words);

/// "-hf" and its like: llama.cpp's flags that name a model of a hub.
bool is_hub_flag(std::string_view word);

/// errors  kBadInput in the setting's name: one that is not known, a value that it cannot have
Result<Settings> read_settings(const json::Object& given);

/// The settings as they were resolved, for a report.
json::Object settings_json(const Settings& settings);

}  // namespace vram::llamacpp
