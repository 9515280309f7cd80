#include "arch/vision/tower.h"

namespace vram::arch {

void add_tower_part(Builder& builder, const Tower& tower, Block block, std::int64_t repeat) {
  const std::string name = tower.role == Part::Role::kAudio ? "audio" : "vision";
  builder.add_part(name, Part::Place::kEveryStage, std::move(block), tower.role, repeat);
  Part& part = builder.model.parts.back();
  part.whole_with_data = tower.whole_with_data;
  part.whole_unless = tower.whole_unless;
}

std::int64_t tower_layers(const json::Fields& config, std::string_view name, std::int64_t absent) {
  constexpr std::int64_t kMost = 1024;
  const std::int64_t layers = config.count_or(name, absent);
  if (layers <= kMost) return layers;
  config.refuse(name, std::to_string(layers) + " layers are more than any encoder has");
  return 0;
}

void convolution(Block& block, const std::string& name, std::vector<std::int64_t> shape, bool bias) {
  const std::int64_t outputs = shape.front();
  block.tensor(name + ".weight", std::move(shape));
  if (bias) block.tensor(name + ".bias", {outputs});
}

}  // namespace vram::arch
