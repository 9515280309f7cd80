#include "server/handlers.h"

#include <algorithm>

#include "io/files.h"
#include "io/questions.h"
#include "io/registry.h"
#include "io/user_profiles.h"
#include "json/fields.h"
#include "json/write.h"
#include "options/inventory.h"
#include "report/formula_json.h"
#include "report/placements_text.h"
#include "server/openapi.h"

namespace vram::server {
namespace {

constexpr Bytes kMostRegistry(16 * kMiB);

Answer answer_or_error(const Result<json::Value>& value) {
  return value ? json_answer(*value) : error_answer(value.error());
}

Result<json::Value> read_object(std::string_view body) {
  auto value = json::parse(body, "body");
  if (value && !value->object())
    return Error{ErrorCode::kBadInput, "body", "expected an object, found " + json::describe(*value), ""};
  return value;
}

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
  const auto body = read_object(call.body);
  if (!body) return body.error();
  const json::Fields fields(*body, "body");
  const std::string name = fields.text_or("name", "");
  const bool dry_run = fields.flag_or("dry_run", false);
  const auto settings = settings_of(fields.inner("settings"));
  if (!settings) return settings.error();
  if (fields.error()) return *fields.error();
  const auto file = io::registry_file(call.services.machine.registry);
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
  const auto file = io::registry_file(call.services.machine.registry);
  if (!file) return file.error();
  auto text = io::read_file(*file, kMostRegistry);
  if (!text) return text.error();
  json::Object answer;
  answer.set("place", json::Value(*file));
  answer.set("text", json::Value(*std::move(text)));
  return json::Value(std::move(answer));
}

Result<json::Value> entries(const Call& call) {
  const auto file = io::registry_file(call.services.machine.registry);
  if (!file) return file.error();
  const auto registry = io::load_registry(*file);
  if (!registry) return registry.error();
  return io::entries_json(registry->search(search_of(call)));
}

Result<std::vector<plan::Offer>> offers_of(const json::Fields& fields) {
  if (const json::Value* inventory = fields.find("inventory")) return options::read_inventory(*inventory, "inventory");
  if (const std::string names = fields.text_or("gpus", ""); !names.empty())
    return options::read_offers(names, "body: \"gpus\"");
  return options::usual_offers();
}

constexpr std::int64_t kMostGpus = 1024;

Result<plan::PlacementQuestion> placement_question(const Call& call) {
  const auto body = read_object(call.body);
  if (!body) return body.error();
  const json::Fields fields(*body, "body");
  const json::Value* request = body->find("request");
  if (!request) return Error{ErrorCode::kBadInput, "body: \"request\"", "it is missing", "give one as for estimate"};
  auto form = options::read_request(*request);
  if (!form) return form.error();
  if (!form->workload)
    return Error{ErrorCode::kBadInput, "request: \"workload\"", "it is missing",
                 "say how many requests of how many tokens"};
  auto offers = offers_of(fields);
  if (!offers) return offers.error();
  if (offers->empty()) return Error{ErrorCode::kBadInput, "body", "no GPU is offered", "name some in \"gpus\""};
  plan::PlacementQuestion question;
  question.offers = *std::move(offers);
  question.max_gpus = std::min(fields.count_or("max_gpus", question.max_gpus, 1), kMostGpus);
  question.tokens_per_second = fields.maybe_number("tokens_per_second");
  question.other_weights = !fields.flag_or("same_weights", false);
  if (fields.error()) return *fields.error();
  question.workload = *form->workload;
  // The offers' cards are looked at, not the request's.
  options::GpuForm gpu;
  gpu.name = question.offers.front().gpu.name;
  form->gpu = std::move(gpu);
  auto complete = io::complete(*form, call.services.machine);
  if (!complete) return complete.error();
  question.request = *std::move(complete);
  return question;
}

}  // namespace

Answer health(const Call&) { return {.body = "{\"status\": \"ok\"}"}; }

Answer metrics(const Call& call) { return {.type = "text/plain; version=0.0.4", .body = call.services.metrics()}; }

Answer description(const Call&) { return json_answer(openapi()); }

Answer session(const Call& call) {
  json::Object session;
  session.set("write_token", json::Value(call.services.write_token));
  session.set("version", json::Value(VRAM_VERSION));
  return json_answer(json::Value(std::move(session)));
}

Answer detected(const Call& call) { return answer_of(call.services.detected()); }

Answer known_models(const Call& call) {
  json::Object question;
  question.set("search", json::Value(search_of(call)));
  return answer_of(io::answer("models", json::write_line(json::Value(std::move(question))), call.services.machine));
}

Answer profiles(const Call&) { return json_answer(report::profiles_json(io::load_profiles(std::nullopt).profiles)); }

Answer registry_entries(const Call& call) { return answer_or_error(entries(call)); }

Answer registry_file(const Call& call) { return answer_or_error(registry_text(call)); }

Answer apply_to_registry(const Call& call) { return answer_or_error(applied(call)); }

Answer placements(const Call& call) {
  const auto question = placement_question(call);
  if (!question) return error_answer(question.error());
  const auto found = plan::placements(*question);
  return found ? json_answer(report::placements_json(*question, *found)) : error_answer(found.error());
}

std::string batch_line(std::string_view line, const Services& services) {
  return json::write_line(io::answer(line, services.machine));
}

}  // namespace vram::server
