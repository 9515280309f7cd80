#include "memory/packings/formats.h"

namespace vram::memory::packings {

void Tensors::add(std::string_view suffix, std::initializer_list<std::int64_t> shape, Dtype dtype) const {
  Parameter parameter{module_, suffix, {}, int(shape.size()), dtype, false};
  std::size_t i = 0;
  for (const std::int64_t size : shape) parameter.shape[i++] = size;
  (*sink_)(parameter);
}

Outcome refused(std::string message) { return Error{ErrorCode::kRefused, "", std::move(message), ""}; }

void add_expert_biases(const ExpertsOnRank& experts, Dtype dtype, const Tensors& tensors) {
  tensors.add("w13_bias", {experts.count, experts.first_rows()}, dtype);
  tensors.add("w2_bias", {experts.count, experts.hidden}, dtype);
}

}  // namespace vram::memory::packings
