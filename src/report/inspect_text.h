// The tensors of a rank as a table and as JSON.
#pragma once

#include <span>
#include <string>

#include "json/value.h"
#include "plan/inspect.h"

namespace vram::report {

std::string inspect_text(const plan::Exact& exact, std::size_t stage, std::span<const plan::InspectedTensor> tensors,
                         int width);
json::Value inspect_json(const plan::Exact& exact, std::size_t stage, std::span<const plan::InspectedTensor> tensors);

}  // namespace vram::report
