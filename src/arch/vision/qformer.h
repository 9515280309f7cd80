#pragma once

#include <string>

#include "arch/vision/tower.h"

namespace vram::arch {

/// Blip2QFormerModel as `prefix`: a few learnt queries that look at an encoder's output. Its layers are torch's own,
/// whole on every rank and not quantised.
///
///   encoder  width of the output that it looks at
///   returns  its own width
///   source   vllm/model_executor/models/blip2.py; transformers' Blip2QFormerConfig
std::int64_t add_qformer(Builder& builder, const Tower& tower, const std::string& prefix, const json::Fields& config,
                         std::int64_t encoder);

}  // namespace vram::arch
