// Kinds are alternatives of a std::variant; a `match` that misses one does not compile.
#pragma once

#include <utility>
#include <variant>

namespace vram {

template <class... Case>
struct Cases : Case... {
  using Case::operator()...;
};
template <class... Case>
Cases(Case...) -> Cases<Case...>;

template <class Variant, class... Case>
constexpr decltype(auto) match(Variant&& value, Case&&... cases) {
  return std::visit(Cases{std::forward<Case>(cases)...}, std::forward<Variant>(value));
}

}  // namespace vram
