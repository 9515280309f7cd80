#include "json/fields.h"
#include "options/inventory.h"
#include "report/placements_text.h"
#include "server/route.h"

namespace vram::server::routes {
namespace {

Result<std::vector<vram::plan::Offer>> offers_of(const json::Fields& fields) {
  if (const json::Value* inventory = fields.find("inventory")) return options::read_inventory(*inventory, "inventory");
  if (const std::string names = fields.text_or("gpus", ""); !names.empty())
    return options::read_offers(names, "body: \"gpus\"");
  return options::usual_offers();
}

Result<vram::plan::PlacementQuestion> question_of(const Call& call) {
  const auto body = read_object(call.body);
  if (!body) return body.error();
  const json::Fields fields(*body, "body");
  const json::Value* request = body->find("request");
  if (!request) return Error{ErrorCode::kBadInput, "body: \"request\"", "it is missing", "a request as for estimate"};
  auto read = options::read_request(*request);
  if (!read) return read.error();
  auto form = admitted(*std::move(read), call.services);
  if (!form) return form.error();
  auto offers = offers_of(fields);
  if (!offers) return offers.error();
  vram::plan::PlacementQuestion question;
  question.offers = *std::move(offers);
  question.max_gpus = fields.count_or("max_gpus", question.max_gpus, 1);
  question.tokens_per_second = fields.maybe_number("tokens_per_second");
  question.other_weights = !fields.flag_or("same_weights", false);
  if (fields.error()) return *fields.error();
  if (!form->workload)
    return Error{ErrorCode::kBadInput, "request: \"workload\"", "it is missing",
                 "say how many requests of how many tokens"};
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

Answer run(const Call& call) {
  const auto question = question_of(call);
  if (!question) return error_answer(question.error());
  const auto found = vram::plan::placements(*question);
  return found ? json_answer(report::placements_json(*question, *found)) : error_answer(found.error());
}

}  // namespace

extern const Route plan;
const Route plan{
    .method = "POST",
    .path = "/v1/plan",
    .summary = "The fewest and the cheapest GPUs that serve a workload",
    .work = Route::Work::kLong,
    .request = "plan",
    .run = run,
};

}  // namespace vram::server::routes
