// LFM2 and LFM2-MoE: gated short convolutions with a few layers of attention; in the latter experts in place of all but
// the first MLPs. LFM2's bidirectional class embeds and remembers nothing.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/layer_kinds.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Lfm2ForCausalLM", "Lfm2MoeForCausalLM", "Lfm2BidirectionalModel"};

/// source  transformers' Lfm2Config and Lfm2MoeConfig
constexpr Decoder kDense{2560, 12288, 65536, 32, 128000, {32, 8, 0}, true};
constexpr Decoder kSparse{2048, 7168, 65536, 32, 128000, {32, 8, 0}, true};

constexpr NameRule kNames[] = {{NameRule::Where::kSubstring, ".conv.", ".short_conv."}};
constexpr std::string_view kGateUp[] = {"w1", "w3"};
constexpr std::string_view kExpertNames[] = {"w1", "w3", "w2"};

constexpr vllm::Step<std::string_view> kGateUpName[] = {
    {{}, "w1", "vllm v0.16.0 vllm/model_executor/models/lfm2.py, Lfm2MLP"},
    {{2026, 2, 20}, "w13", "~ vllm v0.17.0 vllm/model_executor/models/lfm2.py, Lfm2MLP"},
};
constexpr vllm::Step<bool> kQuantisedConvolution[] = {
    {{}, false, "vllm v0.26.0 vllm/model_executor/layers/mamba/short_conv.py"},
    {{2026, 7, 26}, true, "~ vllm v0.27.0 vllm/model_executor/layers/mamba/short_conv.py"},
};
constexpr vllm::Step<std::string_view> kConvolutionName[] = {
    {{}, "conv", "vllm v0.27.0 vllm/model_executor/models/lfm2.py, Lfm2ShortConvDecoderLayer"},
    {{2026, 8, 11}, "short_conv", "~ vllm v0.28.0 vllm/model_executor/models/lfm2.py, Lfm2ShortConvDecoderLayer"},
};
static_assert(vllm::well_formed(kGateUpName) && vllm::well_formed(kQuantisedConvolution) &&
              vllm::well_formed(kConvolutionName));

struct Figures {
  Decoder decoder;
  std::int64_t channels = 0, kernel = 0;  // of the convolution
  bool bias = false;
  bool both_ways = false;
  std::int64_t experts = 0, dense_layers = 0;
  RotaryTable rotary;
};

/// source  vllm/model_executor/models/lfm2.py, Lfm2MLP
std::int64_t adjusted(const json::Fields& config, std::int64_t intermediate) {
  if (!config.flag_or("block_auto_adjust_ff_dim", true)) return intermediate;
  std::int64_t width = 2 * intermediate / 3;
  width = std::int64_t(config.maybe_number("block_ffn_dim_multiplier").value_or(1.0) * double(width));
  return round_up(width, config.count_or("block_multiple_of", 256, 1));
}

Figures read(const Builder& builder, const std::string& architecture) {
  const json::Fields& config = builder.text();
  const bool sparse = architecture == "Lfm2MoeForCausalLM";
  Figures figures;
  Decoder& decoder = figures.decoder;
  decoder = read_decoder(builder, sparse ? kSparse : kDense);
  decoder.heads.width = decoder.hidden / decoder.heads.query;  // the class reads no head_dim
  decoder.tied = true;                                         // and always ties
  figures.channels = sparse ? decoder.hidden : config.count_or("conv_dim", decoder.hidden, 1);
  figures.kernel = config.count_or("conv_L_cache", 3, 1);
  figures.bias = config.flag_or("conv_bias", false);
  figures.both_ways = architecture == "Lfm2BidirectionalModel";
  if (sparse) {
    figures.experts = config.count_or("num_experts", 32, 1);
    figures.dense_layers = config.count_or("num_dense_layers", 2);
  } else {
    decoder.intermediate = adjusted(config, config.count_or("block_ff_dim", decoder.intermediate, 1));
  }
  figures.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  return figures;
}

std::vector<std::string> kinds_of(const json::Fields& config, std::int64_t layers) {
  const std::vector<std::int64_t> attends = config.counts("full_attn_idxs");
  const bool all = !config.has("full_attn_idxs");
  std::vector<std::string> absent;
  for (std::int64_t i = 0; i < layers; ++i)
    absent.emplace_back(all || std::find(attends.begin(), attends.end(), i) != attends.end() ? "full_attention"
                                                                                             : "conv");
  return layer_kinds(config, "layer_types", layers, std::move(absent), {"conv", "full_attention"});
}

void add_attention(Block& layer, const Figures& figures) {
  const Decoder& decoder = figures.decoder;
  layer.qkv("self_attn.qkv_proj", decoder.hidden, decoder.heads);
  layer.row("self_attn.out_proj", decoder.heads.query * decoder.heads.width, decoder.hidden);
  layer.rotary(figures.rotary);
  const LayerCache cache =
      figures.both_ways ? encoder_cache(decoder.heads) : attention_cache(layer.builder(), decoder.heads);
  layer.attention("self_attn.attn", cache, false, false);
  layer.rms_norm("self_attn.q_layernorm", decoder.heads.width);
  layer.rms_norm("self_attn.k_layernorm", decoder.heads.width);
}

/// source  vllm/model_executor/layers/mamba/short_conv.py, ShortConv
void add_convolution(Block& layer, const Figures& figures) {
  const vllm::Date day = layer.builder().options().as_of;
  const std::string name(vllm::in_force(kConvolutionName, day));
  const std::int64_t channels = figures.channels;
  const LinearOptions options{.bias = figures.bias, .quantised = vllm::in_force(kQuantisedConvolution, day)};
  layer.column(name + ".conv1d", figures.kernel, {channels}, {.bias = figures.bias, .quantised = false});
  layer.column(name + ".in_proj", channels, {channels, channels, channels}, options);
  layer.row(name + ".out_proj", channels, channels, options);
  if (!figures.both_ways) layer.cache(name, ShortConvState{channels, figures.kernel, false});
}

void add_feed_forward(Block& layer, const Figures& figures, std::int64_t i) {
  const json::Fields& config = layer.builder().text();
  const Decoder& decoder = figures.decoder;
  if (figures.experts == 0 || i < figures.dense_layers) {
    const std::string gate_up(vllm::in_force(kGateUpName, layer.builder().options().as_of));
    layer.column("feed_forward." + gate_up, decoder.hidden, {decoder.intermediate, decoder.intermediate},
                 {.shards = kGateUp});
    layer.row("feed_forward.w2", decoder.intermediate, decoder.hidden);
    return;
  }
  layer.replicated("feed_forward.gate", decoder.hidden, {figures.experts});
  if (config.flag_or("use_expert_bias", true))
    layer.tensor("feed_forward.gate.e_score_correction_bias", {figures.experts}, Dtype::kFloat32);
  layer.experts({.name = "feed_forward.experts",
                 .count = figures.experts,
                 .per_token = config.count_or("num_experts_per_tok", 4),
                 .hidden = decoder.hidden,
                 .intermediate = config.count_or("moe_intermediate_size", 1792, 1)},
                {.shards = kExpertNames});
}

/// source  vllm/model_executor/models/lfm2.py, Lfm2ForCausalLM; lfm2_moe.py, Lfm2MoeForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const Figures figures = read(builder, naming.architecture);
  const Decoder& decoder = figures.decoder;
  const std::vector<std::string> kinds = kinds_of(builder.text(), decoder.layers);
  const std::string model = figures.both_ways ? naming.prefix : naming.under("model");
  add_ends(builder, decoder, model, naming, {.norm = "embedding_norm", .embedding_on_every_stage = true});
  const std::string layers = model.empty() ? "layers" : model + ".layers";
  add_layers(builder, decoder, layers, [&](Block& layer, std::int64_t i) {
    if (kinds[std::size_t(i)] == "conv")
      add_convolution(layer, figures);
    else
      add_attention(layer, figures);
    add_feed_forward(layer, figures, i);
    layer.rms_norm("operator_norm", decoder.hidden);
    layer.rms_norm("ffn_norm", decoder.hidden);
  });
  describe_model(builder, decoder, layers);
  builder.model.recurrent = !figures.both_ways;
}

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  describe(*builder, {source.architecture, ""});
  return builder->finish();
}

}  // namespace

extern const Entry lfm2;
const Entry lfm2{kArchitectures, build, describe};

}  // namespace vram::arch::families
