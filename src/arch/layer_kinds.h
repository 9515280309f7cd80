// Which kind each layer of a mixed stack is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "json/fields.h"

namespace vram::arch {

/// The list under `name`, one kind a layer; `absent` where the config has none.
///
///   errors  kept in `config`: a list shorter than the stack, a kind that is not among `known`
std::vector<std::string> layer_kinds(const json::Fields& config, std::string_view name, std::int64_t layers,
                                     std::vector<std::string> absent, std::initializer_list<std::string_view> known);

/// `rare` in every `interval`th of `layers`, from the `interval`th on; `usual` elsewhere.
std::vector<std::string> every(std::int64_t interval, std::int64_t layers, std::string_view rare,
                               std::string_view usual);

}  // namespace vram::arch
