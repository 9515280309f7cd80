#include "memory/packings.h"

#include "memory/packings/formats.h"
#include "units/match.h"

namespace vram::memory {

std::optional<Error> create_packed(const Packing& packing, const LinearOnRank& linear, const Creation& creation,
                                   const Sink& sink) {
  return match(packing,
               [&](const auto& format) { return packings::create(format, linear, creation, {linear.name, sink}); });
}

std::optional<Error> create_packed_experts(const Packing& packing, const ExpertsOnRank& experts,
                                           const Creation& creation, const Sink& sink) {
  return match(packing,
               [&](const auto& format) { return packings::create(format, experts, creation, {experts.name, sink}); });
}

}  // namespace vram::memory
