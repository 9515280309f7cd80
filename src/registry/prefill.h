// The figures of formula mode that a registry entry holds, as the existing tool's page takes them, each with the key it
// came from. Where the model itself can be read, its config wins: derived figures were wrong for some models.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "formula/formula.h"
#include "readers/config_json.h"
#include "registry/registry.h"

namespace vram::registry {

struct Figure {
  double value = 0;
  std::string from;  // "architecture.num_layers", "config.json: head_dim"
};

struct Prefill {
  std::optional<Figure> params_billion, layers, kv_heads, head_dim;
  std::optional<Figure> context_tokens;
  std::optional<Figure> vision_gib;  // only of an entry with a vision tower
  std::string quant = "bf16", kv_dtype = "fp8";

  /// The figures without which nothing can be estimated, by the words of the formula: "params_billion".
  [[nodiscard]] std::vector<std::string> missing() const;
  /// Not while something is missing.
  [[nodiscard]] formula::Request request(const formula::Profile& profile) const;
};

/// source  ImageWorks, the page's prefill; the download's size stands in for a missing parameter count
Prefill prefill(const Entry& entry);

/// Layers, KV heads and head size by the model's own config, where it states them.
void take_config(Prefill& prefill, const ModelSource& source);

/// GiB that the existing tool guesses for a vision tower.
///   vision  metadata.architecture.vision
double guessed_vision_gib(const json::Value& vision);

}  // namespace vram::registry
