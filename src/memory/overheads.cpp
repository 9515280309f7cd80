#include "memory/overheads.h"

#include <algorithm>
#include <cassert>
#include <span>
#include <string>

#include "json/fields.h"
#include "memory/embedded.h"
#include "units/text.h"

namespace vram::memory {
namespace {

constexpr std::pair<std::string_view, GpuClass> kClasses[] = {
    {"ampere", GpuClass::kAmpere}, {"hopper", GpuClass::kHopper}, {"blackwell", GpuClass::kBlackwell},
    {"small", GpuClass::kSmall},   {"card", GpuClass::kCard},     {"unified", GpuClass::kUnified},
    {"amd", GpuClass::kAmd},       {"other", GpuClass::kOther}};

constexpr std::string_view kKeys[] = {"gpus",      "ranks",    "staged",    "dealt",      "mixture",
                                      "runner_v2", "from",     "until",     "gib",        "kib_per_graph_layer",
                                      "low_gib",   "high_gib", "low_share", "high_share", "startups",
                                      "setups",    "families", "source"};

Bytes scaled(double amount, std::int64_t unit) { return Bytes(std::int64_t(amount * double(unit))); }

double number(const json::Fields& fields, std::string_view name, double fallback = 0) {
  return fields.maybe_number(name).value_or(fallback);
}

vllm::Date day(const json::Fields& fields, std::string_view name, vllm::Date fallback) {
  const std::string text = fields.text_or(name, "");
  if (text.empty()) return fallback;
  const auto part = [&](std::size_t at, std::size_t size) {
    return int(read_integer(std::string_view(text).substr(std::min(at, text.size()), size)).value_or(0));
  };
  const vllm::Date date{part(0, 4), part(5, 2), part(8, 2)};
  if (text.size() != 10 || date.text() != text) fields.refuse(name, "expected a day such as \"2026-03-07\"");
  return date;
}

std::optional<bool> maybe_flag(const json::Fields& fields, std::string_view name) {
  if (!fields.has(name)) return std::nullopt;
  return fields.flag_or(name, false);
}

Stratum read_stratum(const json::Fields& fields) {
  Stratum where;
  for (const auto& [key, value] : fields.value().object()->members())
    if (std::ranges::find(kKeys, key) == std::end(kKeys)) fields.refuse(key, "no such key");
  for (const std::string& name : fields.texts("gpus")) {
    const auto found = std::ranges::find(kClasses, name, &std::pair<std::string_view, GpuClass>::first);
    if (found == std::end(kClasses)) fields.refuse("gpus", "no such class: \"" + name + '"');
    if (found != std::end(kClasses)) where.gpus.push_back(found->second);
  }
  const std::vector<std::int64_t> ranks = fields.counts("ranks");
  if (!ranks.empty() && ranks.size() != 2) fields.refuse("ranks", "expected two numbers, the least and the most");
  if (ranks.size() == 2) where.least_ranks = ranks[0], where.most_ranks = ranks[1];
  where.staged = maybe_flag(fields, "staged");
  where.dealt = maybe_flag(fields, "dealt");
  where.mixture = maybe_flag(fields, "mixture");
  where.runner_v2 = maybe_flag(fields, "runner_v2");
  where.from = day(fields, "from", where.from);
  where.until = day(fields, "until", where.until);
  return where;
}

/// Calls `each` with the fields of every object in list `name`.
template <class Each>
void for_items(const json::Fields& fields, std::string_view name, const Each& each) {
  const json::Value* list = fields.find(name);
  if (!list) return;
  if (!list->array()) return fields.refuse(name, "expected a list, found " + json::describe(*list));
  for (std::size_t i = 0; i < list->array()->size(); ++i) {
    if (!(*list->array())[i].object()) return fields.refuse(name, "expected objects in the list");
    each(fields.item(name, i));
  }
}

Overhead read_overhead(const json::Fields& files, std::string_view name) {
  Overhead overhead;
  if (!files.has(name)) files.refuse(name, "it is missing");
  const json::Fields file = files.inner(name);
  for_items(file, "records", [&](const json::Fields& item) {
    overhead.records.push_back(
        {read_stratum(item), scaled(number(item, "gib"), kGiB), scaled(number(item, "kib_per_graph_layer"), 1024)});
  });
  for_items(file, "intervals", [&](const json::Fields& item) {
    overhead.intervals.push_back({read_stratum(item), scaled(number(item, "low_gib"), kGiB),
                                  scaled(number(item, "high_gib"), kGiB), number(item, "low_share"),
                                  number(item, "high_share"), item.count_or("startups", 0),
                                  item.count_or("families", 0)});
  });
  return overhead;
}

ActivationConstants read_activations(const json::Fields& file) {
  const json::Fields constants = file.inner("constants");
  const auto value = [&](std::string_view name) {
    const auto found = constants.inner(name).maybe_number("value");
    if (!found) constants.refuse(name, "expected an object with a number \"value\"");
    return found.value_or(0);
  };
  ActivationConstants activations;
  activations.hidden_rows = value("hidden_rows");
  activations.hidden_rows_first_stage = value("hidden_rows_first_stage");
  activations.hidden_rows_streams = value("hidden_rows_streams");
  activations.encoder_rows = value("encoder_rows");
  activations.encoder_base = scaled(value("encoder_base_gib"), kGiB);
  activations.small_tensors = scaled(value("small_tensors_gib"), kGiB);
  return activations;
}

template <class Item>
const Item* first_that_holds(const std::vector<Item>& items, const Situation& situation) {
  const auto found = std::ranges::find_if(items, [&](const Item& item) { return item.where.holds(situation); });
  return found == items.end() ? nullptr : &*found;
}

json::Value embedded_files() {
  json::Object files;
  for (const auto& [id, text] : embedded_overheads()) {
    auto file = json::parse(text, "data/overheads/" + std::string(id) + ".json");
    assert(file && "a test reads every file of data/overheads");
    if (file) files.set(std::string(id), *std::move(file));
  }
  return json::Value(std::move(files));
}

}  // namespace

std::string_view word(GpuClass gpus) {
  return std::ranges::find(kClasses, gpus, &std::pair<std::string_view, GpuClass>::second)->first;
}

GpuClass class_of(const hardware::Gpu& gpu) {
  if (gpu.vendor == hardware::Vendor::kAmd && gpu.memory != hardware::MemoryKind::kUnified) return GpuClass::kAmd;
  if (gpu.memory == hardware::MemoryKind::kUnified) return GpuClass::kUnified;
  if (gpu.vendor != hardware::Vendor::kNvidia) return GpuClass::kOther;
  if (gpu.total < kSmallCard) return GpuClass::kSmall;
  if (gpu.capability == hardware::Capability{8, 0}) return GpuClass::kAmpere;
  if (gpu.capability == hardware::Capability{9, 0}) return GpuClass::kHopper;
  return gpu.capability.major == 10 ? GpuClass::kBlackwell : GpuClass::kCard;
}

bool Stratum::holds(const Situation& situation) const {
  const auto agrees = [](const std::optional<bool>& wanted, bool is) { return !wanted || *wanted == is; };
  const bool named = gpus.empty() || std::ranges::find(gpus, situation.gpus) != gpus.end();
  return named && least_ranks <= situation.ranks && situation.ranks <= most_ranks &&
         agrees(staged, situation.stages > 1) && agrees(dealt, situation.dealt) && agrees(mixture, situation.mixture) &&
         agrees(runner_v2, situation.runner_v2) && from <= situation.day && situation.day < until;
}

const OverheadInterval* Overhead::interval(const Situation& situation) const {
  return first_that_holds(intervals, situation);
}

Estimate Overhead::around(Bytes bytes, const Situation& situation) const {
  const OverheadInterval* spread = interval(situation);
  if (!spread) return {bytes, bytes, bytes};
  const auto share = [&](double of) { return Bytes(std::int64_t(double(bytes.count()) * of)); };
  return {bytes, bytes + spread->low + share(spread->low_share), bytes + spread->high + share(spread->high_share)};
}

Estimate Overhead::estimate(const Situation& situation, Bytes beside) const {
  const OverheadRecord* record = first_that_holds(records, situation);
  if (!record) return {};
  const Bytes captured = record->per_graph_layer * (situation.graphs * situation.layers);
  return around(beside + record->bytes + captured, situation);
}

Result<Overheads> read_overheads(const json::Value& files) {
  if (!files.object())
    return Error{ErrorCode::kBadInput, "overheads", "expected an object, found " + json::describe(files), ""};
  const json::Fields fields(files, "overheads");
  Overheads overheads;
  overheads.model_loading = read_overhead(fields, "model_loading");
  overheads.activation_peak = read_overhead(fields, "activation_peak");
  overheads.non_torch = read_overhead(fields, "non_torch");
  overheads.context = read_overhead(fields, "context");
  overheads.cuda_graphs = read_overhead(fields, "cuda_graphs");
  overheads.graph_estimate = read_overhead(fields, "graph_estimate");
  overheads.available_kv = read_overhead(fields, "available_kv");
  overheads.activations = read_activations(fields.inner("activation_peak"));
  if (fields.error()) return *fields.error();
  return overheads;
}

const Overheads& built_in_overheads() {
  static const Overheads kBuiltIn = *read_overheads(embedded_files());
  return kBuiltIn;
}

}  // namespace vram::memory
