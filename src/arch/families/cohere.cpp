// Command R and Command R7B: tied embeddings on every stage, one norm a layer without a bias, norms of their own over
// each head of query and key where asked; in the second three of four layers slide, and a third has experts.
#include "arch/decoder.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"CohereForCausalLM", "Cohere2ForCausalLM", "Cohere2MoeForCausalLM"};

constexpr Decoder kAbsent{8192, 22528, 256000, 40, 8192, {64, 0, 0}, true};

/// Tokens added to the config's window.
constexpr vllm::Step<std::int64_t> kWindowMore[] = {
    {{}, 0, "vllm v0.28.0 vllm/model_executor/models/commandr.py"},
    {{2026, 8, 19}, 1, "~ vllm v0.29.0 vllm/model_executor/models/commandr.py, CohereAttention"},
};
/// Untied embeddings were refused and are now ignored: there never is an output head.
constexpr vllm::Step<bool> kTakesUntied[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/commandr.py asserts tie_word_embeddings"},
    {{2026, 8, 19}, true, "~ vllm v0.29.0 vllm/model_executor/models/commandr.py"},
};
static_assert(vllm::well_formed(kWindowMore) && vllm::well_formed(kTakesUntied));

/// The first `dense` layers, those without experts, have a pattern of their own.
LayerWindows windows_of(const Builder& builder, const Decoder& decoder, std::int64_t dense) {
  const json::Fields& config = builder.text();
  const std::int64_t pattern = config.count_or("sliding_window_pattern", 4, 1),
                     first = config.count_or("prefix_dense_sliding_window_pattern", 1, 1);
  WindowDefaults absent{.window = 4096};
  for (std::int64_t i = 0; i < decoder.layers; ++i)
    absent.sliding.push_back(i < dense ? (i + 1) % first != 0 : (i - dense + 1) % pattern != 0);
  LayerWindows windows = layer_windows(builder, decoder, absent);
  if (windows.window) *windows.window += Tokens(vllm::in_force(kWindowMore, builder.options().as_of));
  return windows;
}

/// Which layers of Cohere2-MoE have a plain MLP.
std::vector<bool> dense_layers(const json::Fields& config, std::int64_t layers, std::int64_t dense) {
  const std::vector<std::string> types = config.texts("mlp_layer_types");
  std::vector<bool> result;
  for (std::int64_t i = 0; i < layers; ++i)
    result.push_back(std::size_t(i) < types.size() ? types[std::size_t(i)] == "dense" : i < dense);
  return result;
}

/// source  vllm/model_executor/models/cohere2_moe.py, Cohere2Moe
void add_experts(Block& layer, const Decoder& decoder) {
  const json::Fields& config = layer.builder().text();
  RoutedExperts experts;
  experts.count = figure(config, {"num_experts", "num_local_experts"}, 8);
  experts.per_token = config.count_or("num_experts_per_tok", 2, 1);
  experts.intermediate = decoder.intermediate;
  experts.shared_intermediate = decoder.intermediate * config.count_or("num_shared_experts", 0);
  add_routed_experts(layer, "mlp", decoder.hidden, experts);
}

/// source  vllm/model_executor/models/commandr.py, CohereForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  const bool sparse = naming.architecture == "Cohere2MoeForCausalLM";
  const std::int64_t dense = sparse ? config.count_or("first_k_dense_replace", 0) : 0;
  decoder.heads.width = sparse ? config.count_or("head_dim", 128, 1) : decoder.hidden / decoder.heads.query;
  if (!sparse && !decoder.tied && !vllm::in_force(kTakesUntied, builder.options().as_of))
    config.refuse("tie_word_embeddings", "this release takes tied embeddings only", "", ErrorCode::kUnsupported);
  const bool second = naming.architecture == "Cohere2ForCausalLM";
  const LayerWindows windows = second || sparse ? windows_of(builder, decoder, dense) : LayerWindows{};
  const std::vector<bool> plain = dense_layers(config, decoder.layers, sparse ? dense : decoder.layers);
  const std::int64_t first =
      sparse ? config.count_or("prefix_dense_intermediate_size", decoder.intermediate, 1) : decoder.intermediate;
  const std::int64_t positions = figure(config, {"model_max_length"}, decoder.positions);
  SelfAttention attention{.rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = positions})};
  const bool head_norms = !sparse && config.flag_or("use_qk_norm", false);

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.no_head = true, .every_stage = true});
  add_layers(builder, decoder, model + ".layers", [&](Block& layer, std::int64_t i) {
    attention.cache = attention_cache(builder, decoder.heads, windows.of(i));
    self_attention(layer, decoder, attention);
    if (head_norms) {
      layer.divided("self_attn.q_norm.weight", {{decoder.heads.query}}, {decoder.heads.width});
      layer.divided("self_attn.k_norm.weight", {{decoder.heads.kv, 1, Columns::Split::kReplicated}},
                    {decoder.heads.width});
    }
    if (!sparse || plain[std::size_t(i)])
      gated_mlp(layer, "mlp", decoder.hidden, first);
    else
      add_experts(layer, decoder);
    layer.rms_norm("input_layernorm", decoder.hidden);
  });
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry cohere;
const Entry cohere{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
