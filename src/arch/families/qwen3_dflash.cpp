// DFlash drafts: a few of Qwen 3's layers that draft a block of tokens at once from several of the target's hidden
// states. The embedding and the head are the target's.
#include <algorithm>

#include "arch/decoder.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"DFlashDraftModel", "MuseGlimmerAssistantModel",
                                               "DFlashMuseGlimmerAssistantModel"};

/// source  transformers' Qwen3Config
constexpr Decoder kAbsent{4096, 22016, 151936, 32, 32768, {32, 32, 128}, false};

/// How many of the target's hidden states go in.
std::int64_t read_states(const json::Fields& config, std::int64_t layers) {
  for (const char* part : {"dflash_config", "eagle_config"}) {
    const json::Fields inner = config.inner(part);
    for (const char* name : {"target_layer_ids", "eagle_aux_hidden_state_layer_ids"})
      if (const auto ids = inner.counts(name); !ids.empty()) return std::int64_t(ids.size());
  }
  const auto ids = config.counts("eagle_aux_hidden_state_layer_ids");
  return ids.empty() ? layers : std::int64_t(ids.size());
}

/// The window of each layer: dflash_config.use_swa makes all slide where layer_types names none.
/// source  vllm/model_executor/models/qwen3_dflash.py, _resolve_layer_attention
std::vector<std::optional<Tokens>> read_windows(const json::Fields& config, std::int64_t layers) {
  const json::Fields dflash = config.inner("dflash_config");
  const std::vector<std::string> types = config.texts("layer_types");
  const bool any = std::find(types.begin(), types.end(), "sliding_attention") != types.end();
  const bool all = dflash.flag_or("use_swa", false) && !any;
  const auto width = dflash.has("swa_window_size") ? dflash.maybe_count("swa_window_size", 1)
                                                   : config.maybe_count("sliding_window", 1);
  std::vector<std::optional<Tokens>> windows(static_cast<std::size_t>(layers));
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const bool slides = all || (i < types.size() && types[i] == "sliding_attention");
    if (slides && !width)
      config.refuse("sliding_window",
                    "DFlash sliding attention requires a window size configured in dflash_config.swa_window_size or "
                    "the top-level sliding_window.",
                    "", ErrorCode::kRefused);
    if (slides && width) windows[i] = Tokens(*width);
  }
  return windows;
}

/// source  vllm/model_executor/models/qwen3_dflash.py, DFlashQwen3ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const json::Fields dflash = config.inner("dflash_config");
  const Decoder decoder = read_decoder(builder, kAbsent);
  const bool bias = config.flag_or("attention_bias", false);
  SelfAttention attention{.bias = bias, .output_bias = bias, .head_norm = decoder.heads.width};
  attention.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = decoder.positions});
  attention.sinks = dflash.flag_or("attention_sink_bias", config.flag_or("add_swa_attention_sink_bias", false));
  const auto windows = read_windows(config, decoder.layers);

  const std::string model = naming.under("model");
  Block inputs = builder.block(model);
  inputs.tensor("mask_embedding", {decoder.hidden});
  if (dflash.flag_or("use_aux_hidden_state", config.flag_or("use_aux_hidden_state", true))) {
    const std::int64_t target = config.count_or("target_hidden_size", decoder.hidden, 1);
    inputs.replicated("fc", target * read_states(config, decoder.layers), {decoder.hidden});
  }
  inputs.rms_norm("hidden_norm", decoder.hidden);
  inputs.rms_norm("norm", decoder.hidden);
  builder.add_part("inputs", Part::Place::kLastStage, std::move(inputs));
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const auto& window = windows[std::size_t(i)];
    attention.cache =
        window ? LayerCache(SlidingWindow{{decoder.heads.kv, decoder.heads.width, decoder.heads.width}, *window})
               : LayerCache(FullAttention{{decoder.heads.kv, decoder.heads.width, decoder.heads.width}});
    self_attention(layer, decoder, attention);
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
    layer.rms_norm("input_layernorm", decoder.hidden);
    layer.rms_norm("post_attention_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry qwen3_dflash;
const Entry qwen3_dflash{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
