// Layer specs, backends and block sizes against answers of vLLM's own code, for models made by hand.
#include "memory/kv_spec.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "kv_spec_models.h"

namespace vram::memory {
namespace {

std::string text(KvSpec::Kind kind) {
  using Kind = KvSpec::Kind;
  switch (kind) {
    case Kind::kFull:
      return "full";
    case Kind::kSinkFull:
      return "sink";
    case Kind::kReferenceWindow:
      return "reference window";
    case Kind::kMla:
      return "mla";
    case Kind::kHiddenState:
      return "hidden";
    case Kind::kSlidingWindow:
      return "window";
    case Kind::kSlidingWindowMla:
      return "window mla";
    case Kind::kChunkedLocal:
      return "chunked";
    case Kind::kCircularBuffer:
      return "ring";
    case Kind::kCross:
      return "cross";
    case Kind::kMamba:
      return "mamba";
  }
  return "";
}

/// Unlike specs in the order of layers: "32 full 65536/16", where a page is written as it is before other pages matter.
std::string specs_of(const KvSpecs& specs) {
  std::vector<std::pair<KvSpec, int>> unlike;
  for (const KvLayer& layer : specs.layers) {
    const auto same = [&](const auto& each) { return each.first == layer.spec; };
    const auto found = std::find_if(unlike.begin(), unlike.end(), same);
    if (found == unlike.end())
      unlike.emplace_back(layer.spec, 1);
    else
      ++found->second;
  }
  std::string all;
  for (const auto& [spec, layers] : unlike)
    all += (all.empty() ? "" : ", ") + std::to_string(layers) + ' ' + text(spec.kind) + ' ' +
           std::to_string(spec.page_size().count()) + '/' + std::to_string(spec.block_size.count());
  return all;
}

std::string backends_of(const KvSpecs& specs) {
  std::string all;
  for (const auto& [name, layers] : specs.backends.layers)
    all += (all.empty() ? "" : ", ") + std::to_string(layers) + ' ' + name;
  return all;
}

struct Serve {
  std::int64_t tensor = 1;
  std::string cache_dtype = "auto";
  std::optional<Tokens> block = {};
  std::string mamba_mode = {};
  std::int64_t length = 262144;
  std::vector<std::string> skip = {};
  bool prefix_caching = true;
  std::int64_t drafts = 0;
  std::int64_t context_parallel = 1;
  bool multimodal_prefix = false;
  std::string backend = {};
};

Result<KvSpecs> served(const Model& model, const char* release, int capability, const Serve& serve) {
  KvSettings settings;
  settings.cache_dtype = serve.cache_dtype;
  settings.block_size = serve.block;
  settings.mamba_cache_mode = serve.mamba_mode;
  settings.max_model_len = Tokens(serve.length);
  settings.cache_dtype_skip_layers = serve.skip;
  settings.prefix_caching = serve.prefix_caching;
  settings.speculative_tokens = serve.drafts;
  settings.decode_context_parallel = serve.context_parallel;
  settings.multimodal_prefix = serve.multimodal_prefix;
  settings.attention_backend = serve.backend;
  Parallel parallel;
  parallel.tensor = serve.tensor;
  Platform platform;
  platform.as_of = vllm::read_engine(release)->as_of;
  platform.capability = capability;
  return kv_specs(model, nullptr, parallel, Stage{0, 1, 0, std::int64_t(model.layers.size())}, platform, settings);
}

struct Row {
  const char* name;
  Model model;
  const char* release;
  int capability;
  Serve serve;
  const char* specs;
  const char* backends;
  std::int64_t block;
  const char* layout;
};

std::vector<Row> dense() {
  return {
      {"0.9", llama_8b(), "0.9.2", 90, {}, "32 full 65536/16", "32 FLASH_ATTN_VLLM_V1", 16, ""},
      {"Blackwell without FlashInfer",
       llama_8b(),
       "0.10.2",
       100,
       {},
       "32 full 65536/16",
       "32 FLASH_ATTN_VLLM_V1",
       16,
       ""},
      {"Blackwell with it", llama_8b(), "0.33.0", 100, {}, "32 full 65536/16", "32 FLASHINFER", 16, "LBHNC"},
      {"heads are repeated", llama_8b(), "0.33.0", 90, {.tensor = 16}, "32 full 8192/16", "32 FLASH_ATTN", 16, "LBNHC"},
      {"fp8", llama_8b(), "0.33.0", 89, {.cache_dtype = "fp8"}, "32 full 32768/16", "32 FLASHINFER", 16, "LBNHC"},
      {"e5m2", llama_8b(), "0.33.0", 90, {.cache_dtype = "fp8_e5m2"}, "32 full 32768/16", "32 FLASHINFER", 16, "LBNHC"},
      {"a scale a head",
       llama_8b(),
       "0.33.0",
       90,
       {.cache_dtype = "int8_per_token_head"},
       "32 full 33792/16",
       "32 TRITON_ATTN",
       16,
       "LBNHC"},
      {"int4",
       llama_8b(),
       "0.33.0",
       90,
       {.cache_dtype = "int4_per_token_head"},
       "32 full 17408/16",
       "32 TRITON_ATTN",
       16,
       "LBNHC"},
      {"nvfp4", llama_8b(), "0.33.0", 100, {.cache_dtype = "nvfp4"}, "32 full 18432/16", "32 FLASHINFER", 16, "LBHNC"},
      {"TurboQuant between plain ends",
       llama_8b(),
       "0.33.0",
       90,
       {.cache_dtype = "turboquant_4bit_nc", .skip = {"0", "1", "30", "31"}},
       "4 full 131072/32, 28 full 34304/32",
       "4 FLASH_ATTN, 28 TURBOQUANT",
       32,
       "LBNHC"},
      {"plain layers in an fp8 model",
       llama_8b(),
       "0.33.0",
       90,
       {.cache_dtype = "fp8", .skip = {"0", "31"}},
       "2 full 131072/32, 30 full 65536/32",
       "32 FLASH_ATTN",
       32,
       "LBNHC"},
      {"windows",
       gemma3_27b(),
       "0.14.1",
       90,
       {.tensor = 2, .multimodal_prefix = true},
       "52 window 65536/16, 10 full 65536/16",
       "62 TRITON_ATTN",
       16,
       ""},
      {"plain windows in an fp8 model",
       gemma3_27b(),
       "0.33.0",
       90,
       {.tensor = 2, .cache_dtype = "fp8", .skip = {"sliding_window"}, .multimodal_prefix = true},
       "52 window 65536/16, 10 full 65536/32",
       "62 TRITON_ATTN",
       32,
       "LBNHC"},
      {"sinks off Hopper",
       gpt_oss_20b(),
       "0.10.2",
       80,
       {},
       "12 window 32768/16, 12 full 32768/16",
       "24 TRITON_ATTN_VLLM_V1",
       16,
       ""},
      {"sinks on consumer Blackwell",
       gpt_oss_20b(),
       "0.33.0",
       120,
       {},
       "12 window 32768/16, 12 full 32768/16",
       "24 FLASHINFER",
       16,
       "LBNHC"},
      {"padded values",
       mimo_v2_flash(),
       "0.19.0",
       90,
       {.tensor = 8, .block = Tokens(32)},
       "2 full 24576/32, 2 window 24576/32",
       "4 FLASH_ATTN",
       32,
       ""},
      {"narrow values",
       mimo_v2_flash(),
       "0.28.0",
       90,
       {.tensor = 8},
       "2 full 10240/16, 2 window 10240/16",
       "4 FLASH_ATTN_DIFFKV",
       16,
       ""},
  };
}

std::vector<Row> latent() {
  return {
      {"a flag of full attention",
       deepseek_r1(),
       "0.10.2",
       90,
       {.tensor = 8},
       "61 full 73728/64",
       "61 FLASHMLA_VLLM_V1",
       64,
       ""},
      {"64 although FlashAttention",
       deepseek_r1(),
       "0.14.1",
       90,
       {.tensor = 8},
       "61 mla 73728/64",
       "61 FLASH_ATTN_MLA",
       64,
       ""},
      {"the backend's own block",
       deepseek_r1(),
       "0.28.0",
       90,
       {.tensor = 8},
       "61 mla 18432/16",
       "61 FLASH_ATTN_MLA",
       16,
       ""},
      {"fp8 on Hopper",
       deepseek_r1(),
       "0.33.0",
       90,
       {.tensor = 8, .cache_dtype = "fp8", .context_parallel = 8},
       "61 mla 36864/64",
       "61 FLASHMLA",
       64,
       "LBNHC"},
      {"fp8 on Blackwell",
       deepseek_r1(),
       "0.33.0",
       100,
       {.tensor = 8, .cache_dtype = "fp8"},
       "61 mla 18432/32",
       "61 FLASHINFER_MLA",
       32,
       "LBNHC"},
      {"sparse",
       deepseek_v32(),
       "0.14.1",
       90,
       {.tensor = 4},
       "61 mla 8448/64, 61 mla 73728/64",
       "61 DeepseekV32IndexerBackend, 61 FLASHMLA_SPARSE",
       64,
       ""},
      {"sparse, FlashAttention",
       deepseek_v32(),
       "0.33.0",
       90,
       {.tensor = 8},
       "61 mla 8448/64, 61 mla 73728/64",
       "61 DEEPSEEK_V32_INDEXER, 61 FLASH_ATTN_MLA_SPARSE",
       64,
       "LBNHC"},
      {"sparse, packed rows",
       deepseek_v32(),
       "0.33.0",
       90,
       {.tensor = 8, .cache_dtype = "fp8"},
       "61 mla 8448/64, 61 mla 41984/64",
       "61 DEEPSEEK_V32_INDEXER, 61 FLASHMLA_SPARSE",
       64,
       "LBNHC"},
      {"sparse, plain fp8 rows",
       deepseek_v32(),
       "0.33.0",
       100,
       {.tensor = 8, .cache_dtype = "fp8"},
       "61 mla 8448/64, 61 mla 36864/64",
       "61 DEEPSEEK_V32_INDEXER, 61 FLASHINFER_MLA_SPARSE",
       64,
       "LBNHC"},
      {"sparse on consumer Blackwell",
       deepseek_v32(),
       "0.33.0",
       120,
       {.tensor = 8},
       "61 mla 8448/64, 61 mla 41984/64",
       "61 DEEPSEEK_V32_INDEXER, 61 FLASHINFER_MLA_SPARSE_SM120",
       64,
       "LBNHC"},
      {"compressed",
       deepseek_v4(),
       "0.33.0",
       90,
       {.tensor = 8, .cache_dtype = "fp8"},
       "3 window mla 37440/64, 1 mla 37440/256, 1 window mla 32832/4, 1 mla 8640/256, 1 window mla 8640/4, "
       "1 mla 1728/256, 1 window mla 32832/8",
       "3 DEEPSEEK_SPARSE_SWA, 3 FLASHMLA_SPARSE_DSV4, 3 CompressorBackend, 1 DEEPSEEK_V4_INDEXER",
       256,
       "BLHNC"},
  };
}

std::vector<Row> recurrent() {
  return {
      {"a state a request",
       qwen3_next(),
       "0.10.2",
       90,
       {.tensor = 4, .length = 8192, .prefix_caching = false},
       "2 full 278528/272, 6 mamba 278528/8192",
       "6 GDNAttentionBackend, 2 FLASH_ATTN_VLLM_V1",
       272,
       ""},
      {"specs start from 16 again",
       qwen35_27b(),
       "0.19.0",
       90,
       {.mamba_mode = "none", .prefix_caching = false},
       "6 mamba 3211264/262144, 2 full 65536/16",
       "6 GDN_ATTN, 2 FLASH_ATTN",
       16,
       ""},
      {"aligned states",
       qwen35_27b(),
       "0.25.1",
       90,
       {.mamba_mode = "align"},
       "6 mamba 3211264/784, 2 full 3211264/784",
       "6 GDN_ATTN, 2 FLASH_ATTN",
       784,
       ""},
      {"states that can be handed over",
       qwen35_27b(),
       "0.33.0",
       120,
       {.mamba_mode = "align"},
       "6 mamba 3407872/832, 2 full 3407872/832",
       "6 GDN_ATTN, 2 FLASH_ATTN",
       832,
       "LBNHC"},
      {"and those that cannot",
       qwen35_27b(),
       "0.33.0",
       86,
       {.mamba_mode = "align"},
       "6 mamba 3211264/784, 2 full 3211264/784",
       "6 GDN_ATTN, 2 FLASH_ATTN",
       784,
       "LBNHC"},
      {"rows of drafts",
       qwen35_27b(),
       "0.33.0",
       90,
       {.mamba_mode = "align", .drafts = 3},
       "6 mamba 3407872/832, 2 full 3407872/832",
       "6 GDN_ATTN, 2 FLASH_ATTN",
       832,
       "LBNHC"},
      {"beside TurboQuant",
       qwen35_27b(),
       "0.33.0",
       90,
       {.cache_dtype = "turboquant_k8v4", .mamba_mode = "align"},
       "6 mamba 3277824/2112, 2 full 3277824/2112",
       "6 GDN_ATTN, 2 TURBOQUANT",
       2112,
       "LBNHC"},
      {"beside nvfp4",
       qwen35_27b(),
       "0.33.0",
       100,
       {.cache_dtype = "nvfp4", .mamba_mode = "align"},
       "6 mamba 3244032/2816, 2 full 3244032/2816",
       "6 GDN_ATTN, 2 FLASHINFER",
       2816,
       "LBHNC"},
      {"every block of states",
       nemotron_nano(),
       "0.25.1",
       90,
       {.mamba_mode = "all"},
       "8 mamba 2228224/2176, 2 full 2228224/2176",
       "8 MAMBA2_ATTN, 2 FLASH_ATTN",
       2176,
       ""},
      {"a block that was asked for",
       nemotron_nano(),
       "0.33.0",
       90,
       {.block = Tokens(64), .mamba_mode = "align"},
       "8 mamba 2162688/2112, 2 full 2162688/2112",
       "8 MAMBA2_ATTN, 2 FLASH_ATTN",
       2112,
       "LBNHC"},
      {"latent attention",
       kimi_linear(),
       "0.14.1",
       90,
       {.tensor = 2, .length = 1048576, .prefix_caching = false},
       "6 mamba 1105920/1048576, 2 mla 1105920/960",
       "6 GDNAttentionBackend, 2 FLASH_ATTN_MLA",
       960,
       ""},
      {"latent attention in blocks of 128",
       kimi_linear(),
       "0.33.0",
       90,
       {.tensor = 2, .mamba_mode = "none", .length = 1048576, .prefix_caching = false},
       "6 mamba 1179648/1048576, 2 mla 1179648/1024",
       "6 GDN_ATTN, 2 FLASH_ATTN_MLA",
       1024,
       "LBNHC"},
      {"states alone",
       falcon_mamba(),
       "0.33.0",
       90,
       {.length = 2048, .prefix_caching = false},
       "64 mamba 311296/2048",
       "64 MAMBA1_ATTN",
       16,
       "LBNHC"},
  };
}

void expect_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const auto specs = served(row.model, row.release, row.capability, row.serve);
    ASSERT_TRUE(specs) << row.name << ": " << specs.error().sentence();
    EXPECT_EQ(specs_of(*specs), row.specs) << row.name;
    EXPECT_EQ(backends_of(*specs), row.backends) << row.name;
    EXPECT_EQ(specs->backends.block_size.count(), row.block) << row.name;
    EXPECT_EQ(specs->backends.layout, row.layout) << row.name;
  }
}

TEST(KvSpecs, Dense) { expect_rows(dense()); }
TEST(KvSpecs, Latent) { expect_rows(latent()); }
TEST(KvSpecs, Recurrent) { expect_rows(recurrent()); }

TEST(KvSpecs, LayersTellWhatTheyPutInPlaceOfTheCacheDtype) {
  EXPECT_EQ(served(deepseek_v4(), "0.33.0", 90, {})->backends.cache_dtype, "fp8_ds_mla");
  EXPECT_EQ(served(deepseek_v32(), "0.33.0", 120, {})->backends.cache_dtype, "fp8_ds_mla");
  EXPECT_EQ(served(deepseek_v32(), "0.33.0", 90, {})->backends.cache_dtype, "auto");
}

TEST(KvSpecs, DraftsFollowOnTheLastStage) {
  const Model target = llama_8b(), draft = with_heads(model_of({{{"attn", FullAttention{{8, 64, 64}}}}}, 1), 32, 8, 64);
  KvSettings settings;
  settings.max_model_len = Tokens(8192);
  const Platform platform{vllm::newest().as_of, 90};
  const auto first = kv_specs(target, &draft, {}, Stage{0, 2, 0, 16}, platform, settings);
  const auto last = kv_specs(target, &draft, {}, Stage{1, 2, 16, 32}, platform, settings);
  ASSERT_TRUE(first && last);
  EXPECT_EQ(first->layers.size(), 16U);
  ASSERT_EQ(last->layers.size(), 17U);
  EXPECT_TRUE(last->layers.back().draft);
  EXPECT_EQ(last->layers.back().layer, 32);
  EXPECT_EQ(last->layers.back().spec.page.count(), 32768);
}

struct Refusal {
  Model model;
  const char* release;
  int capability;
  Serve serve;
  const char* words;
};

TEST(KvSpecs, RefusalsAreVllmsWords) {
  const std::vector<Refusal> refusals = {
      {llama_8b(),
       "0.33.0",
       90,
       {.cache_dtype = "octave_k3v3"},
       "No valid attention backend found for cuda with AttentionSelectorConfig(head_size=128, dtype=torch.bfloat16, "
       "kv_cache_dtype=octave_k3v3, block_size=None, use_mla=False, has_sink=False, use_sparse=False, "
       "use_mm_prefix=False, use_per_head_quant_scales=False, attn_type=AttentionType.DECODER, "
       "has_sliding_window=False, use_non_causal=False, use_batch_invariant=False, use_kv_connector=False, "
       "use_adaptive_verification=False, use_pcp=False, use_dcp=False, use_rswa=False). Reasons: {FLASH_ATTN: "
       "[kv_cache_dtype not supported], FLASHINFER: [kv_cache_dtype not supported], TRITON_ATTN: [kv_cache_dtype not "
       "supported], FLEX_ATTENTION: [kv_cache_dtype not supported], TURBOQUANT: [kv_cache_dtype not supported]}."},
      {deepseek_v32(),
       "0.33.0",
       90,
       {.tensor = 8, .context_parallel = 8},
       "DCP for FlashMLA sparse requires an fp8_ds_mla kv-cache; the bf16 sparse path is not supported under DCP."},
      {deepseek_v4(),
       "0.33.0",
       90,
       {.cache_dtype = "bfloat16"},
       "DeepseekV4 fp8_ds_mla layout only supports fp8 kv-cache, got bfloat16. Please set `--kv-cache-dtype fp8` or "
       "select a backend that supports bfloat16 KV cache."},
      {nemotron_nano(), "0.14.1", 90, {.drafts = 2}, "Mamba with speculative decoding is not supported yet."},
  };
  for (const Refusal& refusal : refusals) {
    const auto specs = served(refusal.model, refusal.release, refusal.capability, refusal.serve);
    ASSERT_FALSE(specs);
    EXPECT_EQ(specs.error().code, ErrorCode::kRefused);
    EXPECT_EQ(specs.error().problem, refusal.words);
  }
}

TEST(KvSpecs, ABackendThatVllmDoesNotHave) {
  const auto specs = served(llama_8b(), "0.33.0", 90, {.backend = "FLASH"});
  ASSERT_FALSE(specs);
  EXPECT_EQ(specs.error().code, ErrorCode::kBadInput);
}

}  // namespace
}  // namespace vram::memory
