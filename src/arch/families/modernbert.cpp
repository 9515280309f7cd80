// ModernBERT: an encoder with rotary positions, a gated MLP, and two of three layers that look at a window.
#include "arch/decoder.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"ModernBertModel", "ModernBertForSequenceClassification",
                                               "ModernBertForTokenClassification"};
constexpr std::string_view kWqkv[] = {"Wqkv"};
constexpr std::string_view kWi[] = {"Wi"};

constexpr double kGlobalBase = 160000, kLocalBase = 10000;

constexpr Decoder kAbsent{768, 1152, 50368, 22, 8192, {12, 0, 0}, false};

/// A rotary table: of float16 whatever the model's dtype at first, and every layer with its own.
enum class Rotary { kOwnFloat16, kFloat16, kModelDtype };
constexpr vllm::Step<Rotary> kRotary[] = {
    {{}, Rotary::kOwnFloat16, "vllm v0.13.0 vllm/model_executor/models/modernbert.py, ModernBertRotaryEmbedding"},
    {{2025, 12, 13}, Rotary::kFloat16, "~ vllm v0.14.1 vllm/model_executor/models/modernbert.py, get_rope"},
    {{2026, 6, 9}, Rotary::kModelDtype, "~ vllm v0.24.0 vllm/model_executor/models/modernbert.py"},
};
constexpr vllm::Step<bool> kDividesWi[] = {
    {{}, false, "vllm v0.28.0 vllm/model_executor/models/modernbert.py, nn.Linear"},
    {{2026, 8, 19}, true, "~ vllm v0.29.0 vllm/model_executor/models/modernbert.py, ModernBertMLP"},
};
/// What a layer's window is beyond half of "local_attention", once layers have one at all.
constexpr vllm::Step<std::optional<std::int64_t>> kWindowMore[] = {
    {{}, std::nullopt, "vllm v0.9.2 vllm/model_executor/models/modernbert.py"},
    {{2025, 7, 7}, 0, "~ vllm v0.10.0 vllm/model_executor/models/modernbert.py, ModernBertAttention"},
    {{2026, 6, 9}, 1, "~ vllm v0.24.0 vllm/model_executor/models/modernbert.py, ModernBertAttention"},
};
constexpr vllm::Step<bool> kPoolerInHeadDtype[] = {
    {{}, false, "vllm v0.13.0 vllm/model_executor/models/modernbert.py, ModernBertPooler"},
    {{2025, 12, 13}, true, "~ vllm v0.14.1 vllm/model_executor/models/modernbert.py, ModernBertPooler"},
};
static_assert(vllm::well_formed(kRotary) && vllm::well_formed(kDividesWi) && vllm::well_formed(kWindowMore) &&
              vllm::well_formed(kPoolerInHeadDtype));

std::vector<bool> sliding_of(const Builder& builder, const Decoder& decoder) {
  const std::int64_t every = builder.text().count_or("global_attn_every_n_layers", 3, 1);
  WindowDefaults absent{.window = 1};
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back(i % every != 0);
  return layer_windows(builder, decoder, absent).sliding;
}

void add_heads(Builder& builder, const Decoder& decoder, const std::string& architecture, bool norm_bias) {
  const Dtype dtype = head_dtype(builder);
  const std::int64_t hidden = decoder.hidden, labels = num_labels(builder.config());
  const bool bias = builder.text().flag_or("classifier_bias", false);
  Block block = builder.block("");
  const auto dense_and_norm = [&](const std::string& name, Dtype type) {
    head_linear(block, name + ".dense", hidden, hidden, bias, type);
    block.tensor(name + ".norm.weight", {hidden}, type);
    if (norm_bias) block.tensor(name + ".norm.bias", {hidden}, type);
  };
  if (architecture.ends_with("ForSequenceClassification")) {
    const bool wide = vllm::in_force(kPoolerInHeadDtype, builder.options().as_of);
    dense_and_norm("pooling", wide ? dtype : builder.dtype());
  } else {
    dense_and_norm("head", builder.dtype());
  }
  head_linear(block, "classifier", hidden, labels, true, dtype);
  builder.add_part("head", Part::Place::kEveryStage, std::move(block));
}

/// source  vllm/model_executor/models/modernbert.py, ModernBertModel
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const vllm::Date day = builder.options().as_of;
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = decoder.hidden / decoder.heads.query;
  const bool norm_bias = config.flag_or("norm_bias", false);
  const LinearOptions attention{.bias = config.flag_or("attention_bias", false)};
  const LinearOptions mlp{.bias = config.flag_or("mlp_bias", false)};
  const bool divides = vllm::in_force(kDividesWi, day);
  const Rotary kind = vllm::in_force(kRotary, day);
  const std::vector<bool> sliding = sliding_of(builder, decoder);
  const auto more = vllm::in_force(kWindowMore, day);
  std::optional<Tokens> window;
  if (more) window = Tokens(config.count_or("sliding_window", config.count_or("local_attention", 128) / 2) + *more);

  Rope rope{.head_width = decoder.heads.width, .positions = decoder.positions};
  rope.base = config.maybe_number("global_rope_theta").value_or(kGlobalBase);
  RotaryTable global = rotary_table(builder, rope, rope_parameters(config, "full_attention"));
  rope.base = config.maybe_number("local_rope_theta").value_or(kLocalBase);
  RotaryTable local = sliding_rotary_table(builder, rope);
  if (kind != Rotary::kModelDtype) global.dtype = local.dtype = Dtype::kFloat16;

  const std::string model = naming.under("model");
  Block ends = builder.block(model);
  ends.embedding("embeddings.tok_embeddings", decoder.vocabulary, decoder.hidden);
  ends.layer_norm("embeddings.norm", decoder.hidden, norm_bias);
  ends.layer_norm("final_norm", decoder.hidden, norm_bias);
  builder.add_part("embeddings", Part::Place::kEveryStage, std::move(ends));
  if (naming.architecture != "ModernBertModel") add_heads(builder, decoder, naming.architecture, norm_bias);

  add_layers(builder, decoder, model + ".encoder_layer.layers", [&](Block& layer, std::int64_t i) {
    const bool slides = sliding.empty() ? i % 3 != 0 : sliding[std::size_t(i)];
    if (i > 0) layer.layer_norm("attn_norm", decoder.hidden, norm_bias);
    layer.qkv("attn.Wqkv", decoder.hidden, decoder.heads, {.bias = attention.bias, .shards = kWqkv});
    RotaryTable table = slides ? local : global;
    if (kind == Rotary::kOwnFloat16) table.id += " of layer " + std::to_string(i);
    layer.rotary(std::move(table));
    layer.attention("attn.attn", encoder_cache(decoder.heads, slides ? window : std::nullopt));
    layer.row("attn.Wo", decoder.hidden, decoder.hidden, attention);
    layer.layer_norm("mlp_norm", decoder.hidden, norm_bias);
    layer.column("mlp.Wi", decoder.hidden, {decoder.intermediate, decoder.intermediate},
                 {.bias = mlp.bias, .quantised = divides, .whole = !divides, .shards = kWi});
    layer.row("mlp.Wo", decoder.intermediate, decoder.hidden, mlp);
  });
  describe_model(builder, decoder, model + ".encoder_layer.layers");
  builder.model.pipeline_parallel = false;
}

}  // namespace

extern const Entry modernbert;
const Entry modernbert{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
