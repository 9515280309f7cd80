// A config.json, or a part of one, as vLLM sees it through transformers' config classes: with the fields a class fills
// in and the second names it gives to others.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "readers/config_json.h"
#include "vllm/release.h"

namespace vram::plan {

/// A config class's defaults, separated by blanks: "n_positions=1024" is a number,
/// "max_position_embeddings>n_positions" a second name, "text@llama" the class of a text_config that does not name its
/// own.
struct ConfigClass {
  std::string_view model_type, fields;
};
std::span<const ConfigClass> config_classes();

/// One of those defaults: "n_positions", '=', "1024".
struct ClassField {
  std::string_view name;
  char mark;
  std::string_view value;
};

class HfConfig {
 public:
  /// `model_type` is taken where the config does not name its own.
  explicit HfConfig(const json::Value& config, std::string_view model_type = "");

  /// The member of that name, or of the name that its class keeps it under; not null.
  [[nodiscard]] const json::Value* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr || class_number(name); }
  /// The name its class keeps `name` under; `name` itself where it has no other.
  [[nodiscard]] std::string_view own_name(std::string_view name) const;
  /// Its number, or the class's.
  [[nodiscard]] std::optional<double> number(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> whole(std::string_view name) const;
  /// The first of `names` that is there; of a list the first item.
  [[nodiscard]] std::optional<std::int64_t> whole_of(std::span<const std::string_view> names) const;
  /// Python's truth of the value.
  [[nodiscard]] bool truthy(std::string_view name) const;
  /// Empty where it is not there or is no text.
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] const std::string& model_type() const { return model_type_; }
  [[nodiscard]] const json::Value& value() const { return *config_; }
  [[nodiscard]] std::span<const ClassField> class_fields() const { return class_fields_; }

 private:
  [[nodiscard]] std::optional<std::int64_t> class_number(std::string_view name) const;

  const json::Value* config_;
  std::string model_type_;
  std::vector<ClassField> class_fields_;
};

/// The language model's part of `source`, vLLM's hf_text_config, as the transformers of `day` reads it.
HfConfig text_config(const ModelSource& source, vllm::Date day);

/// Python's truth of a value.
bool truthy(const json::Value& value);

}  // namespace vram::plan
