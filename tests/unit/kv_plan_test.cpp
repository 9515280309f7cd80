// The planner against answers of vLLM's own code, one release after another.
#include <gtest/gtest.h>

#include "kv_fixture.h"

namespace vram::memory {
namespace {

constexpr Bytes k2GiB(2'147'483'648), k10GiB(11'134'702'714), k40GiB(42'949'685'305), k100GiB(107'374'182'401);

std::vector<KvSpec> llama_8b() { return repeated({full(16, 65536)}, 32); }

/// Five windows, then a full layer.
std::vector<KvSpec> gemma3_27b_tp2() {
  const KvSpec window = sliding(16, 65536, 1024);
  return repeated({window, window, window, window, window, full(16, 65536)}, 62);
}
std::vector<KvSpec> gpt_oss_20b(std::int64_t page) { return repeated({sliding(16, page, 128), full(16, page)}, 24); }
std::vector<KvSpec> scout_tp4() {
  const KvSpec local = chunked(16, 16384, 8192);
  return repeated({local, local, local, full(16, 16384)}, 48);
}
/// Three gated delta nets, then attention.
std::vector<KvSpec> qwen35_27b(std::int64_t block, std::int64_t page, std::int64_t state_block) {
  const KvSpec state = recurrent(state_block, 3'207'168, page);
  return repeated({state, state, state, full(block, page)}, 64);
}

struct Case {
  const char* name;
  const char* release;
  std::vector<KvSpec> layers;
  KvSettings settings;
  Bytes available;
  std::int64_t blocks, tokens;
  const char* concurrency;
  std::vector<std::int64_t> per_request;
  std::int64_t needed;
};

KvSettings batches(KvSettings settings, std::int64_t count) {
  settings.max_concurrent_batches = count;
  return settings;
}
KvSettings mode(KvSettings settings, const char* mamba) {
  settings.mamba_cache_mode = mamba;
  return settings;
}
KvSettings encoding(KvSettings settings, std::int64_t batched, std::int64_t longest) {
  settings.max_num_batched_tokens = batched;
  settings.encoder_tokens = longest;
  return settings;
}
/// Layers of the decoder that attend to itself and to what the encoder read.
std::vector<KvSpec> whisper_base() {
  return repeated({full(16, 16384), attention(KvSpec::Kind::kCross, 16, Bytes(16384))}, 12);
}
KvSettings context_parallel(KvSettings settings, std::int64_t ranks) {
  settings.decode_context_parallel = ranks;
  return settings;
}

std::vector<Case> cases() {
  return {
      {"0.9 counts tokens in whole blocks of a group",
       "0.9.2",
       repeated({full(16, 32768)}, 32),
       of_length(131072),
       k10GiB,
       10618,
       169'888,
       "1.30x",
       {8192},
       8'589'934'592},
      {"0.9 cuts runs of the smallest bucket, and checks layer by layer",
       "0.9.2",
       gemma3_27b_tp2(),
       of_length(131072),
       k40GiB,
       65536,
       149'792,
       "5.62x",
       {8192, 577, 577, 577, 577, 577, 577},
       7'335'051'264},
      {"0.10 charges one state a request",
       "0.10.2",
       repeated({recurrent(8192, 270'336, 278'528), recurrent(8192, 270'336, 278'528),
                 recurrent(8192, 270'336, 278'528), full(272, 278'528)},
                48),
       of_length(8192),
       k100GiB,
       32125,
       2'184'432,
       "944.85x",
       {31, 1, 1, 1},
       113'639'424},
      {"0.10 puts full attention first",
       "0.10.2",
       gpt_oss_20b(16384),
       of_length(131072),
       k100GiB,
       546'133,
       4'369'056,
       "62.68x",
       {8192, 521},
       1'713'045'504},
      {"0.14 checks only the first group, so Scout starts below one request",
       "0.14.1",
       scout_tp4(),
       of_length(10'485'760),
       k40GiB,
       218'453,
       873'808,
       "0.33x",
       {1024, 1024, 1024, 655'360},
       201'326'592},
      {"0.14 takes every sixth window",
       "0.14.1",
       gemma3_27b_tp2(),
       of_length(131072),
       k2GiB,
       3276,
       7488,
       "0.28x",
       {577, 577, 577, 577, 577, 577, 8192},
       378'142'720},
      {"0.19 adds up all groups",
       "0.19.0",
       qwen35_27b(784, 3'211'264, 262144),
       mode(of_length(262144), "none"),
       k40GiB,
       835,
       163'072,
       "2.47x",
       {1, 1, 1, 335},
       17'366'515'712},
      {"0.25 counts tokens by concurrency",
       "0.25.1",
       repeated({recurrent(262144, 2'146'304, 2'162'688), recurrent(262144, 2'146'304, 2'162'688),
                 recurrent(262144, 2'146'304, 2'162'688), full(1056, 2'162'688)},
                40),
       mode(of_length(262144), "none"),
       k10GiB,
       514,
       534'690,
       "2.04x",
       {1, 1, 1, 249},
       5'449'973'760},
      {"0.28 keeps the blocks of two batches in flight",
       "0.28.0",
       gemma3_27b_tp2(),
       batches(of_length(131072), 2),
       k40GiB,
       65536,
       583'317,
       "4.45x",
       {1089, 1089, 1089, 1089, 1089, 1089, 8192},
       9'650'831'360},
      {"0.28 holds two states a request in align mode",
       "0.28.0",
       repeated({recurrent(272, 270'336, 278'528), recurrent(272, 270'336, 278'528), recurrent(272, 270'336, 278'528),
                 full(272, 278'528)},
                48),
       mode(batches(of_length(262144), 2), "align"),
       k40GiB,
       12850,
       3'472'732,
       "13.25x",
       {2, 2, 2, 964},
       3'242'065'920},
      {"an encoder may read a batch",
       "0.33.0",
       whisper_base(),
       encoding(of_length(448), 8192, 1500),
       k10GiB,
       113268,
       93'970,
       "209.76x",
       {28, 512},
       53'084'160},
      {"0.14 checks the first group alone",
       "0.14.1",
       repeated({full(16, 32768), attention(KvSpec::Kind::kCross, 16, Bytes(32768))}, 12),
       encoding(of_length(448), 8192, 1500),
       Bytes(10'737'430'585),
       54613,
       436'896,
       "101.14x",
       {28, 512},
       5'505'024},
      {"up to 0.12 an encoder read one input",
       "0.12.0",
       whisper_base(),
       encoding(of_length(448), 8192, 1500),
       k10GiB,
       113268,
       906'144,
       "928.43x",
       {28, 94},
       11'993'088},
      {"context parallelism divides full attention, not states",
       "0.33.0",
       [] {
         KvSpec state = recurrent(192, 190'000, 196'608);
         state.checkpoint_blocks = 1;
         return repeated({state, state, state, full(192, 196'608)}, 48);
       }(),
       mode(context_parallel(of_length(262144), 4), "align"),
       k100GiB,
       45511,
       33'989'844,
       "129.66x",
       {3, 3, 3, 342},
       828'112'896},
  };
}

class Plans : public testing::TestWithParam<Case> {};

TEST_P(Plans, AsVllmDoes) {
  const Case& c = GetParam();
  const KvPlan p = plan(stages(c.layers), c.available, c.release, c.settings);
  ASSERT_FALSE(p.refusal) << c.name << ": " << *p.refusal;
  EXPECT_EQ(p.num_blocks, c.blocks) << c.name;
  EXPECT_EQ(p.tokens, Tokens(c.tokens)) << c.name;
  EXPECT_EQ(printed_concurrency(p.max_concurrency), c.concurrency) << c.name;
  EXPECT_EQ(p.blocks_per_request, c.per_request) << c.name;
  EXPECT_EQ(p.needed, std::vector<Bytes>{Bytes(c.needed)}) << c.name;
  EXPECT_FALSE(p.estimated_max_model_len) << c.name;
}

INSTANTIATE_TEST_SUITE_P(All, Plans, testing::ValuesIn(cases()));

struct Refusal {
  const char* release;
  Bytes available;
  std::int64_t estimate;
  const char* text;
};

class Refuses : public testing::TestWithParam<Refusal> {};

TEST_P(Refuses, WordForWord) {
  const Refusal& r = GetParam();
  const KvPlan p = plan(stages(llama_8b()), r.available, r.release, of_length(131072));
  ASSERT_TRUE(p.refusal);
  EXPECT_EQ(*p.refusal, r.text);
  EXPECT_EQ(p.estimated_max_model_len, Tokens(r.estimate));
}

INSTANTIATE_TEST_SUITE_P(
    All, Refuses,
    testing::Values(
        Refusal{"0.9.2", k2GiB, 16384,
                "To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, "
                "which is larger than the available KV cache memory (2.00 GiB). Based on the available memory, the "
                "estimated maximum model length is 16384. Try increasing `gpu_memory_utilization` or decreasing "
                "`max_model_len` when initializing the engine."},
        Refusal{"0.14.1", k2GiB, 16384,
                "To serve at least one request with the models's max seq len (131072), (16.0 GiB KV cache is needed, "
                "which is larger than the available KV cache memory (2.0 GiB). Based on the available memory, the "
                "estimated maximum model length is 16384. Try increasing `gpu_memory_utilization` or decreasing "
                "`max_model_len` when initializing the engine. See "
                "https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details."},
        // The null block leaves 1023 of 1024 blocks.
        Refusal{"0.33.0", k2GiB, 16368,
                "To serve at least one request with the model's max seq len (131072), (16.0 GiB KV cache is needed, "
                "which is larger than the available KV cache memory (2.0 GiB). Based on the available memory, the "
                "estimated maximum model length is 16368. Try increasing `gpu_memory_utilization` (which also controls "
                "CPU memory on the CPU backend) or decreasing `max_model_len` when initializing the engine. See "
                "https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details."},
        // No block fits, so no length is offered; before 0.14 that leaves two blanks.
        Refusal{"0.10.2", Bytes(1000), 0,
                "To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, "
                "which is larger than the available KV cache memory (0.00 GiB).  Try increasing "
                "`gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine."},
        Refusal{"0.19.0", Bytes(-5), 0,
                "No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing "
                "the engine. See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details."},
        // One block is the null block's.
        Refusal{"0.33.0", Bytes(2'097'152), 0,
                "No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing "
                "the engine (this flag also controls CPU memory reservation on the CPU backend, despite its name). "
                "See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details."},
        Refusal{"0.8.5", k2GiB, 16384,
                "To serve at least one request with the models's max seq len (131072), (16.00 GiB KV cache is needed, "
                "which is larger than the available KV cache memory (2.00 GiB). Based on the available memory,  Try "
                "increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the engine."},
        Refusal{"0.6.6", k2GiB, 16384,
                "The model's max seq len (131072) is larger than the maximum number of tokens that can be stored in "
                "KV cache (16384). Try increasing `gpu_memory_utilization` or decreasing `max_model_len` when "
                "initializing the engine."}));

TEST(FitsTheLength, AndSaysSo) {
  KvSettings settings = of_length(131072);
  settings.fit_max_model_len = true;
  const KvPlan old = plan(stages(llama_8b()), k2GiB, "0.19.0", settings);
  EXPECT_EQ(old.max_model_len, Tokens(16384));
  EXPECT_EQ(old.log, std::vector<std::string>{"Auto-fit max_model_len: reduced from 131072 to 16384 to fit in "
                                              "available GPU memory (2.0 GiB available for KV cache)"});
  const KvPlan now = plan(stages(llama_8b()), k100GiB, "0.33.0", settings);
  EXPECT_EQ(now.log, std::vector<std::string>{"Auto-fit max_model_len: full model context length 131072 fits in "
                                              "available KV cache memory (100.0 GiB GPU)"});
  const KvPlan none = plan(stages(llama_8b()), Bytes(1000), "0.19.0", settings);
  EXPECT_EQ(none.refusal,
            "Cannot auto-fit max_model_len: not enough GPU memory available to serve even a single token. Try "
            "increasing `gpu_memory_utilization`.");
}

TEST(Override, ReplacesBlocksAndFromSpringOf2026Memory) {
  KvSettings settings = of_length(131072);
  settings.num_gpu_blocks_override = 3000;
  const KvPlan blocks = plan(stages(llama_8b()), k40GiB, "0.9.2", settings);
  EXPECT_EQ(blocks.num_blocks, 3000);
  EXPECT_EQ(blocks.tokens, Tokens(48000));
  EXPECT_EQ(printed_concurrency(blocks.max_concurrency), "0.37x");
  EXPECT_EQ(blocks.pool, std::vector<Bytes>{Bytes(6'291'456'000)});
  EXPECT_EQ(blocks.log, std::vector<std::string>{"Overriding num_gpu_blocks=20480 with num_gpu_blocks_override=3000"});
  const KvPlan memory = plan(stages(llama_8b()), k40GiB, "0.33.0", settings);
  EXPECT_TRUE(memory.refusal);
  EXPECT_EQ(memory.estimated_max_model_len, Tokens(47984));
}

TEST(WithoutTheHybridManager, WindowsArePlannedInFull) {
  KvSettings settings = of_length(131072);
  settings.hybrid_manager = false;
  const KvPlan p = plan(stages(gemma3_27b_tp2()), k100GiB, "0.9.2", settings);
  ASSERT_EQ(p.groups.size(), 1u);
  EXPECT_EQ(p.groups[0].spec.kind, KvSpec::Kind::kFull);
  EXPECT_EQ(p.groups[0].spec.window, Tokens(1024));
  EXPECT_EQ(p.num_blocks, 26425);
  // The check of these releases still sees windows.
  EXPECT_EQ(p.needed, std::vector<Bytes>{Bytes(7'335'051'264)});
  EXPECT_EQ(p.log, std::vector<std::string>{kHybridManagerDisabled});
  const KvPlan later = plan(stages(gemma3_27b_tp2()), k100GiB, "0.28.0", settings);
  EXPECT_EQ(later.needed, std::vector<Bytes>{Bytes(33'285'996'544)});
  const KvPlan states = plan(stages(qwen35_27b(832, 3'407'872, 832)), k100GiB, "0.33.0", mode(settings, "align"));
  EXPECT_EQ(states.refusal, "Failed to promote local KV cache specs to one unified type.");
}

TEST(UnlikePages, OfOneTypeShareATable) {
  // DeepSeek-V3.2: a latent cache and its indexer in every layer.
  const std::vector<KvSpec> layers = repeated({latent(64, 73728), latent(64, 8448, "")}, 122);
  const KvPlan p = plan(stages(layers), k40GiB, "0.28.0", of_length(163840));
  ASSERT_EQ(p.groups.size(), 1u);
  EXPECT_TRUE(p.groups[0].uniform_type);
  EXPECT_EQ(p.groups[0].page, Bytes(5'012'736));
  EXPECT_EQ(p.groups[0].members.size(), 2u);
  EXPECT_EQ(p.num_blocks, 8568);
  EXPECT_EQ(p.pool, std::vector<Bytes>{Bytes(42'949'122'048)});
}

TEST(UnlikePages, GrowToTheLargest) {
  // Gemma 4 31B: windows of 16 heads, full layers of half a page, which get blocks of 32.
  const KvSpec window = sliding(16, 262144, 1024);
  const auto layers = repeated({window, window, window, window, window, full(16, 131072)}, 60);
  KvSettings settings = of_length(262144);
  settings.max_num_batched_tokens = 2048;
  const Bytes available(26'349'624'361);  // 24.54 GiB
  const KvPlan old = plan(stages(layers), available, "0.20.0", settings);
  EXPECT_EQ(old.groups.back().spec.block_size, Tokens(32));
  EXPECT_EQ(old.tokens, Tokens(26800));
  const KvPlan by_concurrency = plan(stages(layers), available, "0.25.1", settings);
  EXPECT_EQ(by_concurrency.tokens, Tokens(287'737));
  EXPECT_EQ(printed_concurrency(by_concurrency.max_concurrency), "1.10x");
  const KvPlan in_flight = plan(stages(layers), available, "0.26.0", batches(settings, 2));
  EXPECT_EQ(in_flight.tokens, Tokens(268'940));
  EXPECT_EQ(printed_concurrency(in_flight.max_concurrency), "1.03x");
}

TEST(UnlikePages, ThatDoNotDivideAreNamed) {
  const auto layers = repeated({sliding(16, 100'000, 1024), full(16, 150'000)}, 4);
  EXPECT_EQ(plan(stages(layers), k40GiB, "0.19.0", of_length(1024)).refusal,
            "The page size of the layer is not divisible by the maximum page size. Cannot unify by adjusting "
            "block_size.");
  EXPECT_EQ(plan(stages(layers), k40GiB, "0.25.1", of_length(1024)).refusal,
            "Layer model.layers.0.self_attn.attn: page size is not divisible by the maximum page size and cannot be "
            "padded. Padding is only supported for attention layers whose backend indexes KV pages by the block stride "
            "(indexes_kv_by_block_stride is True).");
  EXPECT_FALSE(plan(stages(layers), k40GiB, "0.33.0", of_length(1024)).refusal);
}

/// DeepSeek-V4-Flash: windows everywhere, in turn compressed four and 128 times.
std::vector<KvSpec> deepseek_v4_flash() {
  const auto aligned = [](KvSpec spec) {
    spec.page_alignment = 576;
    spec.page_padded = Bytes(round_up(spec.page.count(), 576));
    return spec;
  };
  const auto window = [&](std::int64_t block, std::int64_t page, std::int64_t width, const char* format) {
    KvSpec spec = sliding(block, page, width);
    spec.kind = KvSpec::Kind::kSlidingWindowMla;
    spec.cache_dtype = format;
    return aligned(spec);
  };
  const KvSpec swa = window(64, 37376, 128, "fp8_ds_mla");
  const std::vector<KvSpec> four = {swa, aligned(latent(256, 37376, "fp8_ds_mla")), aligned(latent(256, 8448, "")),
                                    window(4, 32768, 8, ""), window(4, 8192, 8, "")};
  const std::vector<KvSpec> hundred = {swa, aligned(latent(256, 1168, "fp8_ds_mla")), window(8, 32768, 128, "")};
  std::vector<KvSpec> layers = {swa, swa};
  for (int i = 2; i < 43; ++i) {
    const auto& layer = i % 2 == 0 ? four : hundred;
    layers.insert(layers.end(), layer.begin(), layer.end());
  }
  return layers;
}

TEST(DeepSeekV4, PacksItsGroupsIntoOneBlock) {
  std::vector<KvSpecs> one = stages(deepseek_v4_flash());
  one.front().backends.layout = "BLHNC";
  const KvPlan p = plan(one, k10GiB, "0.33.0", batches(of_length(1'048'576), 2));
  ASSERT_FALSE(p.refusal);
  std::vector<std::pair<std::int64_t, std::int64_t>> groups;
  for (const KvGroup& group : p.groups) groups.emplace_back(group.layers, group.page.count());
  EXPECT_EQ(groups, (std::vector<std::pair<std::int64_t, std::int64_t>>{
                        {22, 823'680}, {21, 786'240}, {62, 1'002'240}, {42, 870'912}, {20, 656'640}}));
  EXPECT_EQ(p.bytes_per_block, std::vector<Bytes>{Bytes(1'002'240)});
  EXPECT_EQ(p.blocks_per_request, (std::vector<std::int64_t>{259, 259, 4096, 4099, 2065}));
  EXPECT_EQ(p.num_blocks, 11109);
  EXPECT_EQ(p.tokens, Tokens(1'080'778));
}

TEST(Pipeline, TheFullestStageSetsTheBlocks) {
  const KvPlan p = plan(stages(llama_8b(), {15, 17}), k40GiB, "0.33.0", of_length(8192));
  EXPECT_EQ(p.bytes_per_block, (std::vector<Bytes>{Bytes(983'040), Bytes(1'114'112)}));
  EXPECT_EQ(p.num_blocks, 38550);
  EXPECT_EQ(p.pool, (std::vector<Bytes>{Bytes(983'040) * 38550, Bytes(1'114'112) * 38550}));
}

TEST(Pipeline, StagesOf09PlanForThemselves) {
  const KvPlan p = plan(stages(llama_8b(), {15, 17}), k40GiB, "0.9.2", of_length(8192));
  EXPECT_EQ(p.tokens_by_stage, (std::vector<Tokens>{Tokens(43690 * 16), Tokens(38550 * 16)}));
  EXPECT_EQ(p.tokens, Tokens(38550 * 16));
  // Gemma 2 9B: the stages end up with lists of groups that do not match.
  const auto layers = repeated({sliding(16, 65536, 4096), full(16, 65536)}, 42);
  EXPECT_EQ(plan(stages(layers, {21, 21}), k40GiB, "0.10.2", of_length(8192)).refusal, "AssertionError");
  EXPECT_FALSE(plan(stages(layers, {21, 21}), k40GiB, "0.14.1", of_length(8192)).refusal);
}

TEST(ModelsWithoutCache, HaveTheNullBlock) {
  const KvPlan p = plan({KvSpecs{}}, Bytes(0), "0.33.0", of_length(512));
  EXPECT_FALSE(p.refusal);
  EXPECT_EQ(p.num_blocks, 1);
  EXPECT_TRUE(p.groups.empty());
}

}  // namespace
}  // namespace vram::memory
