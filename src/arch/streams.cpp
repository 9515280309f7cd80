#include "arch/streams.h"

namespace vram::arch {

void add_stream_mixing(Block& layer, std::int64_t streams, std::int64_t hidden) {
  const std::int64_t mixes = (2 + streams) * streams;
  for (const char* half : {"attn", "ffn"}) {
    const std::string name = std::string("hc_") + half;
    layer.tensor(name + "_fn", {mixes, streams * hidden}, Dtype::kFloat32);
    layer.tensor(name + "_base", {mixes}, Dtype::kFloat32);
    layer.tensor(name + "_scale", {3}, Dtype::kFloat32);
  }
}

void add_stream_head(Block& block, std::int64_t streams, std::int64_t hidden) {
  block.tensor("hc_head_fn", {streams, streams * hidden}, Dtype::kFloat32);
  block.tensor("hc_head_base", {streams}, Dtype::kFloat32);
  block.tensor("hc_head_scale", {1}, Dtype::kFloat32);
}

}  // namespace vram::arch
