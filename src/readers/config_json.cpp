#include "readers/config_json.h"

#include <cstdint>

#include "json/write.h"

namespace vram {
namespace {

/// FNV-1a, 64 bits: tells configs apart, keeps no secret.
std::string fingerprint_of(const json::Value& config) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : json::write_line(config)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4) text[i] = "0123456789abcdef"[hash & 15];
  return text;
}

}  // namespace

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
  std::string fingerprint = fingerprint_of(config);
  return ModelSource{std::move(name), std::move(place), std::move(config), std::move(architecture),
                     std::move(fingerprint)};
}

}  // namespace vram
