// Draft layers of Qwen3-Next and Qwen3.5: full attention behind one projection of the token and the target's hidden
// state.
#include "arch/draft.h"
#include "arch/families/qwen3_5.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen3NextMTP", "Qwen3_5MTP", "Qwen3_5MoeMTP"};

/// ModelOpt's NVFP4 leaves the projection alone; at first that was not known.
constexpr vllm::Step<bool> kPlainWithNvfp4[] = {
    {{}, false, "vllm v0.19.0 vllm/model_executor/models/qwen3_5_mtp.py"},
    {{2026, 4, 10}, true, "~ vllm v0.20.0 vllm/model_executor/models/qwen3_5_mtp.py, fc_quant"},
};
constexpr vllm::Step<bool> kNextPlainWithNvfp4[] = {
    {{}, false, "vllm v0.24.0 vllm/model_executor/models/qwen3_next_mtp.py"},
    {{2026, 6, 29}, true, "~ vllm v0.25.1 vllm/model_executor/models/qwen3_next_mtp.py, fc_quant"},
};
static_assert(vllm::well_formed(kPlainWithNvfp4) && vllm::well_formed(kNextPlainWithNvfp4));

void add_inputs(Builder& builder, const std::string& model, std::int64_t hidden, bool next) {
  const vllm::Date day = builder.options().as_of;
  const bool plain = next ? vllm::in_force(kNextPlainWithNvfp4, day) : vllm::in_force(kPlainWithNvfp4, day);
  Block inputs = builder.block(model);
  inputs.column("fc", 2 * hidden, {hidden},
                {.quantised = !(plain && builder.quantisation().method() == "modelopt_fp4")});
  inputs.rms_norm("norm", hidden);
  inputs.rms_norm("pre_fc_norm_hidden", hidden);
  inputs.rms_norm("pre_fc_norm_embedding", hidden);
  builder.add_part("inputs", Part::Place::kEveryStage, std::move(inputs));
}

template <class Add>
void add_draft(Builder& builder, const std::string& model, const Decoder& decoder, std::int64_t layers,
               const Add& add) {
  for (std::int64_t i = 0; i < layers; ++i) {
    Block layer = builder.block(model + ".layers." + std::to_string(i));
    add(layer, i);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, decoder, model + ".layers");
}

/// source  vllm/model_executor/models/qwen3_next_mtp.py and qwen3_5_mtp.py
void describe(Builder& builder, const Naming& naming) {
  const std::string model = naming.under("mtp");
  if (naming.architecture == "Qwen3NextMTP") {
    const Qwen3Next text = read_qwen3_next(builder);
    add_inputs(builder, model, text.decoder.hidden, true);
    return add_draft(builder, model, text.decoder, draft_layers(builder.text()),
                     [&](Block& layer, std::int64_t i) { add_qwen3_next_layer(layer, text, i, false); });
  }
  const Qwen35 text = read_qwen3_5(builder, naming.architecture);
  add_inputs(builder, model, text.decoder.hidden, false);
  add_draft(builder, model, text.decoder, draft_layers(builder.text(), "mtp_num_hidden_layers"),
            [&](Block& layer, std::int64_t) { add_qwen3_5_layer(layer, text, false); });
}

}  // namespace

extern const Entry qwen3_next_mtp;
const Entry qwen3_next_mtp{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
