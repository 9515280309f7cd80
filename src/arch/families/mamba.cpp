// Mamba and Falcon-Mamba: mixers without any attention. Falcon-Mamba's norms within the mixer have no weight.
#include "arch/mamba.h"

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"MambaForCausalLM", "FalconMambaForCausalLM"};

/// source  transformers' MambaConfig and FalconMambaConfig
constexpr Decoder kAbsent{768, 0, 50280, 32, 0, {}, true};

Mamba1 read_mixer(const json::Fields& config, std::int64_t hidden) {
  Mamba1 mamba;
  mamba.intermediate = config.count_or("intermediate_size", config.count_or("expand", 2, 1) * hidden, 1);
  mamba.state = config.count_or("state_size", 16, 1);
  mamba.kernel = config.count_or("conv_kernel", 4, 1);
  const json::Value* rank = config.find("time_step_rank");
  const bool given = rank && !rank->string();  // else "auto"
  mamba.time_step_rank = given ? config.count("time_step_rank") : (hidden + 15) / 16;
  mamba.conv_bias = config.flag_or("use_conv_bias", true);
  mamba.bias = config.flag_or("use_bias", false);
  return mamba;
}

/// source  vllm/model_executor/models/mamba.py, MambaForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = config.count_or("hidden_size", kAbsent.hidden, 1);
  decoder.vocabulary = config.count_or("vocab_size", kAbsent.vocabulary, 1);
  decoder.layers = config.has("num_hidden_layers") ? builder.layers() : kAbsent.layers;
  decoder.tied = config.flag_or("tie_word_embeddings", kAbsent.tied);
  decoder.heads = {};
  const Mamba1 mamba = read_mixer(config, decoder.hidden);

  const std::string model = naming.under("backbone");
  add_ends(builder, decoder, model, naming, {.embedding = "embeddings", .norm = "norm_f", .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    mamba1_mixer(layer, "mixer", decoder.hidden, mamba);
    layer.rms_norm("norm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

}  // namespace

extern const Entry mamba;
const Entry mamba{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
