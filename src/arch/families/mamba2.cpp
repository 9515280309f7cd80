// Mamba 2 (Codestral Mamba): mixers without any attention.
#include "arch/decoder.h"
#include "arch/mamba.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Mamba2ForCausalLM"};

/// source  transformers' Mamba2Config
constexpr Decoder kAbsent{4096, 0, 32768, 64, 0, {}, false};

/// source  vllm/model_executor/models/mamba2.py, Mamba2ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = config.count_or("hidden_size", kAbsent.hidden, 1);
  decoder.vocabulary = config.count_or("vocab_size", kAbsent.vocabulary, 1);
  decoder.layers = config.has("num_hidden_layers") ? builder.layers() : kAbsent.layers;
  decoder.tied = config.flag_or("tie_word_embeddings", kAbsent.tied);
  decoder.heads = {};
  Mamba2 mixer;
  mixer.intermediate = config.count_or("intermediate_size", config.count_or("expand", 2, 1) * decoder.hidden, 1);
  mixer.groups = config.count_or("n_groups", 8, 1);
  mixer.heads = config.count_or("num_heads", 128, 1);
  mixer.head_width = config.count_or("head_dim", 64, 1);
  mixer.state = config.count_or("state_size", 128, 1);
  mixer.kernel = config.count_or("conv_kernel", 4, 1);
  mixer.conv_bias = config.flag_or("use_conv_bias", true);
  mixer.bias = config.flag_or("use_bias", false);
  mixer.chunk = mamba_chunk(config, 256);

  const std::string model = naming.under("backbone");
  add_ends(builder, decoder, model, naming, {.embedding = "embeddings", .norm = "norm_f", .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t) {
    mamba2_mixer(layer, "mixer", decoder.hidden, mixer);
    layer.rms_norm("norm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
  builder.model.pipeline_parallel = false;
}

}  // namespace

extern const Entry mamba2;
const Entry mamba2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
