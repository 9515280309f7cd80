#include "arch/layer_kinds.h"

#include <algorithm>

namespace vram::arch {

std::vector<std::string> layer_kinds(const json::Fields& config, std::string_view name, std::int64_t layers,
                                     std::vector<std::string> absent, std::initializer_list<std::string_view> known) {
  std::vector<std::string> kinds = config.has(name) ? config.texts(name) : std::move(absent);
  if (std::int64_t(kinds.size()) < layers)
    config.refuse(name, "names " + std::to_string(kinds.size()) + " layers of " + std::to_string(layers));
  kinds.resize(std::size_t(layers), std::string(*known.begin()));
  for (const std::string& kind : kinds)
    if (std::find(known.begin(), known.end(), kind) == known.end())
      config.refuse(name, "has a layer of the kind \"" + kind + "\", which the model class does not know");
  return kinds;
}

std::vector<std::string> every(std::int64_t interval, std::int64_t layers, std::string_view rare,
                               std::string_view usual) {
  std::vector<std::string> kinds;
  for (std::int64_t i = 0; i < layers; ++i) kinds.emplace_back((i + 1) % interval == 0 ? rare : usual);
  return kinds;
}

}  // namespace vram::arch
