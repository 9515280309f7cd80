#pragma once

#include "arch/vision/tower.h"

namespace vram::arch {

/// MoonViT of Kimi-VL as "vision_tower", and its projector as "multi_modal_projector". Nothing of it is quantised.
///
///   source  vllm/model_executor/models/moonvit.py and kimi_vl.py; vllm/transformers_utils/configs/moonvit.py
void add_moonvit(Builder& builder, const json::Fields& vision, std::int64_t out);

/// What sets Kimi-K3's tower apart from Kimi-K2.5's.
struct Moonvit3d {
  Part::Role role = Part::Role::kChunks;  // K3 takes images alone
  bool times = true;                      // K3's table of times is on the host until the tower is loaded
};

/// MoonViT of Kimi-K2.5 and Kimi-K3 as "vision_tower", and its projector into a language model of width `out` as
/// "mm_projector".
///
///   source  vllm/model_executor/models/kimi_k25_vit.py; transformers' Kimi_K25VisionConfig
void add_moonvit_3d(Builder& builder, const json::Fields& vision, std::int64_t out, const Moonvit3d& kind = {});

}  // namespace vram::arch
