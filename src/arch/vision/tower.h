// Towers: encoders of images, video or sound beside a language model.
#pragma once

#include <string>
#include <utility>

#include "arch/builder.h"

namespace vram::arch {

/// How vLLM's arguments act on a tower.
struct Tower {
  Part::Role role = Part::Role::kVision;
  bool whole_with_data = false;   // as Part's
  std::int64_t whole_unless = 0;  // as Part's
  bool skipped_early = false;     // the model class looked at the limits before vLLM did for all of them
};

/// How checkpoints of transformers 4.52 and later name the parts of a model with a "vision_tower".
/// source  vllm/model_executor/models/llava.py, hf_to_vllm_mapper
inline constexpr NameRule kVisionTowerNames[] = {
    {NameRule::Where::kPrefix, "model.language_model.", "language_model.model."},
    {NameRule::Where::kPrefix, "model.vision_tower.", "vision_tower."},
    {NameRule::Where::kPrefix, "model.multi_modal_projector.", "multi_modal_projector."},
    {NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."}};

/// The same for models with a "visual".
/// source  vllm/model_executor/models/qwen3_vl.py, hf_to_vllm_mapper
inline constexpr NameRule kVisualNames[] = {
    {NameRule::Where::kPrefix, "model.visual.", "visual."},
    {NameRule::Where::kPrefix, "lm_head.", "language_model.lm_head."},
    {NameRule::Where::kPrefix, "model.language_model.", "language_model.model."}};

/// A block of a tower on every stage, `repeat` times.
void add_tower_part(Builder& builder, const Tower& tower, Block block, std::int64_t repeat = 1);

/// Layers `prefix`.0 to `prefix`.(count - 1), filled by `fill(block, i)`; equal neighbours are stored once.
template <class Fill>
void add_tower_layers(Builder& builder, const Tower& tower, const std::string& prefix, std::int64_t count,
                      const Fill& fill) {
  for (std::int64_t i = 0; i < count; ++i) {
    Block layer = builder.block(prefix + '.' + std::to_string(i));
    fill(layer, i);
    if (i > 0 && builder.model.parts.back().modules == layer.modules)
      ++builder.model.parts.back().repeat;
    else
      add_tower_part(builder, tower, std::move(layer));
  }
}

/// Figures of an encoder's config.
std::int64_t tower_layers(const json::Fields& config, std::string_view name, std::int64_t absent);

/// The class of the language model in a "text_config": its "architectures", else what transformers has for its
/// "model_type".
std::string language_architecture(const Builder& builder);

/// A convolution without groups: `shape` is [outputs, inputs, kernel...].
void convolution(Block& block, const std::string& name, std::vector<std::int64_t> shape, bool bias = true);

}  // namespace vram::arch
