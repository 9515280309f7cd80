#include "arch/quantisation.h"

#include <gtest/gtest.h>

#include <string>

#include "json/value.h"

namespace vram::arch {
namespace {

constexpr vllm::Date kV0_9_2{2025, 7, 6}, kV0_10_2{2025, 9, 12}, kV0_19{2026, 3, 30}, kV0_33{2026, 11, 5};

ModelSource source(const std::string& quantisation, const std::string& model_type = "llama") {
  auto config = json::parse("{\"architectures\": [\"X\"], \"model_type\": \"" + model_type +
                                "\", \"quantization_config\": " + quantisation + "}",
                            "config.json");
  return *model_source(*std::move(config), "test", "config.json");
}

Quantisation reading(const std::string& config, vllm::Date as_of, const ModelNames& names = {}) {
  BuildOptions options;
  options.as_of = as_of;
  auto result = Quantisation::read(source(config), options, names);
  EXPECT_TRUE(result) << (result ? "" : result.error().sentence());
  return result ? *std::move(result) : Quantisation();
}

bool quantised(const Packing& packing) { return !std::holds_alternative<Unquantised>(packing); }

constexpr char kW4A16[] = R"({"quant_method": "compressed-tensors", "format": "pack-quantized", "ignore": IGNORE,
  "config_groups": {"group_0": {"targets": TARGETS, "weights": {"num_bits": 4, "type": "int", "strategy": "group",
  "group_size": 128}}}})";

std::string w4a16(std::string ignore, const std::string& targets = R"(["Linear"])") {
  std::string text = kW4A16;
  text.replace(text.find("IGNORE"), 6, ignore);
  return text.replace(text.find("TARGETS"), 7, targets);
}

struct IgnoreCase {
  const char* name;
  const char* config;
  const char* layer;
  bool quantised;
};

constexpr char kFp8Lists[] = R"({"quant_method": "fp8", "activation_scheme": "dynamic", "modules_to_not_convert":
  ["lm_head", "model.layers.0.mlp.gate", "model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.k_proj",
   "model.layers.1.self_attn.v_proj", "model.layers.2.mlp.experts.0.down_proj", "model.layers.3.mlp.gate_up_proj"]})";
constexpr char kModelOpt[] = R"({"quant_method": "modelopt", "quant_algo": "NVFP4", "group_size": 16, "ignore":
  ["lm_head", "model.layers.0.self_attn*", "*.shared_expert.*", "model.layers.1"]})";
constexpr char kAwq[] = R"({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": true,
  "modules_to_not_convert": ["visual", "mlp.down_proj"]})";

constexpr IgnoreCase kIgnoreCases[] = {
    {"an entry is a whole name", kFp8Lists, "model.layers.0.mlp.gate", false},
    {"and not a part of one", kFp8Lists, "model.layers.0.mlp.gate_proj", true},
    {"all parts of a fused layer are named", kFp8Lists, "model.layers.1.self_attn.qkv_proj", false},
    {"parts of other layers do not count", kFp8Lists, "model.layers.2.self_attn.qkv_proj", true},
    {"a fused layer's own name counts since v0.24", kFp8Lists, "model.layers.3.mlp.gate_up_proj", false},
    {"ModelOpt's entries may end open", kModelOpt, "model.layers.0.self_attn.qkv_proj", false},
    {"or be wildcards", kModelOpt, "model.layers.5.mlp.shared_expert.gate_up_proj", false},
    {"or a part of the name, with its surprises", kModelOpt, "model.layers.12.mlp.down_proj", false},
    {"others are stored", kModelOpt, "model.layers.2.mlp.down_proj", true},
    {"AWQ's entries are parts of names", kAwq, "visual.blocks.0.attn.proj", false},
    {"also in the middle", kAwq, "model.layers.7.mlp.down_proj", false},
    {"AWQ stores the others", kAwq, "model.layers.7.mlp.gate_up_proj", true},
};

TEST(Ignored, EachMethodInItsOwnWay) {
  for (const IgnoreCase& each : kIgnoreCases)
    EXPECT_EQ(quantised(reading(each.config, kV0_33).linear({each.layer})), each.quantised) << each.name;
}

TEST(Ignored, ExpertsByAnEntryThatContainsThem) {
  const Quantisation fp8 = reading(kFp8Lists, kV0_33);
  EXPECT_FALSE(quantised(fp8.experts({"model.layers.2.mlp.experts"})));
  EXPECT_TRUE(quantised(fp8.experts({"model.layers.4.mlp.experts"})));
}

TEST(Ignored, PartsThatDisagreeAreRefusedInVllmsWords) {
  const char* const kHalf = R"({"quant_method": "fp8", "activation_scheme": "dynamic",
                                "modules_to_not_convert": ["model.layers.0.self_attn.q_proj"]})";
  const Quantisation fp8 = reading(kHalf, kV0_33);
  EXPECT_FALSE(quantised(fp8.linear({"model.layers.0.self_attn.qkv_proj"})));
  ASSERT_TRUE(fp8.error());
  EXPECT_EQ(fp8.error()->problem,
            "Detected some but not all shards of model.layers.0.self_attn.qkv_proj are quantized. All shards of fused "
            "layers to have the same precision.");
}

TEST(Ignored, HuggingFacesListWasNotReadAtFirst) {
  EXPECT_TRUE(quantised(reading(kFp8Lists, kV0_9_2).linear({"model.layers.0.mlp.gate"})));
  EXPECT_FALSE(quantised(reading(kFp8Lists, kV0_10_2).linear({"model.layers.0.mlp.gate"})));
}

TEST(CompressedTensors, ExpressionsAndParts) {
  const std::string config = w4a16(R"(["lm_head", "re:.*self_attn.*", "re:.*mlp.gate$"])");
  for (const vllm::Date day : {kV0_9_2, kV0_19, kV0_33}) {
    const Quantisation method = reading(config, day);
    EXPECT_FALSE(quantised(method.linear({"model.layers.0.self_attn.qkv_proj"})));
    EXPECT_FALSE(quantised(method.linear({"model.layers.0.mlp.gate"})));
    EXPECT_TRUE(quantised(method.linear({"model.layers.0.mlp.gate_up_proj"})));
    EXPECT_TRUE(quantised(method.experts({"model.layers.0.mlp.experts"})));
    EXPECT_FALSE(method.error());
  }
}

TEST(CompressedTensors, TargetsByNameReachFusedLayersAndHeads) {
  const Quantisation method = reading(
      w4a16("[]", R"(["re:.*lm_head", "re:.*self_attn\\.[qkv]_proj$", "model.layers.0.mlp.down_proj"])"), kV0_33);
  EXPECT_TRUE(quantised(method.linear({"model.layers.0.self_attn.qkv_proj"})));
  EXPECT_FALSE(quantised(method.linear({"model.layers.0.self_attn.o_proj"})));
  EXPECT_TRUE(quantised(method.linear({"model.layers.0.mlp.down_proj"})));
  EXPECT_TRUE(quantised(method.head({"lm_head"})));
}

TEST(CompressedTensors, LayersWithoutATargetWereRefused) {
  const Quantisation method = reading(w4a16("[]", R"(["model.layers.0.mlp.down_proj"])"), kV0_19);
  EXPECT_FALSE(quantised(method.linear({"model.layers.1.mlp.down_proj"})));
  ASSERT_TRUE(method.error());
  EXPECT_EQ(method.error()->problem,
            "Unable to find matching target for model.layers.1.mlp.down_proj in the compressed-tensors config.");
}

TEST(Names, ChangeAsTheModelClassSays) {
  static constexpr NameRule kRules[] = {
      {NameRule::Where::kPrefix, "model.language_model.", "language_model.model."},
      {NameRule::Where::kPrefix, "model.visual.", "visual."},
  };
  const ModelNames names{kRules, {}};
  const char* const kConfig = R"({"quant_method": "fp8", "activation_scheme": "dynamic", "modules_to_not_convert":
      ["model.language_model.layers.0.mlp.gate", "model.visual.blocks.0.attn.proj"]})";
  const Quantisation method = reading(kConfig, kV0_33, names);
  EXPECT_FALSE(quantised(method.linear({"language_model.model.layers.0.mlp.gate"})));
  EXPECT_FALSE(quantised(method.linear({"visual.blocks.0.attn.proj"})));
  EXPECT_TRUE(quantised(method.linear({"language_model.model.layers.1.mlp.gate"})));
}

TEST(Gptq, RulesChangeSingleLayers) {
  const Quantisation method = reading(R"({"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": false,
      "sym": true, "dynamic": {"-:.*o_proj.*": {}, "+:.*down_proj.*": {"bits": 8, "group_size": 64}}})",
                                      kV0_33);
  EXPECT_FALSE(quantised(method.linear({"model.layers.0.self_attn.o_proj"})));
  EXPECT_EQ(method.linear({"model.layers.0.mlp.down_proj"}), Packing(Gptq{.bits = 8, .group = 64}));
  EXPECT_EQ(method.linear({"model.layers.0.mlp.gate_up_proj"}), Packing(Gptq{.bits = 4, .group = 128}));
}

struct NameCase {
  const char* config;
  const char* model_type;
  const char* asked;
  vllm::Date as_of;
  const char* name;  // or the refusal
};

const NameCase kNames[] = {
    {R"({"quant_method": "gptq", "bits": 4, "group_size": 128, "desc_act": false, "sym": true})", "llama", "", kV0_19,
     "gptq_marlin"},
    {R"({"quant_method": "gptq", "bits": 3, "group_size": 128, "desc_act": false, "sym": true})", "llama", "", kV0_19,
     "gptq"},
    {R"({"quant_method": "gptq", "bits": 3, "group_size": 128, "desc_act": false, "sym": true})", "llama", "", kV0_33,
     "auto_gptq"},
    {R"({"quant_method": "awq", "bits": 4, "group_size": 128, "zero_point": true})", "llama", "awq", kV0_19, "awq"},
    {R"({"quant_method": "mxfp4"})", "gpt_oss", "", kV0_19, "mxfp4"},
    {R"({"quant_method": "mxfp4"})", "gpt_oss", "", kV0_33, "gpt_oss_mxfp4"},
    {R"({"quant_method": "fp8"})", "deepseek_v4", "", kV0_33, "deepseek_v4_fp8"},
    {R"({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"})", "llama", "", kV0_33, "modelopt_mixed"},
    {R"({"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "NVFP4"}})", "llama", "", kV0_33,
     "modelopt_fp4"},
    {R"({"quant_method": "compressed-tensors", "format": "mxfp4-pack-quantized"})", "kimi_k3", "", kV0_33, "mxfp4"},
    {R"({"quant_method": "fp8"})", "llama", "awq", kV0_33,
     "Quantization method specified in the model config (fp8) does not match the quantization method specified in the "
     "`quantization` argument (awq)."},
};

TEST(AutoRound, LayersOfTheirOwnBits) {
  const Quantisation method = reading(
      R"({"quant_method": "auto-round", "bits": 4, "group_size": 128, "sym": true, "extra_config": {
      "model.layers.0.self_attn.q_proj": {"bits": 8}, "model.layers.0.self_attn.k_proj": {"bits": 8},
      "model.layers.0.self_attn.v_proj": {"bits": 8}, ".*mlp\\.gate$": {"bits": 16}}})",
      kV0_33);
  EXPECT_EQ(method.linear({"model.layers.0.self_attn.qkv_proj"}), Packing(Gptq{.bits = 8, .group = 128}));
  EXPECT_EQ(method.linear({"model.layers.1.self_attn.qkv_proj"}), Packing(Gptq{.bits = 4, .group = 128}));
  EXPECT_FALSE(quantised(method.linear({"model.layers.0.mlp.gate"})));
  EXPECT_FALSE(quantised(method.head({"lm_head"})));
}

TEST(Quark, LayersOfTheirOwnScheme) {
  const Quantisation method = reading(
      R"({"quant_method": "quark", "export": {"kv_cache_group": []}, "exclude": ["lm_head", "re:.*mlp.gate$"],
      "global_quant_config": {"weight": {"dtype": "fp8_e4m3", "qscheme": "per_tensor", "is_dynamic": false},
      "input_tensors": {"dtype": "fp8_e4m3", "qscheme": "per_tensor", "is_dynamic": false}},
      "layer_quant_config": {"*down_proj": {"weight": {"dtype": "fp4", "qscheme": "per_group", "group_size": 32,
      "scale_format": "e8m0"}, "input_tensors": null}}, "layer_type_quant_config": {}})",
      kV0_33);
  EXPECT_TRUE(std::holds_alternative<Fp8>(method.linear({"model.layers.0.self_attn.qkv_proj"})));
  EXPECT_TRUE(std::holds_alternative<Mxfp4>(method.linear({"model.layers.0.mlp.down_proj"})));
  EXPECT_FALSE(quantised(method.linear({"model.layers.0.mlp.gate"})));
}

TEST(Name, IsWhatVllmRuns) {
  for (const NameCase& each : kNames) {
    const ModelSource model = source(each.config, each.model_type);
    BuildOptions options;
    options.as_of = each.as_of;
    options.quantization = each.asked;
    const auto name = quantisation_name(quantisation_config(model), model, options);
    EXPECT_EQ(name ? *name : name.error().problem, each.name) << each.config;
  }
}

TEST(Needs, OldGpusAndWideTypesAreRefused) {
  BuildOptions options;
  options.as_of = kV0_33;
  options.capability = 70;
  EXPECT_EQ(unmet_needs("fp8", options)->problem,
            "The quantization method fp8 is not supported for the current GPU. Minimum capability: 75. Current "
            "capability: 70.");
  options.capability = 90;
  options.dtype = Dtype::kFloat32;
  EXPECT_EQ(unmet_needs("fp8", options)->problem,
            "torch.float32 is not supported for quantization method fp8. Supported dtypes: [torch.bfloat16, "
            "torch.float16]");
}

}  // namespace
}  // namespace vram::arch
