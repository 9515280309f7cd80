// Qwen3.5 and its successors up to Qwen3.8: Qwen3-Next's layers with the projections of the gated delta nets held
// apart, dense or with experts, mostly beside Qwen3-VL's vision tower.
#include "arch/families/qwen3_5.h"

#include "arch/layer_kinds.h"
#include "arch/vision/qwen3_vision.h"
#include "arch/vision/tower.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen3_5ForCausalLM", "Qwen3_5MoeForCausalLM",
                                               "Qwen3_5ForConditionalGeneration", "Qwen3_5MoeForConditionalGeneration",
                                               "InternS2PreviewForConditionalGeneration"};

/// source  transformers' Qwen3_5TextConfig and Qwen3_5MoeTextConfig
constexpr Decoder kDense{4096, 12288, 248320, 32, 32768, {16, 4, 256}, false};
constexpr Decoder kSparse{2048, 0, 248320, 40, 32768, {16, 2, 256}, false};
constexpr GatedDelta kAbsentDelta{16, 32, 128, 128, 4};
constexpr SharedExperts kAbsentExperts{256, 8, 512, 512};

/// The text model's hf_to_vllm_mapper: its checkpoints are those of the whole model.
constexpr NameRule kTextNames[] = {{NameRule::Where::kPrefix, "model.language_model.", "model."}};

/// source  vllm/model_executor/models/qwen3_5.py, Qwen3_5ForCausalLMBase
void describe(Builder& builder, const Naming& naming) {
  const Qwen35 text = read_qwen3_5(builder, naming.architecture);
  builder.model.language_class = naming.architecture;
  const Decoder& decoder = text.decoder;
  const std::vector<std::string> kinds = layer_kinds(builder.text(), "layer_types", decoder.layers,
                                                     every(builder.text().count_or("full_attention_interval", 4, 1),
                                                           decoder.layers, "full_attention", "linear_attention"),
                                                     {"linear_attention", "full_attention"});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.embedding_on_every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    add_qwen3_5_layer(layer, text, kinds[std::size_t(i)] == "linear_attention");
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  std::string name = source.architecture;
  if (name.starts_with("InternS2")) name = "Qwen3_5MoeForConditionalGeneration";
  constexpr std::string_view kWithTower = "ForConditionalGeneration";
  const bool text_only = !name.ends_with(kWithTower);
  ModelNames names;
  names.rules = kVisualNames;
  if (text_only) names.rules = kTextNames;
  auto builder = Builder::start(source, options, names);
  if (!builder) return builder.error();
  if (text_only) {
    describe(*builder, {name, ""});
    return builder->finish();
  }
  add_qwen3_vision(*builder, "visual", 0);
  name.replace(name.size() - kWithTower.size(), kWithTower.size(), "ForCausalLM");
  describe(*builder, {name, "language_model"});
  return builder->finish();
}

}  // namespace

Qwen35 read_qwen3_5(const Builder& builder, std::string_view architecture) {
  const json::Fields& config = builder.text();
  const bool sparse = architecture.find("Moe") != std::string_view::npos;
  Qwen35 text;
  text.decoder = read_decoder(builder, sparse ? kSparse : kDense);
  text.delta = gated_delta(config, kAbsentDelta);
  if (sparse) text.experts = shared_experts(config, kAbsentExperts);
  text.state_dtype = read_dtype(config.text_or("mamba_ssm_dtype", ""));
  text.rotary = quarter_rotary_table(builder, text.decoder, qwen3_mrope_factor(builder));
  return text;
}

void add_qwen3_5_layer(Block& layer, const Qwen35& text, bool recurrent) {
  const std::int64_t hidden = text.decoder.hidden;
  if (recurrent)
    gated_delta_net(layer, "linear_attn", hidden, text.delta, GatedDeltaLayout::kSeparate, text.state_dtype);
  else
    add_gated_attention(layer, text.decoder, text.rotary);
  if (text.experts)
    add_shared_experts(layer, *text.experts, hidden);
  else
    gated_mlp(layer, "mlp", hidden, text.decoder.intermediate);
  add_layer_norms(layer, hidden);
}

extern const Entry qwen3_5;
const Entry qwen3_5{kArchitectures, build, describe};

}  // namespace vram::arch::families
