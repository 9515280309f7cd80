#include "memory/offload.h"

namespace vram::memory {

Result<Bytes> offloaded(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                        Bytes most) {
  Bytes gone;
  const Creation creation{parallel, platform, model.dtype};
  const Sink sink = [&](const Parameter& parameter) {
    if (gone < most && !parameter.buffer && !parameter.view) gone += parameter.bytes();
  };
  for (std::int64_t i = stage.begin; i < stage.end && gone < most; ++i)
    for (const Module& module : model.kinds[std::size_t(model.layers[std::size_t(i)])].modules)
      if (auto error = create(module, creation, sink)) return *error;
  return gone;
}

}  // namespace vram::memory
