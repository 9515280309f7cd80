// Gemma 3n, the language model: per-layer embeddings beside the usual one, AltUp's four streams, Laurel's low-rank
// detour, and last layers that read the keys and values of an earlier one.
#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Gemma3nForCausalLM"};

constexpr double kGlobalBase = 1e6, kLocalBase = 1e4;

constexpr Decoder kAbsent{2048, 16384, 262400, 35, 32768, {8, 2, 256}, true};

/// Whether layers that share keys and values still have projections and a norm for them.
constexpr vllm::Step<bool> kSharedProject[] = {
    {{}, true, "vllm v0.29.0 vllm/model_executor/models/gemma3n.py, Gemma3nAttention"},
    {{2026, 9, 1}, false, "~ vllm v0.30.0 vllm/model_executor/models/gemma3n.py, Gemma3nAttention"},
};
constexpr vllm::Step<bool> kScalesAreBuffers[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/gemma3n.py"},
    {{2026, 8, 19}, true, "~ vllm v0.29.0 vllm/model_executor/models/gemma3n.py, register_buffer"},
};
static_assert(vllm::well_formed(kSharedProject) && vllm::well_formed(kScalesAreBuffers));

struct Figures {
  Decoder decoder;
  std::vector<std::int64_t> intermediate;  // a layer
  std::int64_t per_layer_width = 0, per_layer_vocabulary = 0, streams = 0, laurel = 0;
  std::int64_t first_shared = 0;  // layers from here on read an earlier layer's keys and values
  bool bias = false, buffers = false, shared_project = false;
};

Figures figures_of(const Builder& builder) {
  const json::Fields& config = builder.text();
  const vllm::Date day = builder.options().as_of;
  Figures figures;
  const json::Value* widths = config.find("intermediate_size");
  if (widths && widths->array()) figures.intermediate = config.counts("intermediate_size");
  figures.decoder.layers = config.has("num_hidden_layers") ? builder.layers() : kAbsent.layers;
  if (figures.intermediate.empty())
    figures.intermediate.assign(std::size_t(figures.decoder.layers), config.count_or("intermediate_size", 16384, 1));
  if (std::int64_t(figures.intermediate.size()) != figures.decoder.layers) {
    config.refuse("intermediate_size", "names " + std::to_string(figures.intermediate.size()) + " widths for " +
                                           std::to_string(figures.decoder.layers) + " layers");
    figures.intermediate.resize(std::size_t(figures.decoder.layers), 1);
  }
  Decoder& decoder = figures.decoder;
  decoder.hidden = config.count_or("hidden_size", kAbsent.hidden, 1);
  decoder.vocabulary = config.count_or("vocab_size", kAbsent.vocabulary, 1);
  decoder.positions = config.count_or("max_position_embeddings", kAbsent.positions, 1);
  decoder.heads = {config.count_or("num_attention_heads", 8, 1), config.count_or("num_key_value_heads", 2, 1),
                   config.count_or("head_dim", 256, 1)};
  decoder.tied = true;
  figures.per_layer_width = config.count_or("hidden_size_per_layer_input", 256, 1);
  figures.per_layer_vocabulary = config.count_or("vocab_size_per_layer_input", 262144, 1);
  figures.streams = config.count_or("altup_num_inputs", 4, 1);
  figures.laurel = config.count_or("laurel_rank", 64, 1);
  figures.first_shared = decoder.layers - config.count_or("num_kv_shared_layers", 15);
  figures.bias = config.flag_or("attention_bias", false);
  figures.buffers = vllm::in_force(kScalesAreBuffers, day);
  figures.shared_project = vllm::in_force(kSharedProject, day);
  return figures;
}

/// source  vllm/model_executor/models/gemma3n.py, Gemma3nSelfDecoder, Gemma3nTextModel
void add_around_layers(Builder& builder, const std::string& model, const Figures& figures) {
  const Decoder& decoder = figures.decoder;
  const std::int64_t all_layers = decoder.layers * figures.per_layer_width;
  Block first = builder.block(model + ".self_decoder");
  first.embedding("embed_tokens", decoder.vocabulary, decoder.hidden);
  first.embedding("embed_tokens_per_layer", figures.per_layer_vocabulary, all_layers);
  first.column("per_layer_model_projection", decoder.hidden, {all_layers});
  first.rms_norm("per_layer_projection_norm", figures.per_layer_width);
  for (std::int64_t i = 0; i + 1 < figures.streams; ++i)
    first.column("altup_projections." + std::to_string(i), decoder.hidden, {decoder.hidden});
  if (figures.buffers)
    for (const char* name :
         {"embed_scale", "embed_scale_per_layer", "per_layer_input_scale", "per_layer_projection_scale"})
      first.buffer(name, {}, builder.dtype());
  builder.add_part("embedding", Part::Place::kFirstStage, std::move(first));

  Block last = builder.block(model);
  for (std::int64_t i = 0; i + 1 < figures.streams; ++i)
    last.column("altup_unembed_projections." + std::to_string(i), decoder.hidden, {decoder.hidden});
  last.rms_norm("norm", decoder.hidden);
  builder.add_part("norm", Part::Place::kLastStage, std::move(last));
}

/// source  vllm/model_executor/models/gemma3n.py, Gemma3nAltUp, Gemma3nLaurelBlock
void altup_and_laurel(Block& layer, const Figures& figures) {
  const std::int64_t hidden = figures.decoder.hidden, streams = figures.streams;
  layer.replicated("altup.correction_coefs", streams, {streams});
  layer.replicated("altup.prediction_coefs", streams, {streams * streams});
  layer.replicated("altup.modality_router", hidden, {streams});
  layer.rms_norm("altup.router_norm", hidden);
  if (figures.buffers) layer.buffer("altup.router_input_scale", {}, layer.builder().dtype());
  layer.tensor("altup.correct_output_scale", {hidden}, Dtype::kFloat32);
  layer.column("laurel.linear_left", hidden, {figures.laurel});
  layer.row("laurel.linear_right", figures.laurel, hidden);
  layer.rms_norm("laurel.post_laurel_norm", hidden);
}

/// source  vllm/model_executor/models/gemma3n.py, Gemma3nAttention
void attention(Block& layer, const Figures& figures, bool shares, const RotaryTable& rotary,
               std::optional<Tokens> window) {
  const Decoder& decoder = figures.decoder;
  const QkvHeads& heads = decoder.heads;
  const LinearOptions options{.bias = figures.bias};
  const bool projects = !shares || figures.shared_project;
  if (projects)
    layer.qkv("self_attn.qkv_proj", decoder.hidden, heads, options);
  else
    layer.column("self_attn.q_proj", decoder.hidden, {heads.query * heads.width}, options);
  layer.row("self_attn.o_proj", heads.query * heads.width, decoder.hidden, options);
  layer.rms_norm("self_attn.q_norm", heads.width);
  if (projects) layer.rms_norm("self_attn.k_norm", heads.width);
  layer.rotary(rotary);
  const Heads cached{heads.kv, heads.width, heads.width};
  layer.attention("self_attn.attn",
                  shares ? LayerCache(SharedCache{cached, window}) : attention_cache(layer.builder(), heads, window));
}

/// source  vllm/model_executor/models/gemma3n.py, Gemma3nForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const Figures figures = figures_of(builder);
  const Decoder& decoder = figures.decoder;
  WindowDefaults absent{.window = 512};
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back((i + 1) % 5 != 0);
  const LayerWindows windows = layer_windows(builder, decoder, absent);
  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  rope.base = config.maybe_number("rope_theta").value_or(kGlobalBase);
  const RotaryTable full = rotary_table(builder, rope, rope_parameters(config, "full_attention"));
  rope.base = config.maybe_number("rope_local_base_freq").value_or(kLocalBase);
  const RotaryTable sliding = sliding_rotary_table(builder, rope);

  const std::string model = naming.under("model");
  add_around_layers(builder, model, figures);
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    altup_and_laurel(layer, figures);
    const bool slides = windows.sliding.empty() || windows.sliding[std::size_t(i)];
    attention(layer, figures, i >= figures.first_shared, slides ? sliding : full, windows.of(i));
    gated_mlp(layer, "mlp", decoder.hidden, figures.intermediate[std::size_t(i)]);
    layer.replicated("per_layer_input_gate", decoder.hidden, {figures.per_layer_width});
    layer.replicated("per_layer_projection", figures.per_layer_width, {decoder.hidden});
    for (const char* norm : {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                             "post_feedforward_layernorm", "post_per_layer_input_norm"})
      layer.rms_norm(norm, decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.pipeline_parallel = false;
}

}  // namespace

extern const Entry gemma3n;
const Entry gemma3n{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
