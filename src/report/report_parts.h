// Members of a report that every mode has.
#pragma once

#include <vector>

#include "json/value.h"
#include "plan/report.h"

namespace vram::report {

inline json::Value bytes(Bytes amount) { return json::Value(amount.count()); }

/// Of each item what `each` makes of it.
template <class Items, class Each>
json::Value list(const Items& items, Each each) {
  json::Array array;
  array.reserve(items.size());
  for (const auto& item : items) array.push_back(each(item));
  return json::Value(std::move(array));
}

json::Value verdict_json(const plan::Verdict& verdict);
json::Value assumptions_json(const std::vector<plan::Assumption>& assumptions);

}  // namespace vram::report
