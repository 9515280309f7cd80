// What decoder-only language models have in common: their figures in config.json, embedding and output head, a layer's
// attention and its sliding window.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/builder.h"
#include "arch/families.h"

namespace vram::arch {

/// The figures of a decoder. As the `absent` of read_decoder: the defaults of the model's config class in transformers,
/// those of LlamaConfig where nothing else is said.
struct Decoder {
  std::int64_t hidden = 4096;
  std::int64_t intermediate = 11008;
  std::int64_t vocabulary = 32000;
  std::int64_t layers = 32;
  std::int64_t positions = 2048;  // max_position_embeddings
  QkvHeads heads{32, 0, 0};       // in `absent`, kv 0: as many as query heads; width 0: hidden / query heads
  bool tied = false;              // tie_word_embeddings
};

/// hidden_size, intermediate_size, vocab_size, num_hidden_layers, max_position_embeddings, num_attention_heads,
/// num_key_value_heads, head_dim and tie_word_embeddings.
Decoder read_decoder(const Builder& builder, const Decoder& absent = {});

/// The first of `names` that the config has; transformers' config classes let some attributes go by two names.
std::int64_t figure(const json::Fields& config, std::initializer_list<std::string_view> names, std::int64_t absent);

/// Sets what vLLM's model config says of the model as a whole.
void describe_model(Builder& builder, const Decoder& decoder, std::string layer_prefix);

struct Ends {
  std::string_view embedding = "embed_tokens";
  std::string_view norm = "norm";  // empty: none with weights
  std::string_view head = "lm_head";
  bool layer_norm = false;  // LayerNorm with a bias instead of RMSNorm
  bool head_bias = false;
  std::optional<Dtype> head_dtype = {};
  bool no_head = false;  // the class has none
  /// Gemma, Cohere and others create the embedding, the norm and the head on every stage.
  bool every_stage = false;
  bool embedding_on_every_stage = false, head_on_every_stage = false;  // one of them alone
};

/// The embedding and, on the last stage, the final norm and the output head; tied weights count once a stage. A pooling
/// model has no output head.
///
///   model   prefix of the decoder: "model"
///   naming  prefix of the head: "" or "language_model"
void add_ends(Builder& builder, const Decoder& decoder, const std::string& model, const Naming& naming,
              const Ends& ends = {});

/// Layers `prefix`.0, `prefix`.1, … filled by `fill(block, i)`.
template <class Fill>
void add_layers(Builder& builder, const Decoder& decoder, const std::string& prefix, const Fill& fill) {
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    Block layer = builder.block(prefix + '.' + std::to_string(i));
    fill(layer, i);
    builder.add_layer(std::move(layer));
  }
}

/// The window of each layer, from "sliding_window" and "layer_types".
struct LayerWindows {
  std::optional<Tokens> window;
  std::vector<bool> sliding;  // a layer; empty: all of them
  [[nodiscard]] std::optional<Tokens> of(std::int64_t layer) const;
};

struct WindowDefaults {
  bool used = true;  // false where the config switches its window off: "use_sliding_window": false
  std::optional<std::int64_t> window = {};  // of the config class
  std::vector<bool> sliding = {};           // layer_types as the config class fills them in
  /// The class hands each layer its own window. Otherwise a mixture of layer types leaves them all without.
  bool per_layer = true;
};

/// source  vllm/engine/arg_utils.py, create_engine_config: cache_config.sliding_window
LayerWindows layer_windows(const Builder& builder, const Decoder& decoder, const WindowDefaults& absent = {});

/// Full or windowed attention over stored keys and values, or over the input alone where the model attends both ways
/// ("is_causal": false).
LayerCache attention_cache(const Builder& builder, const QkvHeads& heads, std::optional<Tokens> window = {});
LayerCache encoder_cache(const QkvHeads& heads, std::optional<Tokens> window = {});

struct SelfAttention {
  bool bias = false, output_bias = false;
  std::optional<RotaryTable> rotary = {};
  LayerCache cache = {};
  std::int64_t head_norm = 0;  // width of q_norm and k_norm; 0: none
  std::string_view name = "self_attn", output = "o_proj";
  bool sinks = false;                             // a learnt sink a head
  bool gated = false;                             // qkv_proj makes a gate as wide as the queries too
  std::span<const std::string_view> shards = {};  // checkpoint names of qkv_proj's parts; empty: q_proj, k_proj, v_proj
};

/// qkv_proj, o_proj, rotary_emb, attn and, over each head, q_norm and k_norm.
void self_attention(Block& layer, const Decoder& decoder, const SelfAttention& attention);

// The Transformers modeling backend: vLLM takes the model's class from transformers and replaces its linear layers,
// embedding and norms. Nearly the same tensors, but for rotary embeddings, which are transformers' own.

/// Whether the backend merges query, key and value, and gate and up; before, each stays a linear layer of its own.
bool transformers_fuses(const Builder& builder);

/// inv_freq of `width` / 2 entries, on every stage; one for each of `layer_types` where the model tells them apart.
void add_transformers_rotary(Builder& builder, const std::string& model, std::int64_t width,
                             const std::vector<std::string>& layer_types = {""});

/// self_attention as the backend makes it; SelfAttention::rotary is not looked at.
void transformers_attention(Block& layer, const Decoder& decoder, const SelfAttention& attention);
void transformers_cache(Block& layer, const std::string& name, const LayerCache& cache);
void transformers_mlp(Block& layer, const Decoder& decoder, const LinearOptions& options = {});

inline constexpr std::string_view kPreNorms[] = {"input_layernorm", "post_attention_layernorm"};

/// A layer of attention, gated MLP and norms, as most families have it.
struct LayerShape {
  SelfAttention attention = {};
  LinearOptions mlp = {};
  std::span<const std::string_view> norms = kPreNorms;
  bool layer_norm = false;       // LayerNorm with a bias instead of RMSNorm
  bool by_transformers = false;  // the Transformers modeling backend's
  bool bidirectional = false;    // attends both ways, whatever the config says
};

/// The shape's layers, each with its window.
void add_layers(Builder& builder, const Decoder& decoder, const std::string& prefix, LayerShape shape,
                const LayerWindows& windows = {});

/// A model that is one language model: the build function of most families.
template <void (*describe)(Builder&, const Naming&)>
Result<Model> build_text(const ModelSource& source, const BuildOptions& options) {
  auto started = Builder::start(source, options);
  if (!started) return started.error();
  describe(*started, {source.architecture, ""});
  return started->finish();
}

/// From transformers 5 on "tie_word_embeddings" belongs to the config that sees both ends: a language model that vLLM
/// builds inside another is tied as the whole model's config says.
///
///   source  vllm/config/vllm.py, with_hf_config
void tie_as_the_whole(Builder& builder);

/// Adds the language model that vLLM's registry has under `naming.architecture` to a model of several parts.
void add_language_model(Builder& builder, const Naming& naming);

}  // namespace vram::arch
