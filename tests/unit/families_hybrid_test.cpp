// Models with recurrent layers: what a rank holds of them, against published totals and vLLM's own, and what their
// layers remember. The configs are reduced to what differs from the config classes' defaults.
#include <gtest/gtest.h>

#include "arch/build.h"
#include "memory/weights.h"

namespace vram {
namespace {

constexpr vllm::Date kV0_14{2026, 1, 10}, kV0_25{2026, 7, 3}, kV0_33{2026, 11, 5};

constexpr char kQwen3Next[] = R"({"architectures": ["Qwen3NextForCausalLM"]})";
constexpr char kQwen3NextDraft[] = R"({"architectures": ["Qwen3NextMTP"]})";

constexpr char kQwen3_5[] = R"({"architectures": ["Qwen3_5ForCausalLM"], "hidden_size": 5120,
  "intermediate_size": 17408, "linear_num_value_heads": 48, "num_attention_heads": 24, "num_hidden_layers": 64})";

constexpr char kQwen3_5Moe[] = R"({"architectures": ["Qwen3_5MoeForCausalLM"]})";

constexpr char kQwen3_5Vision[] = R"({"architectures": ["Qwen3_5ForConditionalGeneration"],
  "text_config": {"hidden_size": 5120, "intermediate_size": 17408, "linear_num_value_heads": 48,
  "num_attention_heads": 24, "num_hidden_layers": 64}, "vision_config": {"out_hidden_size": 5120}})";

constexpr char kNemotronNano[] = R"({"architectures": ["NemotronHForCausalLM"], "hidden_size": 2688,
  "hybrid_override_pattern": "MEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEM*EMEMEMEM*EMEMEMEME", "mamba_num_heads": 64,
  "moe_intermediate_size": 1856, "moe_shared_expert_intermediate_size": 3712, "n_routed_experts": 128,
  "num_key_value_heads": 2})";

constexpr char kNemotronSuper[] = R"({"architectures": ["NemotronHForCausalLM"], "hybrid_override_pattern":
  "MEMEMEM*EMEMEMEM*EMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEMEM*EMEMEMEM*EMEMEMEME",
  "moe_intermediate_size": 2688, "moe_latent_size": 1024, "moe_shared_expert_intermediate_size": 5376,
  "n_routed_experts": 512, "num_key_value_heads": 2})";

constexpr char kFalconMamba[] = R"({"architectures": ["FalconMambaForCausalLM"], "hidden_size": 4096,
  "intermediate_size": 8192, "num_hidden_layers": 64, "tie_word_embeddings": false, "vocab_size": 65024})";

constexpr char kCodestral[] = R"({"architectures": ["Mamba2ForCausalLM"]})";

constexpr char kGranite4[] = R"({"architectures": ["GraniteMoeHybridForCausalLM"], "hidden_size": 1536,
  "intermediate_size": 512, "num_hidden_layers": 40, "num_attention_heads": 12, "num_key_value_heads": 4,
  "vocab_size": 100352, "num_local_experts": 64, "mamba_d_state": 128, "mamba_n_heads": 48,
  "tie_word_embeddings": true, "layer_types": [
  "mamba", "mamba", "mamba", "mamba", "mamba", "attention", "mamba", "mamba", "mamba", "mamba",
  "mamba", "mamba", "mamba", "mamba", "mamba", "attention", "mamba", "mamba", "mamba", "mamba",
  "mamba", "mamba", "mamba", "mamba", "mamba", "attention", "mamba", "mamba", "mamba", "mamba",
  "mamba", "mamba", "mamba", "mamba", "mamba", "attention", "mamba", "mamba", "mamba", "mamba"]})";

constexpr char kFalconH1[] = R"({"architectures": ["FalconH1ForCausalLM"], "hidden_size": 3072,
  "intermediate_size": 12288, "num_hidden_layers": 44, "num_attention_heads": 12, "num_key_value_heads": 2,
  "head_dim": 128, "vocab_size": 130049, "mamba_d_ssm": 3072, "mamba_n_heads": 24})";

constexpr char kKimiLinear[] = R"({"architectures": ["KimiLinearForCausalLM"], "hidden_size": 2304,
  "intermediate_size": 9216, "num_hidden_layers": 27, "kv_lora_rank": 512, "qk_nope_head_dim": 128,
  "qk_rope_head_dim": 64, "v_head_dim": 128, "moe_intermediate_size": 1024, "num_experts": 256,
  "num_shared_experts": 1, "first_k_dense_replace": 1, "linear_attn_config": {"head_dim": 128, "num_heads": 32,
  "short_conv_kernel_size": 4, "kda_layers": [1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14, 15, 17, 18, 19, 21, 22, 23, 25,
  26]}})";

constexpr char kLfm2[] = R"({"architectures": ["Lfm2ForCausalLM"], "hidden_size": 2048, "conv_dim": 2048,
  "num_hidden_layers": 16, "full_attn_idxs": [2, 5, 8, 10, 12, 14]})";

constexpr char kMiniMax[] = R"({"architectures": ["MiniMaxText01ForCausalLM"], "hidden_size": 6144,
  "intermediate_size": 9216, "num_hidden_layers": 8, "num_attention_heads": 64, "head_dim": 128,
  "vocab_size": 200064, "attn_type_list": [0, 0, 0, 0, 0, 0, 0, 1], "num_local_experts": 32, "rotary_dim": 64})";

constexpr char kJamba[] = R"({"architectures": ["JambaForCausalLM"]})";

constexpr char kZamba2[] = R"({"architectures": ["Zamba2ForCausalLM"], "hidden_size": 1024, "num_hidden_layers": 20,
  "layers_block_type": ["mamba", "mamba", "mamba", "mamba", "hybrid", "mamba", "mamba", "mamba", "mamba", "hybrid",
  "mamba", "mamba", "mamba", "mamba", "hybrid", "mamba", "mamba", "mamba", "mamba", "hybrid"],
  "num_attention_heads": 16, "n_mamba_heads": 16, "num_mem_blocks": 2, "use_shared_attention_adapter": true,
  "adapter_rank": 64, "use_mem_rope": true})";

struct Case {
  const char* name;
  const char* config;
  vllm::Date as_of = kV0_33;
  std::int64_t tensor = 1;
  std::int64_t parameters;
};

const Case kCases[] = {
    {.name = "Qwen3-Next 80B without its draft layer", .config = kQwen3Next, .parameters = 79'674'391'296},
    {.name = "the draft layer is the rest of the published 81,324,862,720",
     .config = kQwen3NextDraft,
     .parameters = 81'324'862'720 - 79'674'391'296},
    {.name = "Qwen3-Next over eight ranks, vLLM 0.14.1",
     .config = kQwen3Next,
     .as_of = kV0_14,
     .tensor = 8,
     .parameters = 10'013'045'536},
    {.name = "Qwen3.5 27B, text", .config = kQwen3_5, .parameters = 26'895'998'464},
    {.name = "Qwen3.5 35B-A3B, text", .config = kQwen3_5Moe, .parameters = 34'660'610'688},
    {.name = "Qwen3.5 27B with its tower, vLLM 0.33.0", .config = kQwen3_5Vision, .parameters = 27'356'728'560},
    {.name = "the tower is divided as the rest", .config = kQwen3_5Vision, .tensor = 8, .parameters = 3'445'194'574},
    {.name = "Nemotron 3 Nano", .config = kNemotronNano, .parameters = 31'577'940'288},
    {.name = "Nemotron 3 Super on eight ranks: experts in the latent space, one group a rank",
     .config = kNemotronSuper,
     .tensor = 8,
     .parameters = 15'457'218'432},
    {.name = "Falcon-Mamba 7B", .config = kFalconMamba, .parameters = 7'272'665'088},
    {.name = "Falcon-Mamba over eight ranks, vLLM 0.33.0",
     .config = kFalconMamba,
     .tensor = 8,
     .parameters = 909'316'096},
    {.name = "Codestral Mamba 7B", .config = kCodestral, .as_of = kV0_14, .parameters = 7'285'403'648},
    {.name = "Granite 4.0 H Tiny", .config = kGranite4, .parameters = 6'939'037'248},
    {.name = "its single group is repeated on both ranks",
     .config = kGranite4,
     .tensor = 2,
     .parameters = 3'478'647'840},
    {.name = "a model of Falcon-H1's shape, vLLM 0.33.0", .config = kFalconH1, .parameters = 7'585'906'784},
    {.name = "Kimi-Linear on four ranks, vLLM 0.14.1",
     .config = kKimiLinear,
     .as_of = kV0_14,
     .tensor = 4,
     .parameters = 12'308'091'296},
    {.name = "from 0.27 on an eighth of its experts is padded to 256 columns",
     .config = kKimiLinear,
     .tensor = 8,
     .parameters = 12'061'129'040},
    {.name = "LFM2 1.2B", .config = kLfm2, .parameters = 1'170'340'608},
    {.name = "Jamba v0.1", .config = kJamba, .parameters = 51'570'323'328},
    {.name = "two blocks of attention shared by four layers, vLLM 0.33.0",
     .config = kZamba2,
     .tensor = 2,
     .parameters = 116'457'440},
};

Model built(const char* config, vllm::Date as_of, int capability = 90) {
  arch::BuildOptions options;
  options.as_of = as_of;
  options.capability = capability;
  const auto source = read_config_json(config, "test", "config.json");
  EXPECT_TRUE(source);
  auto model = arch::build(*source, options);
  EXPECT_TRUE(model) << model.error().sentence();
  return model ? *model : Model();
}

memory::Weights weighed(const Model& model, vllm::Date as_of, std::int64_t tensor = 1, int capability = 90) {
  memory::Parallel parallel;
  parallel.tensor = tensor;
  const memory::Stage whole{.end = std::int64_t(model.layers.size())};
  const auto weights = memory::weigh(model, parallel, whole, {as_of, capability}, {});
  EXPECT_TRUE(weights) << weights.error().sentence();
  return weights ? *weights : memory::Weights();
}

TEST(Hybrid, Parameters) {
  for (const Case& each : kCases) {
    SCOPED_TRACE(each.name);
    EXPECT_EQ(weighed(built(each.config, each.as_of), each.as_of, each.tensor).elements, each.parameters);
  }
}

Bytes in_float(const memory::Weights& weights) { return weights.by_dtype[std::size_t(Dtype::kFloat32)]; }

TEST(Hybrid, SomeTensorsStayInFloat) {
  EXPECT_EQ(in_float(weighed(built(kMiniMax, kV0_14), kV0_14)) - Bytes(16 + 131'072 * 64 * 4),
            Bytes(4) * (8 * 32 * 6144 + 200'064 * 6144))
      << "routers and the output head of MiniMax-Text-01, beside its scales and its rotary table";
  const auto routers = [](int capability) {
    return in_float(weighed(built(kNemotronNano, kV0_33, capability), kV0_33, 1, capability));
  };
  EXPECT_EQ(routers(80) - routers(90), Bytes(4) * (23 * 128 * 2688)) << "no kernel for the router before Hopper";
  EXPECT_EQ(routers(100), routers(90));
}

TEST(Hybrid, DecaysOfQwen3Next) {
  const Bytes decays = Bytes(36 * 32);
  EXPECT_EQ(in_float(weighed(built(kQwen3Next, kV0_14), kV0_14)), Bytes(12 * 16)) << "scales of attention alone";
  EXPECT_EQ(in_float(weighed(built(kQwen3Next, kV0_33), kV0_33)), Bytes(12 * 16) + decays * 4);
}

TEST(Hybrid, WhatLayersRemember) {
  const auto names = [](const Model& model, std::size_t layer) {
    std::string text;
    for (const CacheLayer& cache : model.kinds[std::size_t(model.layers[layer])].caches)
      text += (text.empty() ? "" : " ") + cache.name;
    return text;
  };
  EXPECT_EQ(names(built(kFalconH1, kV0_33), 0), "self_attn.attn mamba.mamba") << "both in every layer";
  EXPECT_EQ(names(built(kKimiLinear, kV0_25), 3), "self_attn.attn");
  EXPECT_EQ(names(built(kKimiLinear, kV0_33), 3), "self_attn");
  const Model zamba = built(kZamba2, kV0_33);
  EXPECT_EQ(names(zamba, 0), "attn.0 attn.1 attn.2 attn.3 mixer") << "the shared blocks come before all layers";
  EXPECT_EQ(names(zamba, 4), "mixer");
  EXPECT_TRUE(zamba.recurrent);
  const auto& delta = std::get<GatedDeltaState>(built(kQwen3Next, kV0_33).kinds[0].caches[0].cache);
  EXPECT_EQ(delta.value_heads, 32);
  EXPECT_EQ(delta.kernel, 4);
}

TEST(Hybrid, LayersMustBeNamed) {
  arch::BuildOptions options;
  options.as_of = kV0_33;
  const auto refusal = [&](const char* config) {
    const auto model = arch::build(*read_config_json(config, "test", "config.json"), options);
    return model ? std::string() : model.error().sentence();
  };
  EXPECT_NE(refusal(R"({"architectures": ["Qwen3NextForCausalLM"], "layer_types": ["linear_attention"]})")
                .find("names 1 layers of 48"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"architectures": ["NemotronHForCausalLM"], "hybrid_override_pattern": "MX"})").find("\"X\""),
            std::string::npos);
}

}  // namespace
}  // namespace vram
