#include "memory/packings.h"

#include "units/match.h"

namespace vram::memory {

std::optional<Error> create_packed(const Packing& packing, const LinearOnRank& linear, const Creation& creation,
                                   const Sink& sink) {
  return match(
      packing,
      [&](const Unquantised&) -> std::optional<Error> {
        sink({linear.name, "weight", {linear.output(), linear.input}, 2, creation.dtype});
        return std::nullopt;
      },
      [&](const Fp8&) -> std::optional<Error> { return Error{ErrorCode::kUnsupported, "", "fp8", ""}; });
}

std::optional<Error> create_packed_experts(const Packing& packing, const ExpertsOnRank& experts,
                                           const Creation& creation, const Sink& sink) {
  return match(
      packing,
      [&](const Unquantised&) -> std::optional<Error> {
        sink({experts.name, "w13_weight", {experts.count, experts.first_rows(), experts.hidden}, 3, creation.dtype});
        if (experts.bias) sink({experts.name, "w13_bias", {experts.count, experts.first_rows()}, 2, creation.dtype});
        sink({experts.name, "w2_weight", {experts.count, experts.hidden, experts.intermediate}, 3, creation.dtype});
        if (experts.bias) sink({experts.name, "w2_bias", {experts.count, experts.hidden}, 2, creation.dtype});
        return std::nullopt;
      },
      [&](const Fp8&) -> std::optional<Error> { return Error{ErrorCode::kUnsupported, "", "fp8", ""}; });
}

}  // namespace vram::memory
