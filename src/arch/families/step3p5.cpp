// Step-3.5 and the language model of Step-3.7: sliding layers with query heads
// of their own beside full ones, norms over each head, a gate a head, and
// experts beside a shared one. Their draft layers, which have an output head each.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/draft.h"
#include "arch/families/step3_text.h"
#include "arch/layer_kinds.h"
#include "arch/routed_experts.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Step3p5ForCausalLM", "Step3p5MTP"};

/// source  transformers' Step3p7TextConfig
constexpr Decoder kAbsent{4096, 11264, 128815, 45, 128000, {64, 8, 128}, false};

struct Figures {
  Decoder decoder;
  std::int64_t sliding_heads = 0;
  std::vector<std::string> kinds;
  std::vector<bool> sparse;
  RoutedExperts experts;
};

std::vector<bool> read_sparse(const json::Fields& config, std::int64_t layers) {
  std::vector<bool> sparse(static_cast<std::size_t>(layers), false);
  const std::vector<std::string> types = config.texts("mlp_layer_types");
  const auto listed = read_step3_sparse_layers(config, 1, layers - 1);
  for (std::size_t i = 0; i < sparse.size(); ++i)
    sparse[i] = types.empty() ? std::find(listed.begin(), listed.end(), std::int64_t(i)) != listed.end()
                              : i < types.size() && types[i] == "sparse";
  return sparse;
}

/// source  vllm/model_executor/models/step3p5.py, FusedMoEBlock
RoutedExperts read_experts(const json::Fields& config) {
  RoutedExperts experts;
  experts.count = figure(config, {"moe_num_experts", "n_routed_experts", "num_local_experts"}, 288);
  experts.per_token = figure(config, {"moe_top_k", "num_experts_per_tok"}, 8);
  experts.intermediate = config.count_or("moe_intermediate_size", 1280, 1);
  experts.shared_intermediate = figure(config, {"share_expert_dim", "share_expert_dims"}, 1280);
  experts.router = Dtype::kFloat32;
  experts.choice_bias = "router_bias";
  experts.shared = "share_expert";
  return experts;
}

Figures read(const Builder& builder) {
  const json::Fields& config = builder.text();
  Figures figures;
  figures.decoder = read_decoder(builder, kAbsent);
  figures.decoder.heads.kv = figure(config, {"num_attention_groups", "num_key_value_heads"}, kAbsent.heads.kv);
  const std::int64_t layers = figures.decoder.layers;
  figures.sliding_heads = read_step3_sliding_heads(config, figures.decoder.heads.query);
  // Draft layers may follow those of the decoder.
  figures.kinds = layer_kinds(config, "layer_types", layers, every(4, layers, "full_attention", "sliding_attention"),
                              {"full_attention", "sliding_attention"});
  figures.sparse = read_sparse(config, layers);
  figures.experts = read_experts(config);
  return figures;
}

/// A number a layer, or one for all.
std::optional<double> number_of(const json::Fields& config, std::string_view name, std::int64_t layer) {
  const json::Value* value = config.find(name);
  if (!value) return std::nullopt;
  if (!value->array()) return value->number();
  return std::size_t(layer) < value->array()->size() ? (*value->array())[std::size_t(layer)].number() : std::nullopt;
}

/// source  vllm/model_executor/models/step3p5.py, _get_rope_parameters
RotaryTable rotary_of(const Builder& builder, const Figures& figures, std::int64_t i) {
  const json::Fields& config = builder.text();
  const std::string& kind = figures.kinds[std::size_t(i)];
  Rope rope{.head_width = figures.decoder.heads.width, .positions = figures.decoder.positions};
  const json::Fields own = config.inner("rope_parameters");
  if (own.has(kind)) {
    if (!own.inner(kind).has("partial_rotary_factor")) rope.partial = 1.0;
    return rotary_table(builder, rope, own.inner(kind));
  }
  const std::vector<std::string> scaled = config.texts("yarn_only_types");
  const bool scales = scaled.empty() || std::find(scaled.begin(), scaled.end(), kind) != scaled.end();
  rope.base = number_of(config, "rope_theta", i);
  rope.partial = number_of(config, "partial_rotary_factors", i).value_or(1.0);
  return rotary_table(builder, rope, config.inner(scales ? "rope_scaling" : "none"));
}

/// source  vllm/model_executor/models/step3p5.py, Step3p5DecoderLayer
void add_layer(Block& layer, const Figures& figures, std::int64_t i) {
  const Builder& builder = layer.builder();
  const json::Fields& config = builder.text();
  const bool slides = figures.kinds[std::size_t(i)] == "sliding_attention";
  Decoder decoder = figures.decoder;
  if (slides) decoder.heads.query = figures.sliding_heads;
  std::optional<Tokens> window;
  if (const auto tokens = config.maybe_count("sliding_window", 1); slides && tokens) window = Tokens(*tokens);
  SelfAttention attention{.bias = config.flag_or("attention_bias", false)};
  attention.rotary = rotary_of(builder, figures, i);
  attention.cache = attention_cache(builder, decoder.heads, window);
  attention.head_norm = decoder.heads.width;
  self_attention(layer, decoder, attention);
  if (config.flag_or("use_head_wise_attn_gate", false))
    layer.column("self_attn.g_proj", decoder.hidden, {decoder.heads.query});
  if (figures.sparse[std::size_t(i)])
    add_routed_experts(layer, "moe", decoder.hidden, figures.experts);
  else
    gated_mlp(layer, "mlp", decoder.hidden, decoder.intermediate);
  layer.rms_norm("input_layernorm", decoder.hidden);
  layer.rms_norm("post_attention_layernorm", decoder.hidden);
}

/// source  vllm/model_executor/models/step3p5.py, Step3p5ForCausalLM: tied
/// weights share nothing
void describe(Builder& builder, const Naming& naming) {
  Figures figures = read(builder);
  figures.decoder.tied = false;
  const std::string model = naming.under("model");
  add_ends(builder, figures.decoder, model, naming);
  add_layers(builder, figures.decoder, model + ".layers",
             [&](Block& layer, std::int64_t i) { add_layer(layer, figures, i); });
  describe_model(builder, figures.decoder, model + ".layers");
}

/// The lists of the decoder's layers go on with those of the draft layers, here or under names of their own.
///
///   source  vllm/model_executor/models/step3p5.py, _get_layer_type and _is_moe_layer
void add_draft_kinds(Figures& figures, const json::Fields& config, std::int64_t drafts) {
  const auto both = [&](std::string_view name, std::string_view own) {
    std::vector<std::string> all = config.texts(name);
    const std::vector<std::string> rest = config.texts(own);
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
  };
  const auto kinds = both("layer_types", "mtp_layer_types"), mlps = both("mlp_layer_types", "mtp_mlp_layer_types");
  const auto listed = read_step3_sparse_layers(config, 1, figures.decoder.layers - 1);
  for (std::int64_t i = figures.decoder.layers; i < figures.decoder.layers + drafts; ++i) {
    const auto at = std::size_t(i);
    if (at >= kinds.size())
      config.refuse("layer_types", "names no kind of layer " + std::to_string(i) + ", which drafts",
                    "name it there or under \"mtp_layer_types\"");
    figures.kinds.push_back(at < kinds.size() ? kinds[at] : "full_attention");
    figures.sparse.push_back(mlps.empty() ? std::find(listed.begin(), listed.end(), i) != listed.end()
                                          : at < mlps.size() && mlps[at] == "sparse");
  }
}

/// At first the draft layers took the target's output head in place of theirs.
constexpr vllm::Step<bool> kOwnHeads[] = {
    {{}, false, "vllm v0.19.0 vllm/v1/spec_decode/eagle.py, shared_head.head"},
    {{2026, 6, 1}, true, "~vllm v0.25.1 vllm/v1/spec_decode/step3p5.py; v0.33.0 step3p5_mtp.py, has_own_lm_head"},
};
static_assert(vllm::well_formed(kOwnHeads));

/// source  vllm/model_executor/models/step3p5_mtp.py
void describe_draft(Builder& builder, const Naming& naming) {
  Figures figures = read(builder);
  const Decoder& decoder = figures.decoder;
  const std::int64_t drafts = draft_layers(builder.text());
  add_draft_kinds(figures, builder.text(), drafts);
  const std::string layers = naming.under("model") + ".layers";
  for (std::int64_t i = decoder.layers; i < decoder.layers + drafts; ++i) {
    const std::string name = layers + '.' + std::to_string(i);
    Block around = builder.block(name);
    add_mtp_inputs(around, decoder.hidden);
    if (vllm::in_force(kOwnHeads, builder.options().as_of))
      around.head("shared_head.head", decoder.vocabulary, decoder.hidden);
    builder.add_part("inputs", Part::Place::kEveryStage, std::move(around));
    Block layer = builder.block(name + ".mtp_block");
    add_layer(layer, figures, i);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, decoder, layers);
}

/// source  hf_to_vllm_mapper of the class
constexpr NameRule kNames[] = {{NameRule::Where::kSubstring, ".share_expert.", ".moe.share_expert."}};

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  auto builder = Builder::start(source, options, {.rules = kNames});
  if (!builder) return builder.error();
  const bool draft = source.architecture == "Step3p5MTP";
  (draft ? describe_draft : describe)(*builder, {source.architecture, ""});
  return builder->finish();
}

}  // namespace

std::int64_t read_step3_sliding_heads(const json::Fields& config, std::int64_t absent) {
  if (config.has("num_sliding_attention_heads")) return config.count("num_sliding_attention_heads");
  const json::Fields other = config.inner("attention_other_setting");
  if (other.text_or("attention_type", "") != "sliding_attention") return absent;
  return other.count_or("num_attention_heads", absent, 1);
}

extern const Entry step3p5;
const Entry step3p5{kArchitectures, build, describe};

}  // namespace vram::arch::families
