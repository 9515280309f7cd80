// Jamba: Mamba with a layer of attention in every eighth place and experts in every second.
#include "arch/decoder.h"
#include "arch/mamba.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"JambaForCausalLM", "JambaForSequenceClassification"};

/// source  transformers' JambaConfig
constexpr Decoder kAbsent{4096, 14336, 65536, 32, 262144, {32, 8, 0}, false};

constexpr NameRule kNames[] = {{NameRule::Where::kSubstring, ".self_attn.", "."}};

/// Layers `offset`, `offset` + `period`, ….
struct Every {
  std::int64_t period = 1, offset = 0;
  [[nodiscard]] bool takes(std::int64_t layer) const { return layer % period == offset; }
};

Mamba1 read_mamba(const json::Fields& config, std::int64_t hidden) {
  Mamba1 mamba;
  mamba.intermediate = config.count_or("mamba_expand", 2, 1) * hidden;
  mamba.state = config.count_or("mamba_d_state", 16, 1);
  mamba.kernel = config.count_or("mamba_d_conv", 4, 1);
  const json::Value* rank = config.find("mamba_dt_rank");
  const bool given = rank && !rank->string();  // else "auto"
  mamba.time_step_rank = given ? config.count("mamba_dt_rank") : (hidden + 15) / 16;
  mamba.conv_bias = config.flag_or("mamba_conv_bias", true);
  mamba.bias = config.flag_or("mamba_proj_bias", false);
  mamba.norms = true;
  return mamba;
}

void add_attention(Block& layer, const Decoder& decoder) {
  layer.qkv("qkv_proj", decoder.hidden, decoder.heads);
  layer.row("o_proj", decoder.heads.query * decoder.heads.width, decoder.hidden);
  layer.attention("attn", attention_cache(layer.builder(), decoder.heads), false, false);
}

void add_experts(Block& layer, const Decoder& decoder, std::int64_t experts) {
  layer.replicated("feed_forward.router", decoder.hidden, {experts}, {.quantised = false});
  layer.experts({.name = "feed_forward.experts",
                 .count = experts,
                 .per_token = layer.builder().text().count_or("num_experts_per_tok", 2),
                 .hidden = decoder.hidden,
                 .intermediate = decoder.intermediate});
}

/// The class that classifies keeps the output head beside its own.
void add_score(Builder& builder, const Decoder& decoder) {
  Block heads = builder.block("");
  heads.head("lm_head", decoder.vocabulary, decoder.hidden);
  head_linear(heads, "score", decoder.hidden, num_labels(builder.config()),
              builder.config().flag_or("score_bias", false), head_dtype(builder));
  builder.add_part("heads", Part::Place::kEveryStage, std::move(heads));
}

/// source  vllm/model_executor/models/jamba.py, JambaForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.width = decoder.hidden / decoder.heads.query;  // the class reads no head_dim
  decoder.tied = false;                                        // and never ties
  const Mamba1 mamba = read_mamba(config, decoder.hidden);
  const Every attends{config.count_or("attn_layer_period", 8, 1), config.count_or("attn_layer_offset", 4)};
  const Every sparse{config.count_or("expert_layer_period", 2, 1), config.count_or("expert_layer_offset", 1)};
  const std::int64_t experts = config.count_or("num_experts", 16);

  const std::string model = naming.under("model");
  const bool classifies = naming.architecture == "JambaForSequenceClassification";
  add_ends(builder, decoder, model, naming, {.norm = "final_layernorm", .no_head = classifies, .every_stage = true});
  if (classifies) add_score(builder, decoder);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    if (attends.takes(i))
      add_attention(layer, decoder);
    else
      mamba1_mixer(layer, "mamba", decoder.hidden, mamba);
    if (sparse.takes(i) && experts > 1)
      add_experts(layer, decoder, experts);
    else
      gated_mlp(layer, "feed_forward", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("pre_ff_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  describe(*builder, {source.architecture, ""});
  return builder->finish();
}

}  // namespace

extern const Entry jamba;
const Entry jamba{kArchitectures, build, describe};

}  // namespace vram::arch::families
