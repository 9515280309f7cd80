#include "server/handlers.h"

#include "arch/quantisation.h"
#include "io/files.h"
#include "io/known_models.h"
#include "io/registry.h"
#include "io/user_profiles.h"
#include "json/fields.h"
#include "json/write.h"
#include "readers/checkpoint.h"
#include "report/formula_json.h"

namespace vram::server {
namespace {

constexpr Bytes kMostRegistry(16 * kMiB);
constexpr Bytes kMostLog(32 * kMiB);            // as much as diagnose reads
constexpr std::size_t kMostHeaders = 1u << 20;  // of a request that is planned at every keystroke

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

Result<json::Value> applied_json(const Result<io::Applied>& done) {
  if (!done) return done.error();
  json::Object answer;
  answer.set("diff", json::Value(done->diff));
  answer.set("backup", json::Value(done->backup));
  answer.set("fingerprint", json::Value(done->fingerprint));
  answer.set("written", json::Value(!done->backup.empty()));
  return json::Value(std::move(answer));
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
  return applied_json(io::apply_settings(*file, name, *settings, dry_run));
}

Result<json::Value> restored(const Call& call) {
  const json::Fields fields(call.body, "body");
  const std::string backup = fields.text_or("backup", ""), fingerprint = fields.text_or("fingerprint", "");
  const auto file = io::registry_file(call.services.registry);
  if (!file) return file.error();
  return applied_json(io::restore_backup(*file, backup, fingerprint));
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

/// hf_quant_config.json stands where a request has its place for it: in the config, which says nothing of its own then.
json::Value config_of(const ModelSource& source) {
  if (!source.quantisation || arch::quantisation_config(source) != &*source.quantisation) return source.config;
  json::Object whole = *source.config.object();
  whole.set("quantization_config", *source.quantisation);
  return json::Value(std::move(whole));
}

Result<json::Value> model_named(const std::string& typed, const io::Machine& machine) {
  const auto name = machine.admit(typed);
  if (!name) return name.error();
  const auto source = machine.read(*name, machine.reach);
  if (!source) return source.error();
  json::Object model, answer;
  model.set("config", config_of(**source));
  model.set("name", json::Value((*source)->name));
  if ((*source)->weights) model.set("weights_index", weights_member(*(*source)->weights, kMostHeaders));
  answer.set("name", json::Value((*source)->name));
  answer.set("source", json::Value((*source)->place));
  answer.set("model", json::Value(std::move(model)));
  return json::Value(std::move(answer));
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

Answer model(const Call& call) { return answer_of(model_named(*call.query.find("name"), call.machine)); }

Answer log(const Call& call) {
  const auto file = allowed_file(*call.query.find("path"), call.services.allowed, "path");
  if (!file) return error_answer(file.error());
  auto text = io::read_file(*file, kMostLog);
  if (!text) return error_answer(text.error());
  return {.type = "text/plain; charset=utf-8", .body = *std::move(text)};
}

Answer profiles(const Call&) { return json_answer(report::profiles_json(io::load_profiles(std::nullopt).profiles)); }

Answer registry_entries(const Call& call) { return answer_of(entries(call)); }

Answer registry_file(const Call& call) { return answer_of(registry_text(call)); }

Answer apply_to_registry(const Call& call) { return answer_of(applied(call)); }

Answer restore_registry(const Call& call) { return answer_of(restored(call)); }

}  // namespace vram::server
