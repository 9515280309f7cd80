#include "server/handlers.h"

#include "io/files.h"
#include "io/known_models.h"
#include "io/registry.h"
#include "io/user_profiles.h"
#include "json/fields.h"
#include "json/write.h"
#include "report/formula_json.h"

namespace vram::server {
namespace {

constexpr Bytes kMostRegistry(16 * kMiB);

std::string search_of(const Call& call) {
  const std::string* words = call.query.find("search");
  return words ? *words : "";
}

Result<registry::Settings> settings_of(const json::Fields& given) {
  registry::Settings settings;
  settings.context = given.maybe_count("context", 1);
  settings.max_num_seqs = given.maybe_count("max_num_seqs", 1);
  const json::Value* share = given.find("gpu_memory_utilization");
  if (share) settings.gpu_memory_utilization = share->string() ? *share->string() : json::write_line(*share);
  if (const std::string dtype = given.text_or("kv_cache_dtype", ""); !dtype.empty()) settings.kv_cache_dtype = dtype;
  if (given.error()) return *given.error();
  return settings;
}

Result<json::Value> applied(const Call& call) {
  const json::Fields fields(call.body, "body");
  const std::string name = fields.text_or("name", "");
  const bool dry_run = fields.flag_or("dry_run", false);
  const auto settings = settings_of(fields.inner("settings"));
  if (!settings) return settings.error();
  if (fields.error()) return *fields.error();
  const auto file = io::registry_file(call.services.registry);
  if (!file) return file.error();
  const auto done = io::apply_settings(*file, name, *settings, dry_run);
  if (!done) return done.error();
  json::Object answer;
  answer.set("diff", json::Value(done->diff));
  answer.set("backup", json::Value(done->backup));
  answer.set("written", json::Value(!done->backup.empty()));
  return json::Value(std::move(answer));
}

Result<json::Value> registry_text(const Call& call) {
  const auto file = io::registry_file(call.services.registry);
  if (!file) return file.error();
  auto text = io::read_file(*file, kMostRegistry);
  if (!text) return text.error();
  json::Object answer;
  answer.set("place", json::Value(*file));
  answer.set("text", json::Value(*std::move(text)));
  return json::Value(std::move(answer));
}

Result<json::Value> entries(const Call& call) {
  const auto file = io::registry_file(call.services.registry);
  if (!file) return file.error();
  const auto registry = io::load_registry(*file);
  if (!registry) return registry.error();
  return io::entries_json(registry->search(search_of(call)));
}

}  // namespace

Answer health(const Call&) { return {.body = "{\"status\": \"ok\"}"}; }

Answer metrics(const Call& call) { return {.type = "text/plain; version=0.0.4", .body = call.services.metrics()}; }

Answer description(const Call& call) { return {.body = call.services.description}; }

Answer session(const Call& call) {
  json::Object session;
  session.set("write_token", json::Value(call.services.write_token));
  session.set("version", json::Value(VRAM_VERSION));
  return json_answer(json::Value(std::move(session)));
}

Answer detected(const Call& call) { return answer_of(call.services.detected()); }

Answer known_models(const Call& call) {
  json::Array names;
  for (io::KnownModel& model : io::known_models(search_of(call))) names.emplace_back(std::move(model.name));
  return json_answer(json::Value(std::move(names)));
}

Answer profiles(const Call&) { return json_answer(report::profiles_json(io::load_profiles(std::nullopt).profiles)); }

Answer registry_entries(const Call& call) { return answer_of(entries(call)); }

Answer registry_file(const Call& call) { return answer_of(registry_text(call)); }

Answer apply_to_registry(const Call& call) { return answer_of(applied(call)); }

}  // namespace vram::server
