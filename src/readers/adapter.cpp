#include "readers/adapter.h"

#include <algorithm>

#include "json/fields.h"
#include "readers/json_cursor.h"

namespace vram {

Result<Adapter> read_adapter_config(std::string_view text, std::string_view place) {
  const auto value = json::parse(text, place, {.bytes = 4u << 20, .python_literals = true});
  if (!value) return value.error();
  if (!value->object())
    return Error{ErrorCode::kBadInput, std::string(place), "expected an object, found " + json::describe(*value), ""};
  const json::Fields config(*value, std::string(place));
  const std::string type = config.text_or("peft_type", "LORA");
  if (type != "LORA") config.refuse("peft_type", "expected \"LORA\", found " + readers::shown(type));
  Adapter adapter;
  adapter.base = config.text_or("base_model_name_or_path", "");
  adapter.rank = config.count("r");
  const json::Fields ranks = config.inner("rank_pattern");
  for (const auto& [name, rank] : ranks.value().object()->members())
    adapter.rank = std::max(adapter.rank, ranks.count(name));
  const json::Value* targets = config.find("target_modules");
  if (targets && targets->string())
    adapter.targets = {*targets->string()};
  else if (targets)
    adapter.targets = config.texts("target_modules");
  adapter.scaled_by_root = config.flag_or("use_rslora", false);
  if (config.error()) return *config.error();
  return adapter;
}

}  // namespace vram
