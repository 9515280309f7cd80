#include "report/gpu_table.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "formula/profiles.h"
#include "report/table.h"
#include "units/text.h"

namespace vram::report {
namespace {

using hardware::Gpu;
using hardware::Record;

std::string gibibytes(Bytes bytes) { return fixed(gib(bytes), 2); }

std::string capability(const Gpu& gpu) {
  if (!gpu.architecture.empty()) return gpu.architecture;
  return gpu.capability == hardware::Capability{} ? "" : gpu.capability.text();
}

/// How many GPUs a usual machine has, and what they talk over.
std::string machine(const Gpu& gpu) {
  if (gpu.per_node == 1) return "1";
  return std::to_string(gpu.per_node) + ", " +
         (gpu.link == hardware::Link::kInfinityFabric ? "xgmi" : std::string(word(gpu.link)));
}

std::vector<const Record*> newest_first(std::span<const Record> records) {
  std::vector<const Record*> order;
  for (const Record& record : records) order.push_back(&record);
  std::stable_sort(order.begin(), order.end(), [](const Record* a, const Record* b) {
    if (a->gpu.vendor != b->gpu.vendor) return a->gpu.vendor < b->gpu.vendor;
    if (a->gpu.year != b->gpu.year) return a->gpu.year > b->gpu.year;
    return a->gpu.total > b->gpu.total;
  });
  return order;
}

template <class T>
json::Value or_null(const std::optional<T>& value) {
  return value ? json::Value(*value) : json::Value();
}

/// What is known of any GPU, from the catalogue or from the machine.
void describe(const Gpu& gpu, json::Object& object) {
  object.set("id", gpu.id.empty() ? json::Value() : json::Value(gpu.id));
  object.set("name", gpu.name);
  object.set("driver_name", gpu.driver_name);
  object.set("vendor", word(gpu.vendor));
  object.set("total_bytes", gpu.total.count());
  object.set("driver_total_bytes", gpu.driver_total.count());
  object.set("compute_capability", gpu.capability.text());
  object.set("architecture", gpu.architecture.empty() ? json::Value() : json::Value(gpu.architecture));
  object.set("memory", word(gpu.memory));
  object.set("bandwidth_bytes_per_second", or_null(gpu.bandwidth));
  object.set("multiprocessors", or_null(gpu.multiprocessors));
  object.set("profile", formula::profile_for(gpu.driver_name, gpu.driver_total));
}

}  // namespace

std::string gpu_catalogue_text(std::span<const Record> records, int width) {
  static constexpr Column kColumns[] = {{"GPU"},     {"GiB", true},     {"GB/s", true}, {"SMs", true},
                                        {"compute"}, {"usual machine"}, {"year", true}};
  std::vector<std::vector<std::string>> rows;
  for (const Record* record : newest_first(records)) {
    const Gpu& gpu = record->gpu;
    rows.push_back({gpu.id, (record->measured ? "" : "~ ") + gibibytes(gpu.total),
                    gpu.bandwidth ? std::to_string(*gpu.bandwidth / 1'000'000'000) : "",
                    gpu.multiprocessors ? std::to_string(*gpu.multiprocessors) : "", capability(gpu), machine(gpu),
                    gpu.year ? std::to_string(*gpu.year) : ""});
  }
  return std::to_string(records.size()) + " GPUs, with the memory that vLLM sees.\n\n" + table(kColumns, rows, width);
}

json::Value gpu_catalogue_json(std::span<const Record> records) {
  json::Array gpus;
  for (const Record* record : newest_first(records)) {
    const Gpu& gpu = record->gpu;
    json::Object object;
    describe(gpu, object);
    object.set("link", word(gpu.link));
    object.set("gpus_per_node", gpu.per_node);
    object.set("year", or_null(gpu.year));
    object.set("total_basis", record->measured ? "measured" : "estimated");
    object.set("total_spread_bytes", json::Array{record->lowest.count(), record->highest.count()});
    gpus.emplace_back(std::move(object));
  }
  json::Object answer;
  answer.set("gpus", std::move(gpus));
  return answer;
}

std::string detected_gpus_text(std::span<const Gpu> gpus, int width) {
  if (gpus.empty()) return "No GPU was found in this machine. Name one with --gpu, for example --gpu RTX-4090.\n";
  static constexpr Column kColumns[] = {{"GPU", true},       {"name"},   {"GiB", true}, {"free", true},
                                        {"vLLM sees", true}, {"compute"}};
  std::vector<std::vector<std::string>> rows;
  std::string remarks;
  for (const Gpu& gpu : gpus) {
    const std::string index = gpu.index ? std::to_string(*gpu.index) : "";
    rows.push_back({index, gpu.driver_name, gibibytes(gpu.driver_total), gpu.free ? gibibytes(*gpu.free) : "",
                    gibibytes(gpu.total), capability(gpu)});
    if (gpu.memory == hardware::MemoryKind::kUnified)
      remarks += "  GPU " + index + " shares the host's memory: free is what the host has available.\n";
  }
  const std::string count = gpus.size() == 1 ? "1 GPU" : std::to_string(gpus.size()) + " GPUs";
  return count + " in this machine, " + gibibytes(hardware::usable_vram(gpus)) +
         " GiB with 2 GiB a GPU kept free.\n\n" + table(kColumns, rows, width) +
         (remarks.empty() ? "" : "\n" + remarks);
}

json::Value detected_gpus_json(std::span<const Gpu> gpus, std::span<const std::string> warnings) {
  json::Array list;
  for (const Gpu& gpu : gpus) {
    json::Object object;
    object.set("index", gpu.index ? json::Value(*gpu.index) : json::Value());
    object.set("uuid", gpu.uuid.empty() ? json::Value() : json::Value(gpu.uuid));
    describe(gpu, object);
    object.set("free_bytes", gpu.free ? json::Value(gpu.free->count()) : json::Value());
    object.set("mig", gpu.mig);
    list.emplace_back(std::move(object));
  }
  json::Array said;
  for (const std::string& warning : warnings) said.emplace_back(warning);
  json::Object answer;
  answer.set("gpus", std::move(list));
  answer.set("usable_bytes", hardware::usable_vram(gpus).count());
  answer.set("warnings", std::move(said));
  return answer;
}

}  // namespace vram::report
