// The capacity lines of published start-up logs.
#include <gtest/gtest.h>

#include "kv_fixture.h"

namespace vram::memory {
namespace {

std::vector<std::string> lines(const KvPlan& plan, const char* release) {
  return capacity_lines(plan, vllm::read_engine(release)->as_of);
}

TEST(CapacityLines, OfV0CountBlocks) {
  // Qwen2.5-32B on four GPUs and Llama-3.1-8B on one.
  const KvPlan qwen = plan(stages(repeated({full(16, 16384)}, 64)), Bytes(1'048'576) * 2987, "0.6.3", of_length(32768));
  EXPECT_EQ(lines(qwen, "0.6.3"),
            (std::vector<std::string>{"# GPU blocks: 2987, # CPU blocks: 4096",
                                      "Maximum concurrency for 32768 tokens per request: 1.46x"}));
  const KvPlan llama =
      plan(stages(repeated({full(16, 65536)}, 32)), Bytes(2'097'152) * 1952, "0.7.3", of_length(20000));
  EXPECT_EQ(lines(llama, "0.7.3"),
            (std::vector<std::string>{"# cuda blocks: 1952, # CPU blocks: 2048",
                                      "Maximum concurrency for 20000 tokens per request: 1.56x"}));
}

TEST(CapacityLines, OfV0AreAlsoThoseOfLaterReleasesOnTheOldEngine) {
  KvSettings settings = of_length(40000);
  settings.v0_engine = true;
  const KvPlan p = plan(stages(repeated({full(16, 16384)}, 64)), Bytes(1'048'576) * 3852, "0.8.5", settings);
  EXPECT_EQ(lines(p, "0.8.5").front(), "# cuda blocks: 3852, # CPU blocks: 4096");
}

TEST(CapacityLines, AreEveryStagesOwnUpTo011) {
  // Qwen2.5-14B on four GPUs: 12.79 GiB give 17,463 blocks.
  const KvPlan p = plan(stages(repeated({full(16, 16384)}, 48)), Bytes(786'432) * 17463, "0.9.2", of_length(16384));
  EXPECT_EQ(lines(p, "0.9.2"), (std::vector<std::string>{"GPU KV cache size: 279,408 tokens",
                                                         "Maximum concurrency for 16,384 tokens per request: 17.05x"}));
  const KvPlan two =
      plan(stages(repeated({full(16, 16384)}, 48), {20, 28}), Bytes(1) * 1'000'000'000, "0.9.2", of_length(16384));
  EXPECT_EQ(lines(two, "0.9.2").size(), 4u);
  EXPECT_EQ(lines(plan(stages(repeated({full(16, 16384)}, 48), {20, 28}), Bytes(1) * 1'000'000'000, "0.12.0",
                       of_length(16384)),
                  "0.12.0")
                .size(),
            2u);
}

TEST(CapacityLines, AreOneFromAugust2026) {
  // Qwen2.5-1.5B on a T4.
  const KvPlan p = plan(stages(repeated({full(16, 16384)}, 28)), Bytes(458'752) * 20294, "0.30.0", of_length(4096));
  EXPECT_EQ(lines(p, "0.30.0"),
            std::vector<std::string>{
                "GPU KV cache size: 324,704 tokens, Maximum concurrency for 4,096 tokens per request: 79.27x"});
}

TEST(CapacityLines, OfHybridsFollowTheRelease) {
  // Qwen3.5-27B on four GPUs with 0.19: 16 full layers, 48 delta nets.
  const KvSpec state = recurrent(32768, 801'792, 802'816);
  KvSettings settings = of_length(32768);
  settings.mamba_cache_mode = "none";
  const KvPlan p = plan(stages(repeated({state, state, state, full(784, 802'816)}, 64)), Bytes(802'816) * 16 * 584,
                        "0.19.0", settings);
  EXPECT_EQ(lines(p, "0.19.0"),
            (std::vector<std::string>{"GPU KV cache size: 114,464 tokens",
                                      "Maximum concurrency for 32,768 tokens per request: 12.98x"}));
}

TEST(CapacityLines, AreSilentWhenVllmDoesNotGetThere) {
  const KvPlan p = plan(stages(repeated({full(16, 16384)}, 64)), Bytes(1000), "0.33.0", of_length(32768));
  EXPECT_TRUE(lines(p, "0.33.0").empty());
}

TEST(PrintedGib, DropsAZeroFrom014On) {
  const Bytes bytes = Bytes(16 * kGiB);
  EXPECT_EQ(printed_gib(bytes, {2026, 1, 6}), "16.00");
  EXPECT_EQ(printed_gib(bytes, {2026, 1, 7}), "16.0");
  EXPECT_EQ(printed_gib(Bytes(75'161'927), {2026, 1, 7}), "0.07");
}

}  // namespace
}  // namespace vram::memory
