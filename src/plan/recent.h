// A few values that were derived last, each by what it was derived from.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace vram::plan {

/// Bounded: the value that was kept first makes room. Values are immutable and shared by copies.
template <class Key, class Value>
class Recent {
 public:
  explicit Recent(std::size_t most) : most_(most) {}

  /// The newest value of which `is(key, value)`; null where there is none.
  template <class Is>
  [[nodiscard]] std::shared_ptr<const Value> find(const Is& is) const {
    for (auto each = kept_.rbegin(); each != kept_.rend(); ++each)
      if (is(each->first, *each->second)) return each->second;
    return nullptr;
  }

  std::shared_ptr<const Value> keep(Key key, Value value) {
    if (kept_.size() >= most_) kept_.erase(kept_.begin());
    return kept_.emplace_back(std::move(key), std::make_shared<const Value>(std::move(value))).second;
  }

 private:
  std::size_t most_;
  std::vector<std::pair<Key, std::shared_ptr<const Value>>> kept_;
};

}  // namespace vram::plan
