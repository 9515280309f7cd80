// The quantization methods vLLM knows by name, and what each asks of the GPU and the dtype.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "vllm/seen.h"

namespace vram::vllm {

struct QuantizationMethod {
  std::string_view name;
  Seen seen;
  int capability;           // least: 80 for 8.0; 0 where any will do
  std::string_view dtypes;  // activations it takes, in vLLM's order
  bool deprecated = false;  // refused without --allow-deprecated-quantization
};

/// Nothing where the release of `day` does not know it.
const QuantizationMethod* quantization_method(std::string_view name, Date day);

/// "['awq', 'fp8', …]": all that the release of `day` knows, in its order.
std::string quantization_methods(Date day);

}  // namespace vram::vllm
