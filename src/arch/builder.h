// The vocabulary in which a family describes its model: vLLM's own layer classes, one call each, in the order in which
// vLLM creates them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "arch/build_options.h"
#include "arch/quantisation.h"
#include "json/fields.h"
#include "model/model.h"

namespace vram::arch {

class Builder;

struct LinearOptions {
  bool bias = false;
  bool quantised = true;                     // false where the model class passes quant_config=None
  bool whole = false;                        // disable_tp or ReplicatedLinear: every rank holds all of it
  TokenSplit tokens = TokenSplit::kIgnored;  // is_sequence_parallel
  std::optional<Dtype> dtype = {};           // params_dtype
  /// The checkpoint's names of merged parts, where vLLM's packed_modules_mapping has the last component of this layer's
  /// name and it is not the usual (qkv_proj, gate_up_proj; see ModelNames). For experts the names of their gate, up and
  /// down projections where they are not gate_proj, up_proj and down_proj (RoutedExperts' ckpt_*_proj_name).
  std::span<const std::string_view> shards = {};
  std::int64_t aligned_rows = 1;  // a rank's rows are padded to a multiple of this
};

struct QkvHeads {
  std::int64_t query = 0, kv = 0, width = 0;
  std::int64_t value_width = 0;  // 0: as width
};

/// Modules under one prefix. Names are relative to it.
class Block {
 public:
  Block(const Builder& builder, std::string prefix) : builder_(&builder), prefix_(std::move(prefix)) {}

  // Quantisation configs name layers by their full path, so every name here, after the block's prefix, has to be vLLM's
  // own `prefix` argument for that layer ("model.layers.0" + "self_attn.qkv_proj"; "language_model.model.layers.0" and
  // "visual.blocks.0" in multimodal classes), also where it is not the attribute's name.

  /// VocabParallelEmbedding. `quantised` where the class passes its quant_config: few do, and few formats store one.
  Block& embedding(std::string name, std::int64_t rows, std::int64_t width, bool quantised = false);
  /// ParallelLMHead.
  Block& head(std::string name, std::int64_t rows, std::int64_t width, bool bias = false,
              std::optional<Dtype> dtype = {});

  /// ColumnParallelLinear or MergedColumnParallelLinear: outputs are divided over ranks.
  Block& column(std::string name, std::int64_t input, std::vector<std::int64_t> outputs,
                const LinearOptions& options = {});
  /// RowParallelLinear: the input is divided, the bias whole.
  Block& row(std::string name, std::int64_t input, std::int64_t output, const LinearOptions& options = {});
  /// ReplicatedLinear.
  Block& replicated(std::string name, std::int64_t input, std::vector<std::int64_t> outputs,
                    const LinearOptions& options = {});
  /// QKVParallelLinear: fewer KV heads than ranks are repeated.
  Block& qkv(std::string name, std::int64_t input, const QkvHeads& heads, const LinearOptions& options = {});
  /// A linear whose outputs are dealt out as given.
  Block& linear(std::string name, std::int64_t input, std::vector<Columns> outputs, Linear::Input split,
                const LinearOptions& options = {});

  /// FusedMoE. `experts.name` is relative, as everywhere; the packing is looked up here.
  Block& experts(Experts experts, const LinearOptions& options = {});

  /// A whole parameter of the model's dtype, or of `dtype`.
  Block& tensor(std::string name, std::vector<std::int64_t> shape, std::optional<Dtype> dtype = {});
  Block& buffer(std::string name, std::vector<std::int64_t> shape, Dtype dtype);
  /// Makes the tensor that was added last a buffer.
  Block& as_buffer(OnlyForShares only = {});
  /// Makes the tensor that was added last a buffer in the memory of another.
  Block& as_view();
  /// A parameter whose first dimension is dealt out over ranks.
  Block& divided(std::string name, std::vector<Columns> rows, std::vector<std::int64_t> inner = {},
                 std::optional<Dtype> dtype = {});
  /// RMSNorm: a weight; LayerNorm: weight and bias.
  Block& rms_norm(std::string name, std::int64_t width);
  Block& layer_norm(std::string name, std::int64_t width, bool bias = true);

  Block& rotary(RotaryTable table);
  /// An Attention or MLAAttention module with its scale scalars and its memory. `quantised` is false where the class
  /// does not pass its quant_config.
  Block& attention(std::string name, LayerCache cache, bool sinks = false, bool quantised = true);
  /// One that its class hands no cache config: --kv-cache-dtype passes it by.
  Block& attention_in_model_dtype(std::string name, LayerCache cache);
  /// Memory without the scalars: recurrent states, indexers.
  Block& cache(std::string name, LayerCache cache);

  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  [[nodiscard]] std::string path(std::string_view name) const;
  [[nodiscard]] const Builder& builder() const { return *builder_; }

  std::vector<Module> modules;
  std::vector<CacheLayer> caches;

 private:
  Block& add_linear(std::string_view type, std::string name, std::int64_t input, std::vector<Columns> outputs,
                    Linear::Input split, const LinearOptions& options);

  const Builder* builder_;
  std::string prefix_;
};

class Builder {
 public:
  /// `names`: hf_to_vllm_mapper and packed_modules_mapping of the model class, as far as they matter to quantisation.
  static Result<Builder> start(const ModelSource& source, const BuildOptions& options, const ModelNames& names = {});

  /// Fields of the language model's config.
  [[nodiscard]] const json::Fields& text() const { return text_; }
  /// Fields of the whole config.json.
  [[nodiscard]] const json::Fields& config() const { return config_; }
  [[nodiscard]] const BuildOptions& options() const { return options_; }
  [[nodiscard]] const Quantisation& quantisation() const { return quantisation_; }
  [[nodiscard]] Dtype dtype() const { return options_.dtype; }

  [[nodiscard]] Block block(std::string prefix) const { return Block(*this, std::move(prefix)); }

  /// The next decoder layer. Equal layers are stored once.
  void add_layer(Block block);
  void add_part(std::string name, Part::Place place, Block block, Part::Role role = Part::Role::kText,
                std::int64_t repeat = 1);

  /// The model, unless a field was missing or wrong.
  Result<Model> finish();

  /// A decoder layer count within reason, from `name`.
  [[nodiscard]] std::int64_t layers(std::string_view name = "num_hidden_layers") const;

  Model model;
  /// Whether the whole model's config ties the language model's embedding and head; absent: its own decides.
  std::optional<bool> tied;

 private:
  Builder(const ModelSource& source, const BuildOptions& options, Quantisation quantisation);

  json::Fields config_, text_;
  BuildOptions options_;
  Quantisation quantisation_;
};

/// What a model class tells get_rope.
struct Rope {
  std::int64_t head_width = 0;
  std::int64_t positions = 0;          // max_position: usually max_position_embeddings
  std::string_view layer_type = {};    // for configs with one set of parameters per layer type
  std::optional<double> partial = {};  // partial_rotary_factor, where the class does not take the config's
  std::optional<double> base = {};     // where the parameters name none; otherwise the config's "rope_theta" counts
  std::int64_t mrope_factor = 4;       // a table for time, height and width has so many times the positions
  std::string_view type = {};          // rope_type that the class puts in place of the config's
};

/// The cos/sin table that get_rope makes for the config's rope parameters.
///
///   rows    positions unless the scaling type says otherwise
///   width   head_width x partial_rotary_factor, or the parameters' rope_dim
///   source  vllm/model_executor/layers/rotary_embedding/__init__.py, get_rope
RotaryTable rotary_table(const Builder& builder, const Rope& rope);
/// The same for rope parameters that are not where they usually are.
RotaryTable rotary_table(const Builder& builder, const Rope& rope, const json::Fields& parameters);

/// The table of sliding layers where they have rope parameters of their own: those under "sliding_attention", else the
/// default without scaling.
RotaryTable sliding_rotary_table(const Builder& builder, const Rope& rope);

/// The table for a config's max_position_embeddings and the newest rules.
RotaryTable rotary_table(const json::Fields& config, std::int64_t head_width, Dtype dtype,
                         std::int64_t default_positions = 8192);

/// The share of a head that rotates: partial_rotary_factor among the rope parameters, else the first of `names` that
/// the config has.
double partial_rotary(const json::Fields& config, std::initializer_list<std::string_view> names, double absent);

/// Fields of the rope parameters, wherever the config keeps them; for configs with one set per layer type,
/// `layer_type`'s.
json::Fields rope_parameters(const json::Fields& config, std::string_view layer_type = {});

/// head_dim where the config has one, else hidden_size / num_attention_heads.
std::int64_t head_width(const json::Fields& config);
/// num_key_value_heads, else num_attention_heads.
std::int64_t kv_heads(const json::Fields& config);

/// gate_up_proj and down_proj under `name`.
void gated_mlp(Block& block, const std::string& name, std::int64_t hidden, std::int64_t intermediate,
               const LinearOptions& options = {});

}  // namespace vram::arch
