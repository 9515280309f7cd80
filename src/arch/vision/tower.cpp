#include "arch/vision/tower.h"

namespace vram::arch {

std::int64_t tower_layers(const json::Fields& config, std::string_view name, std::int64_t absent) {
  constexpr std::int64_t kMost = 1024;
  const std::int64_t layers = config.count_or(name, absent);
  if (layers <= kMost) return layers;
  config.refuse(name, std::to_string(layers) + " layers are more than any encoder has");
  return 0;
}

}  // namespace vram::arch
