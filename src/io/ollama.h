// Ollama's local store: manifests by name, and the blobs that they list.
#pragma once

#include <optional>
#include <string>

#include "units/quantity.h"
#include "units/result.h"

namespace vram::io {

struct OllamaModel {
  std::string model;              // the blob that is a GGUF file
  std::string projector;          // that of the vision tower; empty where there is none
  std::optional<Tokens> context;  // num_ctx of its parameters
};

/// The model that Ollama calls `name`: "qwen3", "qwen3:8b", "huihui_ai/gpt-oss:20b", "hf.co/org/name:Q4_K_M". A slash
/// in front, as the ImageWorks registry writes it, does not count.
///
///   errors  kNotFound without such a manifest, or a blob of it; kBadInput for a name that none can have and for a
///           manifest that is none
///   source  Ollama's docs: OLLAMA_MODELS, else ~/.ollama/models, else the service's /usr/share/ollama/.ollama/models
Result<OllamaModel> find_ollama(std::string_view name);

}  // namespace vram::io
