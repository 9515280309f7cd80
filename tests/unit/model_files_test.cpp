#include "readers/model_files.h"

#include <gtest/gtest.h>

#include "mutations.h"
#include "readers/adapter.h"

namespace vram {
namespace {

constexpr const char* kParams =
    R"({"dim":4096,"n_layers":32,"head_dim":128,"hidden_dim":14336,"n_heads":32,"n_kv_heads":8,"norm_eps":1e-05,)"
    R"("vocab_size":32768,"rope_theta":1000000.0,"max_seq_len":32768})";
constexpr const char* kAdapter =
    R"({"peft_type":"LORA","base_model_name_or_path":"Qwen/Qwen3-8B","r":16,"rank_pattern":{"q_proj":64},)"
    R"("target_modules":["q_proj","v_proj"],"use_rslora":true})";

std::string problem_of(const ModelFiles& files) {
  const auto source = read_model_files(files, "m", "folder");
  return source ? "" : source.error().sentence();
}

TEST(ModelFiles, MistralsParamsBecomeAConfig) {
  const auto source = read_model_files({{"params.json", kParams}}, "m", "folder");
  ASSERT_TRUE(source) << source.error().sentence();
  EXPECT_EQ(source->architecture, "MistralForCausalLM");
  EXPECT_EQ(*source->config.find("num_key_value_heads")->integer(), 8);
  EXPECT_EQ(*source->config.find("intermediate_size")->integer(), 14336);
  EXPECT_EQ(*source->config.find("max_position_embeddings")->integer(), 128'000);
}

TEST(ModelFiles, MistralsVariants) {
  struct Case {
    const char* more;
    const char* architecture;
    const char* key;  // that is set
  };
  const Case cases[] = {
      {R"(,"moe":{"num_experts":8,"num_experts_per_tok":2})", "MixtralForCausalLM", "num_local_experts"},
      {R"(,"moe":{"num_experts":128,"num_experts_per_tok":4,"num_shared_experts":1,"expert_hidden_dim":2048})",
       "MistralLarge3ForCausalLM", "moe_intermediate_size"},
      {R"(,"qk_nope_head_dim":64)", "MistralLarge3ForCausalLM", "n_shared_experts"},
      {R"(,"sliding_window":[4096,null,4096,null])", "MistralForCausalLM", "layer_types"},
      {R"(,"quantization":{"qformat_weight":"fp8_e4m3"})", "MistralForCausalLM", "quantization_config"},
      {R"(,"yarn":{"factor":16,"beta":32,"alpha":1})", "MistralForCausalLM", "rope_parameters"},
  };
  for (const Case& each : cases) {
    std::string text(kParams);
    text.insert(text.size() - 1, each.more);
    const auto source = read_model_files({{"params.json", text}}, "m", "folder");
    ASSERT_TRUE(source) << each.more << ": " << source.error().sentence();
    EXPECT_EQ(source->architecture, each.architecture) << each.more;
    EXPECT_TRUE(source->config.find(each.key)) << each.more;
  }
}

TEST(ModelFiles, ConfigJsonComesFirst) {
  const auto source = read_model_files({{"params.json", kParams},
                                        {"config.json", R"({"architectures":["LlamaForCausalLM"]})"},
                                        {"hf_quant_config.json", R"({"quantization":{"quant_algo":"FP8"}})"}},
                                       "m", "folder");
  ASSERT_TRUE(source);
  EXPECT_EQ(source->architecture, "LlamaForCausalLM");
  EXPECT_TRUE(source->quantisation);
}

TEST(ModelFiles, WhatIsNoModelSaysSo) {
  EXPECT_EQ(problem_of({}), "folder: it has no config.json; give the folder of a model as it was downloaded");
  EXPECT_EQ(problem_of({{"adapter_config.json", kAdapter}}),
            "folder: it holds a LoRA adapter of rank 64, not a model; plan for its base model Qwen/Qwen3-8B with "
            "--enable-lora --max-lora-rank 64");
  EXPECT_NE(problem_of({{"params.json", R"({"multimodal":{"whisper_model_args":{"encoder_args":{"dim":1}}}})"}})
                .find("downsample_factor"),
            std::string::npos);
  EXPECT_NE(problem_of({{"config.json", "[]"}}), "");
}

/// Voxtral-Mini-3B's, in Mistral's own names.
constexpr const char* kVoxtral = R"({"dim":3072,"n_layers":30,"head_dim":128,"hidden_dim":8192,"n_heads":32,
  "n_kv_heads":8,"rope_theta":1e8,"norm_eps":1e-5,"vocab_size":131072,"max_position_embeddings":131072,"multimodal":{
  "whisper_model_args":{"encoder_args":{"audio_encoding_args":{"sampling_rate":16000,"frame_rate":12.5,
  "num_mel_bins":128,"hop_length":160,"window_size":400},"dim":1280,"n_layers":32,"head_dim":64,"hidden_dim":5120,
  "n_heads":20,"vocab_size":51866,"max_source_positions":1500},"downsample_args":{"downsample_factor":4}}}})";

TEST(Params, EncodersStandBesideTheTextModel) {
  const auto sound = read_model_files({{"params.json", kVoxtral}}, "m", "folder");
  ASSERT_TRUE(sound) << sound.error().sentence();
  EXPECT_EQ(sound->architecture, "VoxtralForConditionalGeneration");
  EXPECT_EQ(*sound->text().find("hidden_size")->integer(), 3072);
  EXPECT_FALSE(sound->text().find("multimodal"));
  const json::Value& audio = *sound->config.find("audio_config");
  EXPECT_EQ(*audio.find("d_model")->integer(), 1280);
  EXPECT_EQ(*audio.find("encoder_layers")->integer(), 32);
  EXPECT_EQ(*audio.find("window_size")->integer(), 400);
  EXPECT_EQ(*audio.find("downsample_factor")->integer(), 4);
  EXPECT_EQ(*audio.find("max_position_embeddings")->integer(), 131072);

  std::string realtime = kVoxtral;
  realtime.replace(realtime.find("\"dim\":1280"), 10, "\"causal\":true,\"dim\":1280,\"sliding_window\":750");
  const auto live = read_model_files({{"params.json", realtime}}, "m", "folder");
  ASSERT_TRUE(live) << live.error().sentence();
  EXPECT_EQ(live->architecture, "VoxtralRealtimeGeneration");
  EXPECT_EQ(*live->config.find("audio_config")->find("block_pool_size")->integer(), 4);
  EXPECT_EQ(*live->config.find("audio_config")->find("sliding_window")->integer(), 750);

  const auto seeing = read_model_files(
      {{"params.json", R"({"dim":5120,"n_layers":40,"n_heads":32,"quantization":{"qformat_weight":"fp8_e4m3"},
        "vision_encoder":{"hidden_size":1024,"num_hidden_layers":24,"mm_projector_id":"patch_merge"}})"}},
      "m", "folder");
  ASSERT_TRUE(seeing) << seeing.error().sentence();
  EXPECT_EQ(seeing->architecture, "PixtralForConditionalGeneration");
  EXPECT_EQ(*seeing->config.find("vision_config")->find("num_hidden_layers")->integer(), 24);
  EXPECT_EQ(*seeing->config.find("quantization_config")->find("quant_method")->string(), "fp8");
  EXPECT_EQ(*seeing->text().find("num_hidden_layers")->integer(), 40);
}

TEST(Adapter, HasRankAndTargets) {
  const auto adapter = read_adapter_config(kAdapter, "adapter_config.json");
  ASSERT_TRUE(adapter) << adapter.error().sentence();
  EXPECT_EQ(adapter->rank, 64);
  EXPECT_EQ(adapter->targets, (std::vector<std::string>{"q_proj", "v_proj"}));
  EXPECT_TRUE(adapter->scaled_by_root);
  EXPECT_FALSE(read_adapter_config(R"({"peft_type":"IA3","r":8})", "a"));
  EXPECT_FALSE(read_adapter_config(R"({"r":0})", "a"));
}

TEST(ModelFiles, DamagedOnesNeverCrash) {
  tests::Mutations params{kParams}, adapter{kAdapter};
  for (int i = 0; i < 5000; ++i) {
    const auto one = read_model_files({{"params.json", params.next()}}, "m", "folder");
    const auto two = read_adapter_config(adapter.next(), "a");
    EXPECT_TRUE(one || !one.error().problem.empty());
    EXPECT_TRUE(two || !two.error().problem.empty());
  }
}

}  // namespace
}  // namespace vram
