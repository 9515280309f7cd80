// Models of several parts: what a rank holds of them, against published totals and vLLM's own.
#include <gtest/gtest.h>

#include "arch/build.h"
#include "memory/weights.h"

namespace vram {
namespace {

constexpr vllm::Date kV0_14{2026, 1, 10}, kV0_33{2026, 11, 5};

constexpr char kGemma3[] = R"({"architectures": ["Gemma3ForConditionalGeneration"],
  "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024},
  "vision_config": {"hidden_size": 1152, "image_size": 896, "intermediate_size": 4304, "num_attention_heads": 16,
  "num_hidden_layers": 27, "patch_size": 14, "vision_use_head": false}})";

constexpr char kGemma4[] = R"({"architectures": ["Gemma4ForConditionalGeneration"],
  "text_config": {"hidden_size": 2816, "intermediate_size": 2112, "num_hidden_layers": 30, "num_attention_heads": 16,
  "num_key_value_heads": 8, "num_global_key_value_heads": 2, "attention_k_eq_v": true, "enable_moe_block": true,
  "num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704, "hidden_size_per_layer_input": 0},
  "vision_config": {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16,
  "num_key_value_heads": 16, "head_dim": 72, "standardize": true}})";

constexpr char kQwen2_5Vl[] = R"({"architectures": ["Qwen2_5_VLForConditionalGeneration"], "hidden_size": 3584,
  "intermediate_size": 18944, "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4,
  "vocab_size": 152064, "vision_config": {"hidden_size": 1280, "out_hidden_size": 3584}})";

constexpr char kQwen2Vl[] = R"({"architectures": ["Qwen2VLForConditionalGeneration"], "hidden_size": 3584,
  "intermediate_size": 18944, "num_attention_heads": 28, "num_hidden_layers": 28, "num_key_value_heads": 4,
  "vocab_size": 152064, "vision_config": {"hidden_size": 3584}})";

constexpr char kQwen3Vl[] = R"({"architectures": ["Qwen3VLForConditionalGeneration"],
  "text_config": {"hidden_size": 4096, "intermediate_size": 12288, "num_attention_heads": 32, "num_hidden_layers": 36,
  "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936},
  "vision_config": {"out_hidden_size": 4096, "depth": 27, "deepstack_visual_indexes": [8, 16, 24]}})";

constexpr char kScout[] = R"({"architectures": ["Llama4ForConditionalGeneration"],
  "text_config": {"interleave_moe_layer_step": 1, "num_local_experts": 16},
  "vision_config": {"hidden_size": 1408, "image_size": 336, "vision_output_dim": 4096}})";

constexpr char kLlava[] = R"({"architectures": ["LlavaForConditionalGeneration"],
  "text_config": {"architectures": ["LlamaForCausalLM"], "vocab_size": 32064}})";

constexpr char kGlm4v[] = R"({"architectures": ["Glm4vForConditionalGeneration"], "model_type": "glm4v",
  "vision_config": {}})";

constexpr char kWhisper[] = R"({"architectures": ["WhisperForConditionalGeneration"], "d_model": 512,
  "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8, "decoder_attention_heads": 8,
  "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048})";

constexpr char kMuse[] = R"({"architectures": ["MuseGlimmerForConditionalGeneration"], "vision_config": {}})";

memory::Parallel ranks(std::int64_t tensor) {
  memory::Parallel parallel;
  parallel.tensor = tensor;
  return parallel;
}

constexpr char kMistral3[] = R"({"architectures": ["Mistral3ForConditionalGeneration"], "model_type": "mistral3",
  "text_config": {"head_dim": 128, "hidden_size": 5120, "intermediate_size": 16384, "model_type": "ministral3",
  "num_attention_heads": 32, "num_hidden_layers": 40, "num_key_value_heads": 8, "tie_word_embeddings": false,
  "vocab_size": 131072}, "vision_config": {"model_type": "pixtral", "image_size": 1540, "patch_size": 14}})";

struct Case {
  const char* name;
  const char* config;
  vllm::Date as_of = kV0_33;
  std::int64_t tensor = 1;
  memory::Towers towers = {};
  std::int64_t parameters;
};

const Case kCases[] = {
    {.name = "Gemma 3 4B is the published total", .config = kGemma3, .parameters = 4'300'079'472},
    {.name = "divided over two ranks, the towers are divided too",
     .config = kGemma3,
     .tensor = 2,
     .parameters = 2'154'491'960},
    {.name = "without images the tower of 416,866,032 and its projector are left out",
     .config = kGemma3,
     .towers = {.image = false},
     .parameters = 4'300'079'472 - 416'866'032 - 1152 * 2560 - 1152},
    {.name = "0.14 creates them all the same",
     .config = kGemma3,
     .as_of = kV0_14,
     .towers = {.image = false},
     .parameters = 4'300'079'472},
    {.name = "Gemma 4 26B-A4B, vLLM 0.33.0", .config = kGemma4, .parameters = 25'820'351'792},
    {.name = "Gemma 4 26B-A4B on eight ranks: two global KV heads are repeated",
     .config = kGemma4,
     .tensor = 8,
     .parameters = 3'749'625'136},
    {.name = "Qwen2.5-VL 7B is the published total", .config = kQwen2_5Vl, .parameters = 8'292'166'656},
    {.name = "no images alone: the tower still serves video",
     .config = kQwen2_5Vl,
     .towers = {.image = false},
     .parameters = 8'292'166'656},
    {.name = "Qwen2-VL 7B is the published total", .config = kQwen2Vl, .parameters = 8'291'375'616},
    {.name = "Qwen3-VL 8B is the published total", .config = kQwen3Vl, .parameters = 8'767'123'696},
    {.name = "Qwen3-VL 8B on eight ranks, vLLM 0.33.0", .config = kQwen3Vl, .tensor = 8, .parameters = 1'100'235'726},
    {.name = "Llama 4 Scout is the published total", .config = kScout, .parameters = 108'641'793'536},
    {.name = "LLaVA 1.5 7B lacks CLIP's last layer and norm",
     .config = kLlava,
     .parameters = 7'063'427'072 - 12'596'224 - 2048},
    {.name = "GLM-4.1V without a text_config is one of all defaults", .config = kGlm4v, .parameters = 10'292'593'152},
    {.name = "Whisper base on two ranks: the embedding is whole, and the output head",
     .config = kWhisper,
     .tensor = 2,
     .parameters = 50'556'928},
    {.name = "the whole model's config ties, by default as its class says: Ministral 3 14B on two ranks",
     .config = kMistral3,
     .tensor = 2,
     .parameters = 6'639'602'688},
    {.name = "with transformers 4 the language model's own config decided",
     .config = kMistral3,
     .as_of = kV0_14,
     .tensor = 2,
     .parameters = 6'975'147'008},
    {.name = "Muse Glimmer keeps its MLPs of the tower whole on eight ranks",
     .config = kMuse,
     .tensor = 8,
     .parameters = 5'058'285'696},
};

TEST(Multimodal, Parameters) {
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.name);
    const auto source = read_config_json(each.config, "test", "config.json");
    ASSERT_TRUE(source);
    arch::BuildOptions options;
    options.as_of = each.as_of;
    const auto model = arch::build(*source, options);
    ASSERT_TRUE(model) << model.error().sentence();
    const memory::Stage whole{.end = std::int64_t(model->layers.size())};
    const auto weights = memory::weigh(*model, ranks(each.tensor), whole, {each.as_of, 90}, each.towers);
    ASSERT_TRUE(weights) << weights.error().sentence();
    EXPECT_EQ(weights->elements, each.parameters);
  }
}

TEST(Multimodal, EncodersMayBeWholeOnEveryRank) {
  const auto elements = [](const char* config, const memory::Parallel& parallel) {
    arch::BuildOptions options;
    options.as_of = kV0_33;
    const auto model = arch::build(*read_config_json(config, "test", "config.json"), options);
    std::int64_t sum = 0;
    for (const Part& part : model->parts)
      if (part.role != Part::Role::kText && memory::whole_on_rank(part, parallel)) sum += part.repeat;
    return sum;
  };
  memory::Parallel data = ranks(2);
  data.encoder_data = true;
  EXPECT_GT(elements(kQwen3Vl, data), 27);
  EXPECT_EQ(elements(kGemma3, data), 0) << "the class does not know mm_encoder_tp_mode \"data\"";
  EXPECT_GT(elements(kMuse, ranks(3)), 50) << "16 heads are not divided by three";
}

}  // namespace
}  // namespace vram
