// Towers: encoders of images, video or sound beside a language model.
#pragma once

#include <string>
#include <utility>

#include "arch/builder.h"

namespace vram::arch {

/// Layers `prefix`.0 to `prefix`.(count - 1), filled by `fill(block, i)`; equal neighbours are stored once.
template <class Fill>
void add_tower_layers(Builder& builder, const std::string& prefix, std::int64_t count, Part::Role role,
                      const Fill& fill) {
  for (std::int64_t i = 0; i < count; ++i) {
    Block layer = builder.block(prefix + '.' + std::to_string(i));
    fill(layer, i);
    if (i > 0 && builder.model.parts.back().modules == layer.modules)
      ++builder.model.parts.back().repeat;
    else
      builder.add_part(prefix, Part::Place::kEveryStage, std::move(layer), role);
  }
}

/// Figures of an encoder's config.
std::int64_t tower_layers(const json::Fields& config, std::string_view name, std::int64_t absent);

}  // namespace vram::arch
