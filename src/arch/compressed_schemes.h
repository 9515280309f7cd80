// compressed-tensors' "config_groups": what a group says of weights and activations, and the format that vLLM makes of
// it.
#pragma once

#include <optional>
#include <string>

#include "arch/build_options.h"
#include "json/fields.h"
#include "model/packing.h"
#include "units/result.h"

namespace vram::arch {

/// compressed_tensors' QuantizationArgs.
struct QuantArgs {
  std::int64_t bits = 8;
  std::string type = "int";
  std::string strategy;  // tensor, channel, group, block, token, tensor_group
  bool symmetric = true;
  std::int64_t group = -1;  // -1: none
  bool dynamic = false;
  std::string order;  // actorder
  std::vector<std::int64_t> block;
  std::string scale_dtype;
  friend bool operator==(const QuantArgs&, const QuantArgs&) = default;

  /// Nothing when the object is absent.
  static std::optional<QuantArgs> read(const json::Fields& group, std::string_view name);
};

struct QuantScheme {
  QuantArgs weights;
  std::optional<QuantArgs> inputs, outputs;
  std::string format;
  friend bool operator==(const QuantScheme&, const QuantScheme&) = default;
};

/// errors  kRefused for a combination that no scheme of vLLM takes
/// source  vllm/model_executor/layers/quantization/compressed_tensors/compressed_tensors.py, _get_scheme_from_parts
Result<Packing> linear_format(const QuantScheme& scheme, const std::string& layer, const BuildOptions& options);
/// source  compressed_tensors_moe/compressed_tensors_moe.py, get_moe_method
Result<Packing> expert_format(const QuantScheme& scheme, const BuildOptions& options);

}  // namespace vram::arch
