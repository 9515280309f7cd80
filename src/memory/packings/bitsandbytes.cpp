#include "memory/packings/formats.h"

namespace vram::memory::packings {
namespace {

/// Bytes are counted as elements of the model's dtype over its width, so that two 4-bit values fit one byte for 16-bit
/// models only.
std::int64_t stored(std::int64_t elements, Dtype dtype) { return elements / width(dtype); }

}  // namespace

/// The scales are no parameters: they come with the checkpoint, one float32 per 64 elements.
///
/// source  vllm/model_executor/layers/quantization/bitsandbytes.py, BitsAndBytesLinearMethod
Outcome create(const BitsAndBytes& format, const LinearOnRank& linear, const Creation& creation,
               const Tensors& tensors) {
  if (format.bits == 8)
    tensors.add("weight", {linear.output(), linear.input}, Dtype::kInt8);
  else
    tensors.add("weight", {stored(linear.output() * linear.input, creation.dtype), 1}, Dtype::kUint8);
  return std::nullopt;
}

/// source  bitsandbytes.py, BitsAndBytesMoEMethod
Outcome create(const BitsAndBytes& format, const ExpertsOnRank& experts, const Creation& creation,
               const Tensors& tensors) {
  if (format.bits == 8) return refused("NotImplementedError");
  const std::int64_t size = experts.hidden * experts.intermediate;
  tensors.add("w13_weight", {experts.count, stored(2 * size, creation.dtype), 1}, Dtype::kUint8);
  tensors.add("w2_weight", {experts.count, stored(size, creation.dtype), 1}, Dtype::kUint8);
  return std::nullopt;
}

}  // namespace vram::memory::packings
