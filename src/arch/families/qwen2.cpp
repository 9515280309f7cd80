// Qwen 1.5 to 2.5 and MiMo, and Qwen 3: Llama's layers with a bias on query, key and value (2, MiMo) or norms over each
// head (3).
#include <algorithm>

#include "arch/decoder.h"
#include "arch/pooling.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Qwen2ForCausalLM",           "Qwen2Model",       "Qwen2ForRewardModel",
                                               "Qwen2ForProcessRewardModel", "Qwen3ForCausalLM", "MiMoForCausalLM"};

constexpr Decoder kQwen2{4096, 22016, 151936, 32, 32768, {32, 32, 0}, false};
constexpr Decoder kQwen3{4096, 22016, 151936, 32, 32768, {32, 32, 128}, false};

/// Layers from max_window_layers on slide, and vLLM takes no mixture unless that figure says that none does.
LayerWindows windows_of(const Builder& builder, const Decoder& decoder) {
  const json::Fields& config = builder.text();
  WindowDefaults absent{.used = config.flag_or("use_sliding_window", false), .window = 4096, .per_layer = false};
  const std::int64_t full_layers = config.count_or("max_window_layers", 28);
  for (std::int64_t i = 0; i < decoder.layers; ++i) absent.sliding.push_back(absent.used && i >= full_layers);
  const auto slides = [](bool sliding) { return sliding; };
  const bool mixed = std::any_of(absent.sliding.begin(), absent.sliding.end(), slides) && full_layers > 0;
  if (mixed && full_layers != decoder.layers)
    config.refuse("max_window_layers",
                  "Sliding window for some but all layers is not supported. This model uses sliding window but "
                  "`max_window_layers` = " +
                      std::to_string(full_layers) + " is less than `num_hidden_layers` = " +
                      std::to_string(decoder.layers) + ". Please open an issue to discuss this feature.",
                  "", ErrorCode::kRefused);
  return layer_windows(builder, decoder, absent);
}

/// Two linear layers on every stage.
///   source  vllm/model_executor/models/qwen2_rm.py, Qwen2RewardBaseModel
void add_reward_head(Builder& builder, const Decoder& decoder, std::int64_t labels) {
  const Dtype dtype = head_dtype(builder);
  Block head = builder.block("");
  head.divided("score.0.weight", {{decoder.hidden}}, {decoder.hidden}, dtype);
  head.divided("score.0.bias", {{decoder.hidden}}, {}, dtype);
  head.divided("score.2.weight", {{decoder.hidden, labels}}, {}, dtype);
  head.tensor("score.2.bias", {labels}, dtype);
  builder.add_part("score", Part::Place::kEveryStage, std::move(head));
}

/// source  vllm/model_executor/models/qwen2.py, Qwen2ForCausalLM; qwen3.py, Qwen3ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  const bool third = naming.architecture.starts_with("Qwen3");
  Decoder decoder = read_decoder(builder, third ? kQwen3 : kQwen2);
  // The second generation's class does not look at head_dim.
  if (!third) decoder.heads.width = decoder.hidden / decoder.heads.query;

  LayerShape shape{.attention = {.bias = third ? config.flag_or("attention_bias", false) : true}};
  shape.attention.rotary = rotary_table(
      builder,
      {.head_width = decoder.heads.width, .positions = decoder.positions, .mrope_factor = naming.mrope_factor});
  if (third || config.flag_or("qk_norm", false)) shape.attention.head_norm = decoder.heads.width;

  const std::string model = naming.under("model");
  const bool reward = naming.architecture.ends_with("RewardModel");
  add_ends(builder, decoder, model, naming, {.no_head = reward});
  if (reward) add_reward_head(builder, decoder, naming.architecture == "Qwen2ForProcessRewardModel" ? 2 : 1);
  add_layers(builder, decoder, model + ".layers", shape, windows_of(builder, decoder));
  describe_model(builder, decoder, model + ".layers");
}

}  // namespace

extern const Entry qwen2;
const Entry qwen2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
