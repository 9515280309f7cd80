#include "io/registry.h"
#include "json/fields.h"
#include "json/write.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

vram::registry::Settings settings_of(const json::Fields& given) {
  vram::registry::Settings settings;
  settings.context = given.maybe_count("context_tokens", 1);
  settings.max_num_seqs = given.maybe_count("max_num_seqs", 1);
  if (const auto share = given.maybe_number("gpu_memory_utilization")) {
    if (*share <= 0 || *share > 1) given.refuse("gpu_memory_utilization", "expected a share over 0 and up to 1");
    settings.gpu_memory_utilization = json::write_line(json::Value(*share));
  }
  if (const std::string dtype = given.text_or("kv_cache_dtype", ""); !dtype.empty()) settings.kv_cache_dtype = dtype;
  return settings;
}

Result<json::Value> applied(const Call& call) {
  const auto body = read_object(call.body);
  if (!body) return body.error();
  const json::Fields fields(*body, "body");
  const std::string name = fields.text_or("name", "");
  const vram::registry::Settings settings = settings_of(fields.inner("settings"));
  const bool dry_run = fields.flag_or("dry_run", false);
  if (fields.error()) return *fields.error();
  const auto file = io::registry_file(call.services.machine.registry);
  if (!file) return file.error();
  const auto done = io::apply_settings(*file, name, settings, dry_run);
  if (!done) return done.error();
  json::Object answer;
  answer.set("diff", json::Value(done->diff));
  answer.set("written", json::Value(!dry_run && !done->diff.empty()));
  return json::Value(std::move(answer));
}

Answer run(const Call& call) {
  const auto value = applied(call);
  return value ? json_answer(*value) : error_answer(value.error());
}

}  // namespace

extern const Route registry_apply;
const Route registry_apply{
    .method = "POST",
    .path = "/v1/registry/apply",
    .summary = "Writes settings back into a registry entry, or shows with \"dry_run\" what would change",
    .work = Route::Work::kLong,
    .writes = true,
    .request = "apply",
    .run = run,
};

}  // namespace vram::server::routes
