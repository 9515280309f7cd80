#include "options/inventory.h"

#include <algorithm>

#include "hardware/catalogue.h"
#include "json/fields.h"
#include "units/text.h"

namespace vram::options {
namespace {

constexpr std::string_view kMembers[] = {"gpu", "count", "price_per_hour", "gpus_per_node"};
constexpr std::string_view kUsual[] = {
    "L4",           "A10G",          "RTX-4090",       "RTX-5090", "L40S", "A100-SXM-80GB",
    "RTX-PRO-6000", "H100-SXM-80GB", "H200-SXM-141GB", "B200",     "B300"};
constexpr std::int64_t kMostInNode = 1024;

Result<plan::Offer> read_entry(const json::Value& entry, const std::string& place) {
  if (!entry.object())
    return Error{ErrorCode::kBadInput, place, "expected an object, found " + json::describe(entry), ""};
  const json::Fields fields(entry, place);
  for (const auto& [name, value] : entry.object()->members())
    if (std::ranges::find(kMembers, name) == std::end(kMembers))
      fields.refuse(name, "it is not known", "known are " + one_of(kMembers));
  const std::string name = fields.text_or("gpu", "");
  plan::Offer offer;
  offer.count = fields.maybe_count("count", 1);
  offer.price = fields.maybe_number("price_per_hour");
  const auto per_node = fields.maybe_count("gpus_per_node", 1);
  if (offer.price && *offer.price < 0) fields.refuse("price_per_hour", "expected 0 or more");
  if (per_node && *per_node > kMostInNode) fields.refuse("gpus_per_node", "expected at most 1024");
  if (fields.error()) return *fields.error();
  auto found = hardware::find_gpu(name, place + ": \"gpu\"");
  if (!found) return found.error();
  offer.gpu = std::move(found->gpu);
  if (per_node) offer.gpu.per_node = int(*per_node);
  return offer;
}

}  // namespace

Result<std::vector<plan::Offer>> read_inventory(const json::Value& inventory, std::string_view place) {
  const json::Array* entries = inventory.array();
  if (!entries || entries->empty())
    return Error{ErrorCode::kBadInput, std::string(place),
                 "expected a list of GPUs, found " + json::describe(inventory),
                 "write [{\"gpu\": \"H100\", \"count\": 8, \"price_per_hour\": 2.5}]"};
  std::vector<plan::Offer> offers;
  for (const json::Value& entry : *entries) {
    auto offer = read_entry(entry, std::string(place) + ": entry " + std::to_string(offers.size() + 1));
    if (!offer) return offer.error();
    offers.push_back(*std::move(offer));
  }
  return offers;
}

Result<std::vector<plan::Offer>> read_offers(std::string_view names, std::string_view place) {
  std::vector<plan::Offer> offers;
  while (!names.empty()) {
    const std::string_view name = names.substr(0, names.find(','));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    auto found = hardware::find_gpu(name, place);
    if (!found) return found.error();
    plan::Offer offer{std::move(found->gpu), std::nullopt, std::nullopt};
    if (found->count > 1) offer.count = found->count;
    offers.push_back(std::move(offer));
  }
  return offers;
}

std::vector<plan::Offer> usual_offers() {
  std::vector<plan::Offer> offers;
  for (const std::string_view name : kUsual)
    if (auto found = hardware::find_gpu(name)) offers.push_back({std::move(found->gpu), std::nullopt, std::nullopt});
  return offers;
}

std::vector<plan::Offer> offers_of(const std::vector<hardware::Gpu>& gpus) {
  std::vector<plan::Offer> offers;
  for (const hardware::Gpu& gpu : gpus) {
    const auto same = std::ranges::find_if(offers, [&](const plan::Offer& offer) {
      return offer.gpu.driver_name == gpu.driver_name && offer.gpu.total == gpu.total;
    });
    if (same == offers.end()) {
      offers.push_back({gpu, 1, std::nullopt});
      offers.back().gpu.per_node = int(gpus.size());
    } else {
      ++*same->count;
      // The one with the least free memory decides for all of its kind.
      if (gpu.free && (!same->gpu.free || *gpu.free < *same->gpu.free)) same->gpu.free = gpu.free;
    }
  }
  return offers;
}

}  // namespace vram::options
