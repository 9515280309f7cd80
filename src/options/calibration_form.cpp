#include "options/calibration_form.h"

#include "json/fields.h"

namespace vram::options {
namespace {

constexpr std::string_view kSchema = "vram-estimator/calibration/1";
constexpr std::size_t kMostStartUps = 10'000;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 45;
constexpr std::int64_t kMostRanks = 1'024;

struct Quantity {
  const char* name;
  std::optional<Bytes> plan::Observation::* member;
};
constexpr Quantity kQuantities[] = {{"model_loading_bytes", &plan::Observation::model_loading},
                                    {"activation_peak_bytes", &plan::Observation::activation_peak},
                                    {"non_torch_bytes", &plan::Observation::non_torch},
                                    {"cuda_graph_bytes", &plan::Observation::cuda_graphs}};

void read_differences(const json::Fields& fields, plan::Observation& seen) {
  for (const Quantity& quantity : kQuantities) {
    const json::Value* found = fields.find(quantity.name);
    if (!found) continue;
    const std::int64_t* bytes = found->integer();
    if (bytes && *bytes >= -kMostBytes && *bytes <= kMostBytes)
      seen.*quantity.member = Bytes(*bytes);
    else
      fields.refuse(quantity.name, "expected bytes as a whole number, found " + json::describe(*found));
  }
}

Result<plan::Observation> read_observation(const json::Fields& fields) {
  plan::Observation seen;
  seen.model = fields.text_or("model", "");
  seen.ranks = fields.count_or("ranks", 1, 1);
  if (seen.ranks > kMostRanks) fields.refuse("ranks", "expected at most " + std::to_string(kMostRanks));
  const json::Fields differences = fields.inner("differences");
  read_differences(differences, seen);
  if (fields.error()) return *fields.error();
  auto engine = vllm::read_engine(fields.text_or("vllm_version", ""));
  if (!engine) return engine.error();
  seen.engine = *std::move(engine);
  return seen;
}

}  // namespace

Result<plan::Calibration> read_calibration(const json::Value& value, const std::string& place) {
  if (!value.object())
    return Error{ErrorCode::kBadInput, place, "expected an object, found " + json::describe(value), ""};
  const json::Fields fields(value, place);
  plan::Calibration calibration;
  calibration.name = fields.text_or("name", "request");
  const std::string schema = fields.text_or("schema", kSchema);
  if (fields.error()) return *fields.error();
  if (schema != kSchema)
    return Error{ErrorCode::kUnsupported, place + ": \"schema\"", '"' + schema.substr(0, 60) + "\" is not known",
                 "this program reads " + std::string(kSchema)};
  const json::Value* list = fields.find("start_ups");
  if (!list || !list->array())
    return Error{ErrorCode::kBadInput, place + ": \"start_ups\"", "expected a list", "`calibrate --export` writes one"};
  if (list->array()->size() > kMostStartUps)
    return Error{ErrorCode::kTooLarge, place + ": \"start_ups\"", "more than " + std::to_string(kMostStartUps), ""};
  for (std::size_t i = 0; i < list->array()->size(); ++i) {
    auto seen = read_observation(fields.item("start_ups", i));
    if (!seen) return seen.error();
    calibration.observations.push_back(*std::move(seen));
  }
  return calibration;
}

json::Value calibration_json(const plan::Calibration& calibration) {
  json::Array list;
  for (const plan::Observation& seen : calibration.observations) {
    json::Object differences;
    for (const Quantity& quantity : kQuantities)
      if (const auto& bytes = seen.*quantity.member) differences.set(quantity.name, json::Value(bytes->count()));
    json::Object one;
    one.set("model", json::Value(seen.model));
    one.set("vllm_version", json::Value(seen.engine.version));
    one.set("ranks", json::Value(seen.ranks));
    one.set("differences", json::Value(std::move(differences)));
    list.emplace_back(std::move(one));
  }
  json::Object object;
  object.set("schema", json::Value(kSchema));
  object.set("name", json::Value(calibration.name));
  object.set("start_ups", json::Value(std::move(list)));
  return json::Value(std::move(object));
}

}  // namespace vram::options
