#include "arch/routed_experts.h"

namespace vram::arch {

void add_routed_experts(Block& layer, const std::string& name, std::int64_t hidden, const RoutedExperts& experts) {
  layer.replicated(name + '.' + experts.gate, hidden, {experts.count}, {.quantised = false, .dtype = experts.router});
  if (!experts.choice_bias.empty())
    layer.tensor(name + '.' + experts.choice_bias, {experts.count}, experts.choice_dtype);
  if (experts.shared_intermediate > 0)
    gated_mlp(layer, name + '.' + experts.shared, hidden, experts.shared_intermediate,
              {.bias = experts.shared_bias, .tokens = experts.tokens});
  layer.experts({.name = name + ".experts",
                 .count = experts.count,
                 .per_token = experts.per_token,
                 .hidden = hidden,
                 .intermediate = experts.intermediate});
}

}  // namespace vram::arch
