// Hugging Face's config.json, as far as any architecture reads it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"
#include "units/result.h"

namespace vram {

class Checkpoint;

/// What a reader found out about a model, before any architecture has looked at it.
struct ModelSource {
  std::string name;          // hub id, folder or file as given
  std::string place;         // how errors call it: "config.json"
  json::Value config;        // the whole object
  std::string architecture;  // architectures[0]
  std::string fingerprint;   // of the config: 16 hexadecimal digits
  /// hf_quant_config.json, where a folder keeps the quantisation in a file of its own: what config.json lacks.
  std::optional<json::Value> quantisation = {};
  /// The folder is known to hold no safetensors files, so that what vLLM looks up in their headers it does not find.
  /// False where they are merely not at hand.
  bool without_weights = false;
  /// What its files of weights hold, by their headers; null where they are not at hand.
  std::shared_ptr<const Checkpoint> weights = {};

  /// The language model's part: text_config, llm_config, thinker_config.text_config or the whole.
  [[nodiscard]] const json::Value& text() const;
};

/// errors  kBadInput where it is not an object with "architectures"
Result<ModelSource> read_config_json(std::string_view text, std::string name, std::string place);
Result<ModelSource> model_source(json::Value config, std::string name, std::string place);

}  // namespace vram
