#include "io/registry_questions.h"

#include "json/fields.h"
#include "registry/diff.h"
#include "registry/prefill.h"
#include "registry/registry.h"
#include "registry/settings.h"

namespace vram::io {
namespace {

using json::Value;

constexpr const char* kPlace = "question";

Value figure(const std::optional<registry::Figure>& figure) {
  if (!figure) return {};
  json::Object object;
  object.set("value", Value(figure->value));
  object.set("from", Value(figure->from));
  return Value(std::move(object));
}

template <class Texts>
Value texts(const Texts& given) {
  return Value(json::Array(given.begin(), given.end()));
}

Value entry_json(const registry::Entry& entry) {
  const registry::Prefill prefill = registry::prefill(entry);
  json::Object figures;
  figures.set("params_billion", figure(prefill.params_billion));
  figures.set("layers", figure(prefill.layers));
  figures.set("kv_heads", figure(prefill.kv_heads));
  figures.set("head_dim", figure(prefill.head_dim));
  figures.set("context_tokens", figure(prefill.context_tokens));
  figures.set("vision_gib", figure(prefill.vision_gib));
  json::Object object;
  object.set("name", Value(entry.name));
  object.set("display_name", Value(entry.display_name));
  object.set("backend", Value(entry.backend_name));
  object.set("models", texts(registry::model_candidates(entry)));
  object.set("extra_args", texts(registry::shown_arguments(entry)));
  object.set("figures", Value(std::move(figures)));
  object.set("quant", Value(prefill.quant));
  object.set("kv_dtype", Value(prefill.kv_dtype));
  object.set("missing", texts(prefill.missing()));
  return Value(std::move(object));
}

/// The text of the member `name`, or of a number there: settings are written as they were typed.
std::optional<std::string> typed(const json::Fields& fields, std::string_view name) {
  const std::string text = fields.text_or(name, "");
  return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace

Result<Value> registry_entries(const Value& asked) {
  const json::Fields fields(asked, kPlace);
  const std::string text = fields.text_or("text", ""), place = fields.text_or("place", "registry");
  if (fields.error()) return *fields.error();
  const auto registry = registry::read_registry(text, place);
  if (!registry) return registry.error();
  json::Array entries;
  for (const registry::Entry& entry : registry->entries) entries.push_back(entry_json(entry));
  json::Object object;
  object.set("entries", Value(std::move(entries)));
  return Value(std::move(object));
}

Result<Value> registry_apply(const Value& asked) {
  const json::Fields fields(asked, kPlace);
  const std::string text = fields.text_or("text", ""), place = fields.text_or("place", "registry"),
                    name = fields.text_or("name", "");
  registry::Settings settings;
  if (fields.find("settings")) {
    const json::Fields given = fields.inner("settings");
    settings.context = given.maybe_count("context", 1);
    settings.max_num_seqs = given.maybe_count("max_num_seqs", 1);
    settings.gpu_memory_utilization = typed(given, "gpu_memory_utilization");
    settings.kv_cache_dtype = typed(given, "kv_cache_dtype");
    if (given.error()) return *given.error();
  }
  if (fields.error()) return *fields.error();
  auto changed = registry::with_settings(text, place, name, settings);
  if (!changed) return changed.error();
  json::Object object;
  object.set("diff", Value(registry::unified_diff(text, *changed, place)));
  object.set("text", Value(*std::move(changed)));
  return Value(std::move(object));
}

}  // namespace vram::io
