#include "readers/mistral_params.h"

#include <array>
#include <utility>

#include "json/fields.h"

namespace vram {
namespace {

using json::Object;
using json::Value;
using Names = std::pair<std::string_view, std::string_view>;  // Mistral's, transformers'

void rename(Object& config, std::string_view from, std::string_view to) {
  const Value* found = config.find(from);
  if (!found) return;
  Value value = *found;
  config.erase(from);
  config.set(std::string(to), std::move(value));
}

void set_absent(Object& config, std::string_view name, Value value) {
  if (!config.find(name)) config.set(std::string(name), std::move(value));
}

void rename_general(Object& config) {
  constexpr Names kNames[] = {{"dim", "hidden_size"},
                              {"norm_eps", "rms_norm_eps"},
                              {"n_kv_heads", "num_key_value_heads"},
                              {"n_layers", "num_hidden_layers"},
                              {"n_heads", "num_attention_heads"},
                              {"hidden_dim", "intermediate_size"},
                              {"activation", "hidden_act"},
                              {"tied_embeddings", "tie_word_embeddings"}};
  for (const auto& [from, to] : kNames) rename(config, from, to);
  constexpr std::int64_t kLongest = 128'000;
  const Value* positions = config.find("max_position_embeddings");
  set_absent(config, "max_seq_len", positions ? *positions : Value(kLongest));
  set_absent(config, "max_position_embeddings", Value(kLongest));
  set_absent(config, "model_type", Value("transformer"));
  set_absent(config, "hidden_act", Value("silu"));
  set_absent(config, "tie_word_embeddings", Value(false));
}

/// A list of windows repeats over the layers; null stands for none.
void spread_windows(Object& config) {
  const Value* window = config.find("sliding_window");
  const Value* layers = config.find("num_hidden_layers");
  if (!window || window->is_null() || !layers || !layers->integer()) return;
  constexpr std::int64_t kMostLayers = 1000;
  const std::int64_t count = std::min(*layers->integer(), kMostLayers);
  json::Array types;
  Value one = *window;
  if (const json::Array* windows = window->array(); windows && !windows->empty()) {
    one = Value();
    for (std::int64_t i = 0; i < count; ++i) {
      const Value& each = (*windows)[std::size_t(i) % windows->size()];
      types.emplace_back(each.is_null() ? "full_attention" : "sliding_attention");
      if (!each.is_null()) one = each;
    }
  } else {
    types.assign(std::size_t(std::max<std::int64_t>(count, 0)), Value("sliding_attention"));
  }
  set_absent(config, "layer_types", Value(std::move(types)));
  config.set("sliding_window", std::move(one));
}

std::optional<Error> rename_quantisation(Object& config, const std::string& place) {
  const Value* given = config.find("quantization");
  if (!given || !given->object()) return std::nullopt;
  Value quantisation = *given;
  config.erase("quantization");
  const Value* format = quantisation.find("qformat_weight");
  const Value* method = quantisation.find("quant_method");
  if (format && format->string() && *format->string() == "fp8_e4m3") {
    const Value* scheme = quantisation.find("qscheme_act");
    const bool dynamic = scheme && scheme->string() && *scheme->string() == "NO_SCALES";
    Object fp8;
    fp8.set("quant_method", Value("fp8"));
    fp8.set("activation_scheme", Value(dynamic ? "dynamic" : "static"));
    config.set("quantization_config", Value(std::move(fp8)));
  } else if (method && method->string() && method->string()->starts_with("compressed")) {
    quantisation.object()->set("quant_method", Value("compressed-tensors"));
    config.set("quantization_config", std::move(quantisation));
  } else {
    return Error{ErrorCode::kUnsupported, place + ": \"quantization\"", "a quantisation that vLLM does not know", ""};
  }
  return std::nullopt;
}

void rename_experts(Object& config) {
  constexpr Names kNames[] = {{"route_every_n", "moe_layer_freq"},
                              {"first_k_dense_replace", "first_k_dense_replace"},
                              {"num_experts_per_tok", "num_experts_per_tok"},
                              {"num_experts", "n_routed_experts"},
                              {"expert_hidden_dim", "moe_intermediate_size"},
                              {"routed_scale", "routed_scaling_factor"},
                              {"num_shared_experts", "n_shared_experts"},
                              {"num_expert_groups", "n_group"},
                              {"num_expert_groups_per_tok", "topk_group"}};
  const Value moe = *config.find("moe");
  for (const auto& [from, to] : kNames)
    if (const Value* value = moe.find(from)) config.set(std::string(to), *value);
  config.set("norm_topk_prob", Value(true));
  config.set("scoring_func", Value("softmax"));
}

/// Latent attention without experts is served as one expert that no layer has.
void add_no_experts(Object& config) {
  if (!config.find("qk_nope_head_dim") || config.find("moe")) return;
  Object moe;
  moe.set("num_experts", Value(1));
  if (const Value* layers = config.find("num_hidden_layers")) moe.set("first_k_dense_replace", *layers);
  moe.set("route_every_n", Value(1));
  moe.set("num_shared_experts", Value(1));
  if (const Value* width = config.find("intermediate_size")) moe.set("expert_hidden_dim", *width);
  moe.set("num_experts_per_tok", Value(1));
  moe.set("num_expert_groups", Value(1));
  moe.set("num_expert_groups_per_tok", Value(1));
  config.set("moe", Value(std::move(moe)));
}

/// The class that serves it; experts and latent attention change what its keys are called.
std::string_view choose_class(Object& config) {
  if (const Value* type = config.find("model_type"); type && type->string() && *type->string() == "mamba")
    return "Mamba2ForCausalLM";
  const Value* given = config.find("moe");
  if (!given || !given->object()) return "MistralForCausalLM";
  const Value moe = *given;  // members that are set below move the others
  const Value* shared = moe.find("num_shared_experts");
  if (shared && shared->integer() && *shared->integer() > 0) {
    rename_experts(config);
    config.set("model_type", Value("deepseek_v3"));
    return "MistralLarge3ForCausalLM";
  }
  if (const Value* experts = moe.find("num_experts")) config.set("num_local_experts", *experts);
  if (const Value* each = moe.find("num_experts_per_tok")) config.set("num_experts_per_tok", *each);
  return "MixtralForCausalLM";
}

void rename_yarn(Object& config) {
  const Value* given = config.find("yarn");
  if (!given || !given->object()) return;
  constexpr Names kNames[] = {{"factor", "factor"},
                              {"original_max_position_embeddings", "original_max_position_embeddings"},
                              {"beta", "beta_fast"},
                              {"alpha", "beta_slow"}};
  Object rope;
  rope.set("rope_type", Value("yarn"));
  rope.set("mscale_all_dim", Value(1));
  if (const Value* base = config.find("rope_theta")) rope.set("rope_theta", *base);
  for (const auto& [from, to] : kNames)
    if (const Value* value = given->find(from)) rope.set(std::string(to), *value);
  config.set("rope_parameters", Value(std::move(rope)));
}

/// The text model's config under one with an encoder beside it, which has the quantisation too.
Object around(Object text, std::string_view type, std::string_view architecture) {
  Object whole;
  whole.set("model_type", Value(type));
  whole.set("architectures", Value(json::Array{Value(architecture)}));
  if (const Value* quantisation = text.find("quantization_config")) whole.set("quantization_config", *quantisation);
  for (const char* key : {"multimodal", "vision_encoder"}) text.erase(key);
  whole.set("text_config", Value(std::move(text)));
  return whole;
}

/// Whisper's encoder under the names of transformers' WhisperConfig.
Object audio_config(const json::Fields& whisper, std::int64_t positions) {
  const json::Fields encoder = whisper.inner("encoder_args"), sound = encoder.inner("audio_encoding_args");
  const std::int64_t downsampling = whisper.inner("downsample_args").count("downsample_factor");
  const std::int64_t pool = encoder.flag_or("causal", false) ? downsampling : 1;
  Object audio;
  for (const char* name : {"num_mel_bins", "window_size", "sampling_rate", "hop_length"})
    audio.set(name, Value(sound.count(name)));
  constexpr Names kNames[] = {{"dim", "d_model"},
                              {"n_layers", "encoder_layers"},
                              {"hidden_dim", "encoder_ffn_dim"},
                              {"n_heads", "encoder_attention_heads"},
                              {"head_dim", "encoder_head_dim"},
                              {"vocab_size", "vocab_size"}};
  for (const auto& [from, to] : kNames) audio.set(std::string(to), Value(encoder.count(from)));
  audio.set("downsample_factor", Value(downsampling));
  audio.set("block_pool_size", Value(pool));
  audio.set("is_causal", Value(encoder.flag_or("causal", false)));
  audio.set("max_position_embeddings", Value(pool * positions));
  for (const char* name : {"sliding_window", "max_source_positions"})
    if (const Value* value = encoder.find(name)) audio.set(name, *value);
  return audio;
}

/// The config with what "vision_encoder" or "multimodal" say of an encoder; the same without one.
Value with_encoder(const Object& config, const json::Fields& fields) {
  const Value* multimodal = config.find("multimodal");
  const Value* whisper = multimodal ? multimodal->find("whisper_model_args") : nullptr;
  if (whisper && whisper->find("encoder_args")) {
    const json::Fields args = fields.inner("multimodal").inner("whisper_model_args");
    const bool causal = args.inner("encoder_args").flag_or("causal", false);
    Object whole = around(config, "voxtral", causal ? "VoxtralRealtimeGeneration" : "VoxtralForConditionalGeneration");
    whole.set("audio_config", Value(audio_config(args, fields.count("max_position_embeddings"))));
    return Value(std::move(whole));
  }
  const Value* encoder = config.find("vision_encoder");
  const bool inside = multimodal && multimodal->find("vision_encoder_args");
  if (!inside && !(encoder && encoder->object() && !encoder->object()->members().empty())) return Value(config);
  Object whole = around(config, "pixtral", "PixtralForConditionalGeneration");
  whole.set("vision_config", multimodal && multimodal->object() ? *multimodal : *encoder);
  return Value(std::move(whole));
}

}  // namespace

Result<ModelSource> read_mistral_params(std::string_view text, std::string name, const std::string& place) {
  auto value = json::parse(text, place, {.bytes = 4u << 20, .python_literals = true});
  if (!value) return value.error();
  if (!value->object())
    return Error{ErrorCode::kBadInput, place, "expected an object, found " + json::describe(*value), ""};
  Object& config = *value->object();
  rename_general(config);
  spread_windows(config);
  if (auto error = rename_quantisation(config, place)) return *std::move(error);
  add_no_experts(config);
  const std::string_view architecture = choose_class(config);
  rename_yarn(config);
  config.set("architectures", Value(json::Array{Value(architecture)}));
  const json::Fields fields(*value, place);
  Value whole = with_encoder(config, fields);
  if (fields.error()) return *fields.error();
  return model_source(std::move(whole), std::move(name), place);
}

}  // namespace vram
