#include "plan/hf_config.h"

#include <algorithm>
#include <cmath>

#include "units/text.h"

namespace vram::plan {
namespace {

/// From transformers 5 on, GLM-4.1V's flat configs say nothing of the language model: it has its class's figures.
constexpr vllm::Step<bool> kNestedOnly[] = {
    {{}, false, "vllm v0.19.0 with transformers 4.57, Glm4vConfig"},
    {{2026, 6, 9}, true, "~vllm v0.25.1 with transformers 5, Glm4vConfig"},
};
static_assert(vllm::well_formed(kNestedOnly));

std::string_view fields_of(std::string_view model_type) {
  const auto found = std::ranges::lower_bound(config_classes(), model_type, {}, &ConfigClass::model_type);
  return found != config_classes().end() && found->model_type == model_type ? found->fields : "";
}

/// "n_positions=1024 max_position_embeddings>n_positions", word by word.
std::vector<ClassField> read_fields(std::string_view fields) {
  std::vector<ClassField> read;
  while (!fields.empty()) {
    const std::string_view word = fields.substr(0, fields.find(' '));
    const std::size_t mark = word.find_first_of("=>@");
    read.push_back({word.substr(0, mark), word[mark], word.substr(mark + 1)});
    fields.remove_prefix(std::min(word.size() + 1, fields.size()));
  }
  return read;
}

std::optional<std::string_view> field_of(std::span<const ClassField> fields, std::string_view name, char mark) {
  for (const ClassField& field : fields)
    if (field.mark == mark && field.name == name) return field.value;
  return std::nullopt;
}

}  // namespace

bool truthy(const json::Value& value) {
  if (const bool* flag = value.boolean()) return *flag;
  if (const auto number = value.number()) return *number != 0;
  if (const std::string* text = value.string()) return !text->empty();
  if (const json::Array* items = value.array()) return !items->empty();
  if (const json::Object* object = value.object()) return !object->members().empty();
  return false;
}

HfConfig::HfConfig(const json::Value& config, std::string_view model_type) : config_(&config), model_type_(model_type) {
  if (const json::Value* own = config.find("model_type"); own && own->string()) model_type_ = *own->string();
  class_fields_ = read_fields(fields_of(model_type_));
}

const json::Value* HfConfig::find(std::string_view name) const {
  if (const json::Value* own = config_->find(name)) return own;
  const std::string_view other = own_name(name);
  return other != name ? config_->find(other) : nullptr;
}

std::string_view HfConfig::own_name(std::string_view name) const {
  return field_of(class_fields_, name, '>').value_or(name);
}

std::optional<std::int64_t> HfConfig::class_number(std::string_view name) const {
  const auto number = field_of(class_fields_, own_name(name), '=');
  return number ? read_integer(*number) : std::nullopt;
}

std::optional<double> HfConfig::number(std::string_view name) const {
  if (const json::Value* own = find(name)) return own->number();
  const auto number = class_number(name);
  return number ? std::optional(double(*number)) : std::nullopt;
}

std::optional<std::int64_t> HfConfig::whole(std::string_view name) const {
  const json::Value* own = find(name);
  if (own && own->array() && !own->array()->empty()) own = &own->array()->front();
  const auto number = own ? own->number() : std::nullopt;
  if (!own) return class_number(name);
  if (!number || std::abs(*number) > 9e15) return std::nullopt;
  return std::int64_t(*number);
}

std::optional<std::int64_t> HfConfig::whole_of(std::span<const std::string_view> names) const {
  for (const std::string_view name : names)
    if (const auto number = whole(name)) return number;
  return std::nullopt;
}

bool HfConfig::truthy(std::string_view name) const {
  if (const json::Value* own = find(name)) return plan::truthy(*own);
  return class_number(name).value_or(0) != 0;
}

std::string HfConfig::text(std::string_view name) const {
  const json::Value* own = find(name);
  return own && own->string() ? *own->string() : "";
}

HfConfig text_config(const ModelSource& source, vllm::Date day) {
  const HfConfig root(source.config);
  const json::Value& text = source.text();
  const std::string_view model_type = field_of(root.class_fields(), "text", '@').value_or("");
  if (&text != &source.config) return HfConfig(text, model_type);
  const bool flat = root.model_type() == "glm4v" || root.model_type() == "glm4v_moe";
  if (!flat || !vllm::in_force(kNestedOnly, day)) return root;
  static const json::Value kNothing{json::Object{}};
  return HfConfig(kNothing, model_type);
}

}  // namespace vram::plan
