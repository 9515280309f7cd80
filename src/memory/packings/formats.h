// One pair of functions for each alternative of Packing, each pair in a file of its own. A new alternative does not
// link until it has both.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "memory/packings.h"

namespace vram::memory::packings {

/// The tensors of one module, as they are created.
class Tensors {
 public:
  Tensors(std::string_view module, const Sink& sink) : module_(module), sink_(&sink) {}
  void add(std::string_view suffix, std::initializer_list<std::int64_t> shape, Dtype dtype) const;

 private:
  std::string_view module_;
  const Sink* sink_;
};

/// What creating a layer answers: nothing, or vLLM's refusal.
using Outcome = std::optional<Error>;
Outcome refused(std::string message);

/// The biases that experts have beside their matrices.
void add_expert_biases(const ExpertsOnRank& experts, Dtype dtype, const Tensors& tensors);

/// The order of their inputs that GPTQ's experts keep.
void add_expert_order(const ExpertsOnRank& experts, const Tensors& tensors);

/// Whether Marlin runs experts in groups of `group` inputs; if not, they are stored as MoeWna16.
///
///   reordered  the checkpoint orders its inputs (desc_act)
///   source     vllm/model_executor/layers/quantization/utils/marlin_utils.py, check_moe_marlin_supports_layer
bool marlin_takes_experts(const ExpertsOnRank& experts, std::int64_t group, vllm::Date as_of, bool reordered);

/// Refuses block sizes that do not fit the rank.
///
///   source  vllm/model_executor/layers/quantization/utils/fp8_utils.py, validate_fp8_block_shape
Outcome check_block_shape(std::int64_t rows, std::int64_t columns, const LinearOnRank& linear, const Creation& creation,
                          bool own_config);
/// The same for experts.
///   source  the same file, validate_fp8_block_shape_moe
Outcome check_expert_block_shape(std::int64_t rows, std::int64_t columns, const ExpertsOnRank& experts,
                                 const Creation& creation);

/// OpenAI's Triton kernels run the experts.
bool run_by_triton(const Mxfp4& format, const Platform& platform);

#define VRAM_PACKING(Format)                                                           \
  Outcome create(const Format&, const LinearOnRank&, const Creation&, const Tensors&); \
  Outcome create(const Format&, const ExpertsOnRank&, const Creation&, const Tensors&)
VRAM_PACKING(Unquantised);
VRAM_PACKING(Fp8);
VRAM_PACKING(Int8);
VRAM_PACKING(Gptq);
VRAM_PACKING(Awq);
VRAM_PACKING(MoeWna16);
VRAM_PACKING(PackedInt);
VRAM_PACKING(Nvfp4);
VRAM_PACKING(Mxfp4);
VRAM_PACKING(Mxfp8);
VRAM_PACKING(Online);
VRAM_PACKING(BitsAndBytes);
#undef VRAM_PACKING

}  // namespace vram::memory::packings
