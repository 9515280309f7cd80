// Draft layers that DeepSeek-V3 to V3.2, GLM-5 and GLM-4.5 to 4.7 carry after their last layer: a decoder layer of the
// target behind a projection of the token and the target's hidden state.
#include "arch/draft.h"
#include "arch/families/deepseek_v2.h"
#include "arch/families/glm4_moe.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DeepSeekMTPModel", "DeepseekV32MTPModel", "Glm4MoeMTPModel",
                                               "Glm4MoeLiteMTPModel"};

template <class Stack, class Add>
void add_draft(Builder& builder, const std::string& layers, const Stack& stack, const Add& add) {
  const std::int64_t first = stack.decoder.layers;
  for (std::int64_t i = first; i < first + draft_layers(builder.text()); ++i) {
    Block layer = builder.block(layers + '.' + std::to_string(i));
    add_mtp_inputs(layer, stack.decoder.hidden);
    add(layer, stack, i);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, stack.decoder, layers);
}

/// source  vllm/model_executor/models/deepseek_mtp.py, glm4_moe_mtp.py, glm4_moe_lite_mtp.py;
///         vllm/models/deepseek_v32/nvidia/mtp.py
void describe(Builder& builder, const Naming& naming) {
  const std::string layers = naming.under("model") + ".layers";
  if (naming.architecture == "Glm4MoeMTPModel") return add_draft(builder, layers, read_glm4(builder), add_glm4_layer);
  builder.model.latent_attention = true;
  if (naming.architecture == "Glm4MoeLiteMTPModel") {
    Glm4LiteStack stack = read_glm4_lite(builder);
    stack.decoder.heads.width = stack.widths.kv_rank + stack.widths.rope;
    return add_draft(builder, layers, stack, add_glm4_lite_layer);
  }
  DeepseekStack stack = read_deepseek(builder);
  stack.decoder.heads.width = stack.widths.kv_rank + stack.widths.rope;
  add_draft(builder, layers, stack, add_deepseek_layer);
}

}  // namespace

extern const Entry mtp;
const Entry mtp{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
