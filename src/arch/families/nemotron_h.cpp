// Nemotron-H, Nemotron 3 Nano, Super and Ultra: every layer is one mixer (Mamba 2, attention, an MLP or experts) behind
// one norm, in an order that the config spells out; the larger ones shrink the hidden state before their experts.
#include "arch/families/nemotron_h.h"

#include <algorithm>

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"NemotronHForCausalLM", "NemotronHPuzzleForCausalLM"};
/// The absent projection's name as vLLM spells it while it looks for the experts' scheme.
constexpr std::string_view kExpertShards[] = {"up_proj", "None", "down_proj"};

constexpr Decoder kAbsent{4096, 21504, 131072, 52, 4096, {32, 8, 128}, false};
constexpr std::string_view kAbsentPattern = "M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-";

/// The first projection to the experts' width was divided at first.
constexpr vllm::Step<bool> kWholeLatent[] = {
    {{}, false, "vllm v0.13.0 vllm/model_executor/models/nemotron_h.py, fc1_latent_proj"},
    {{2025, 12, 28}, true, "~ vllm v0.14.1 vllm/model_executor/models/nemotron_h.py, fc1_latent_proj"},
};

/// The router's scores are computed in float32: from float32 weights, unless the GPU has a kernel that does without.
enum class Router { kFloat, kFloatWithoutKernel };
constexpr vllm::Step<Router> kRouter[] = {
    {{}, Router::kFloat, "vllm v0.16.0 vllm/model_executor/models/nemotron_h.py, gate"},
    {{2026, 2, 20},
     Router::kFloatWithoutKernel,
     "~ vllm v0.17.0 vllm/model_executor/layers/fused_moe/router/gate_linear.py"},
};

/// What a config without mamba_ssm_cache_dtype gets; before, the key was not read.
constexpr vllm::Step<std::optional<Dtype>> kStateDtype[] = {
    {{}, std::nullopt, "vllm v0.12.0 vllm/model_executor/models/config.py"},
    {{2025, 12, 6}, Dtype::kFloat16, "~ vllm v0.13.0 vllm/model_executor/models/config.py, NemotronHForCausalLMConfig"},
    {{2026, 4, 10}, Dtype::kFloat32, "~ vllm v0.20.0 vllm/model_executor/models/config.py, NemotronHForCausalLMConfig"},
};
static_assert(vllm::well_formed(kWholeLatent) && vllm::well_formed(kRouter) && vllm::well_formed(kStateDtype));

bool router_in_float(const BuildOptions& options) {
  const bool has_kernel = options.capability == 90 || options.capability / 10 == 10;
  switch (vllm::in_force(kRouter, options.as_of)) {
    case Router::kFloat:
      return true;
    case Router::kFloatWithoutKernel:
      return !has_kernel;
  }
  return true;
}

std::optional<NemotronLayer> read_kind(std::string_view name) {
  if (name == "M" || name == "mamba" || name == "linear_attention") return NemotronLayer::kMamba;
  if (name == "*" || name == "attention" || name == "full_attention") return NemotronLayer::kAttention;
  if (name == "-" || name == "mlp") return NemotronLayer::kMlp;
  if (name == "E" || name == "moe") return NemotronLayer::kExperts;
  return std::nullopt;
}

Mamba2 read_mamba(const Builder& builder) {
  const json::Fields& config = builder.text();
  Mamba2 mamba;
  mamba.heads = config.count_or("mamba_num_heads", 128, 1);
  mamba.head_width = config.count_or("mamba_head_dim", 64, 1);
  mamba.intermediate = mamba.heads * mamba.head_width;
  mamba.groups = config.count_or("mamba_n_groups", config.count_or("n_groups", 8, 1), 1);
  mamba.state = config.count_or("ssm_state_size", 128, 1);
  mamba.kernel = config.count_or("mamba_d_conv", config.count_or("conv_kernel", 4, 1), 1);
  mamba.conv_bias = config.flag_or("mamba_conv_bias", config.flag_or("use_conv_bias", true));
  mamba.bias = config.flag_or("use_bias", false);
  mamba.chunk = mamba_chunk(config, 128);
  const std::optional<Dtype> absent = vllm::in_force(kStateDtype, builder.options().as_of);
  if (absent) mamba.state_dtype = read_dtype(config.text_or("mamba_ssm_cache_dtype", name(*absent)));
  return mamba;
}

/// The `index`th entry of "block_configs": figures of one layer in models whose layers differ.
json::Fields own_figures(const json::Fields& config, std::size_t index) {
  const json::Value* blocks = config.find("block_configs");
  if (!blocks || !blocks->array() || index >= blocks->array()->size()) return config.inner("none");
  const json::Value& block = (*blocks->array())[index];
  return block.object() ? json::Fields(block, config.place() + ": \"block_configs\"") : config.inner("none");
}

/// intermediate_size may list one figure for each MLP.
std::int64_t mlp_width(const json::Fields& config, std::int64_t mlp_index) {
  const json::Value* listed = config.find("intermediate_size");
  if (!listed || !listed->array()) return config.count_or("intermediate_size", kAbsent.intermediate, 1);
  const std::vector<std::int64_t> widths = config.counts("intermediate_size");
  const std::size_t at = widths.size() == 1 ? 0 : std::size_t(mlp_index);
  if (at < widths.size()) return widths[at];
  config.refuse("intermediate_size", "lists " + std::to_string(widths.size()) + " widths for more MLPs");
  return 1;
}

void plain_mlp(Block& layer, const std::string& name, std::int64_t hidden, std::int64_t intermediate,
               const LinearOptions& options) {
  layer.column(name + ".up_proj", hidden, {intermediate}, options);
  layer.row(name + ".down_proj", intermediate, hidden, options);
}

/// source  vllm/model_executor/models/nemotron_h.py, NemotronHForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  std::vector<NemotronLayer> kinds = nemotron_layers(config, "hybrid_override_pattern", "layers_block_type");
  if (kinds.empty())
    for (const char kind : kAbsentPattern) kinds.push_back(NemotronLayer(kind));
  Decoder decoder = read_nemotron(builder);
  decoder.layers = std::int64_t(kinds.size());
  const Mamba2 mamba = read_mamba(builder);
  const LayerWindows windows = layer_windows(builder, decoder);
  const LinearOptions mlp{.bias = config.flag_or("mlp_bias", false)};

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.norm = "norm_f", .every_stage = true});
  std::int64_t mlps = 0;
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    const json::Fields own = own_figures(config, std::size_t(i));
    switch (kinds[std::size_t(i)]) {
      case NemotronLayer::kMamba:
        mamba2_mixer(layer, "mixer", decoder.hidden, mamba);
        break;
      case NemotronLayer::kAttention:
        add_nemotron_attention(layer, decoder, windows.of(i));
        break;
      case NemotronLayer::kMlp: {
        const std::int64_t width = own.has("intermediate_size") ? mlp_width(own, mlps) : mlp_width(config, mlps);
        plain_mlp(layer, "mixer", decoder.hidden, width, mlp);
        ++mlps;
        break;
      }
      case NemotronLayer::kExperts:
        add_nemotron_experts(layer, config, own, decoder.hidden);
        break;
    }
    layer.rms_norm("norm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
}

}  // namespace

std::vector<NemotronLayer> nemotron_layers(const json::Fields& config, std::string_view pattern,
                                           std::string_view list) {
  constexpr std::size_t kMost = 4096;
  std::vector<std::string> names = config.has(list) ? config.texts(list) : std::vector<std::string>();
  const std::string_view from = names.empty() ? pattern : list;
  if (names.empty())
    for (const char kind : config.text_or(pattern, "")) names.emplace_back(1, kind);
  if (names.size() > kMost) {
    config.refuse(from, std::to_string(names.size()) + " layers are more than any model has", "", ErrorCode::kTooLarge);
    names.resize(kMost);
  }
  std::vector<NemotronLayer> kinds;
  for (const std::string& name : names) {
    const auto kind = read_kind(name);
    if (!kind) config.refuse(from, "has a layer of the kind \"" + name + "\", which the model class does not know");
    kinds.push_back(kind.value_or(NemotronLayer::kMlp));
  }
  return kinds;
}

Decoder read_nemotron(const Builder& builder) {
  const json::Fields& config = builder.text();
  Decoder decoder;
  decoder.hidden = config.count_or("hidden_size", kAbsent.hidden, 1);
  decoder.vocabulary = config.count_or("vocab_size", kAbsent.vocabulary, 1);
  decoder.positions = config.count_or("max_position_embeddings", kAbsent.positions, 1);
  decoder.heads.query = config.count_or("num_attention_heads", kAbsent.heads.query, 1);
  decoder.heads.kv = config.count_or("num_key_value_heads", kAbsent.heads.kv, 1);
  decoder.heads.width = config.count_or("head_dim", kAbsent.heads.width, 1);
  decoder.tied = false;  // the class never ties
  return decoder;
}

void add_nemotron_attention(Block& layer, const Decoder& decoder, std::optional<Tokens> window) {
  SelfAttention attention{.name = "mixer"};
  attention.cache = attention_cache(layer.builder(), decoder.heads, window);
  self_attention(layer, decoder, attention);
}

void add_nemotron_experts(Block& layer, const json::Fields& config, const json::Fields& own, std::int64_t hidden) {
  const auto figure = [&](std::string_view name, std::int64_t absent) {
    return own.count_or(name, config.count_or(name, absent));
  };
  const BuildOptions& options = layer.builder().options();
  const std::int64_t experts = figure("n_routed_experts", 8);
  LinearOptions gate{.quantised = false};
  if (router_in_float(options)) gate.dtype = Dtype::kFloat32;
  layer.replicated("mixer.gate", hidden, {experts}, gate);
  layer.tensor("mixer.gate.e_score_correction_bias", {experts}, Dtype::kFloat32);
  const std::int64_t shared = figure("n_shared_experts", 1) * figure("moe_shared_expert_intermediate_size", 7688);
  if (shared > 0) plain_mlp(layer, "mixer.shared_experts", hidden, shared, {.tokens = TokenSplit::kWhole});

  const std::int64_t latent = figure("moe_latent_size", 0);
  const LinearOptions narrowing{.bias = config.flag_or("mlp_bias", false)};
  if (latent > 0) {
    if (vllm::in_force(kWholeLatent, options.as_of))
      layer.replicated("mixer.fc1_latent_proj", hidden, {latent}, narrowing);
    else
      layer.column("mixer.fc1_latent_proj", hidden, {latent}, narrowing);
    layer.replicated("mixer.fc2_latent_proj", latent, {hidden}, narrowing);
  }
  layer.experts({.name = "mixer.experts",
                 .count = experts,
                 .per_token = figure("num_experts_per_tok", 2),
                 .hidden = latent > 0 ? latent : hidden,
                 .intermediate = figure("moe_intermediate_size", 7688),
                 .gated = false},
                {.shards = kExpertShards});
}

extern const Entry nemotron_h;
const Entry nemotron_h{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
