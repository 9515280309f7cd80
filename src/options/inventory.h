// The GPUs that a placement may use: an inventory file, names, or the cards that most people can get.
#pragma once

#include <string_view>
#include <vector>

#include "json/value.h"
#include "plan/placements.h"

namespace vram::options {

/// [{"gpu": "H100", "count": 16, "price_per_hour": 2.49, "gpus_per_node": 8}, …]: all but "gpu" may be missing.
///
///   place   how errors call the file
///   errors  kBadInput with the entry and the member; kNotFound for a GPU that is unknown
Result<std::vector<plan::Offer>> read_inventory(const json::Value& inventory, std::string_view place);

/// "h100,4xl40s": any number of the first, four of the second.
///
///   errors  as hardware::find_gpu
Result<std::vector<plan::Offer>> read_offers(std::string_view names, std::string_view place);

/// One of each class of card that is sold or rented today, smallest first.
std::vector<plan::Offer> usual_offers();

/// Equal cards together, each with its number.
std::vector<plan::Offer> offers_of(const std::vector<hardware::Gpu>& gpus);

}  // namespace vram::options
