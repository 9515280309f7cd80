// "Model loading took": what torch holds once the weights are there.
#pragma once

#include "memory/weights.h"

namespace vram::memory {

/// The tensors of one stage through the caching allocator, in order of creation.
///
///   weights  what `weigh` answered for the same stage; the draft's included
Result<Bytes> model_loading(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                            const Towers& towers);

/// Where the weights of a stage are: bytes by what they do.
struct Breakdown {
  Bytes embedding, attention, mlp, experts, recurrent, head, vision, audio, rest;
};
Result<Breakdown> weights_by_role(const Model& model, const Parallel& parallel, const Stage& stage,
                                  const Platform& platform, const Towers& towers);

}  // namespace vram::memory
