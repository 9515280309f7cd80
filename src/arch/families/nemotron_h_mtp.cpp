// Draft layers of Nemotron 3: a pattern of attention and experts, projected at its start and normed at its end.
#include "arch/draft.h"
#include "arch/families/nemotron_h.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"NemotronHMTPModel"};
constexpr NemotronLayer kAbsent[] = {NemotronLayer::kAttention, NemotronLayer::kExperts};

/// source  vllm/model_executor/models/nemotron_h_mtp.py, NemotronHMTP
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Decoder decoder = read_nemotron(builder);
  auto kinds = nemotron_layers(config, "mtp_hybrid_override_pattern", "mtp_layers_block_type");
  if (kinds.empty()) kinds.assign(std::begin(kAbsent), std::end(kAbsent));
  if (config.count_or("num_nextn_predict_layers", 1) != 1)
    config.refuse("num_nextn_predict_layers", "only one draft layer is supported", "", ErrorCode::kUnsupported);

  const std::string layers = naming.under("mtp") + ".layers";
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    Block layer = builder.block(layers + '.' + std::to_string(i));
    switch (kinds[i]) {
      case NemotronLayer::kAttention:
        add_nemotron_attention(layer, decoder);
        break;
      case NemotronLayer::kExperts:
        add_nemotron_experts(layer, config, config.inner("none"), decoder.hidden);
        break;
      case NemotronLayer::kMamba:
      case NemotronLayer::kMlp:
        config.refuse("mtp_hybrid_override_pattern", "draft layers are attention (*) or experts (E) only", "",
                      ErrorCode::kUnsupported);
        break;
    }
    layer.rms_norm("norm", decoder.hidden);
    if (i == 0) {
      layer.rms_norm("enorm", decoder.hidden);
      layer.rms_norm("hnorm", decoder.hidden);
      layer.column("eh_proj", 2 * decoder.hidden, {decoder.hidden});
    }
    if (i + 1 == kinds.size()) layer.rms_norm("final_layernorm", decoder.hidden);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, decoder, layers);
}

}  // namespace

extern const Entry nemotron_h_mtp;
const Entry nemotron_h_mtp{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
