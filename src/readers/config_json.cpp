#include "readers/config_json.h"

#include "json/write.h"
#include "units/fingerprint.h"

namespace vram {

const json::Value& ModelSource::text() const {
  const json::Value* part = &config;
  // source  vllm/transformers_utils/config.py get_hf_text_config and transformers' get_text_config
  if (const json::Value* thinker = part->find("thinker_config"); thinker && thinker->object()) part = thinker;
  for (const char* key : {"text_config", "llm_config", "language_config"})
    if (const json::Value* inner = part->find(key); inner && inner->object()) return *inner;
  return *part;
}

Result<ModelSource> read_config_json(std::string_view text, std::string name, std::string place) {
  auto config = json::parse(text, place, {.bytes = 4u << 20, .python_literals = true});
  if (!config) return config.error();
  return model_source(*std::move(config), std::move(name), std::move(place));
}

Result<ModelSource> model_source(json::Value config, std::string name, std::string place) {
  if (!config.object())
    return Error{ErrorCode::kBadInput, place, "expected an object, found " + json::describe(config), ""};
  const json::Value* names = config.find("architectures");
  const std::string* first =
      names && names->array() && !names->array()->empty() ? names->array()->front().string() : nullptr;
  if (!first)
    return Error{ErrorCode::kBadInput, place + ": \"architectures\"",
                 "expected a list with the model class's name, found " +
                     (names ? json::describe(*names) : std::string("nothing")),
                 "give the config.json of a model that transformers can load"};
  std::string architecture = *first;
  std::string fingerprint = vram::fingerprint(json::write_line(config));
  return ModelSource{std::move(name), std::move(place), std::move(config), std::move(architecture),
                     std::move(fingerprint)};
}

}  // namespace vram
