// What holds for every plan, over sampled specs, lengths, sizes of memory and releases.
#include <gtest/gtest.h>

#include <random>

#include "kv_fixture.h"

namespace vram::memory {
namespace {

constexpr std::uint32_t kSeed = 20261125;
constexpr const char* kReleases[] = {"0.8.5",  "0.9.2",  "0.10.2", "0.11.0", "0.13.0", "0.14.1", "0.16.0",
                                     "0.18.0", "0.19.0", "0.22.0", "0.25.1", "0.28.0", "0.30.0", "0.33.0"};

struct Sample {
  std::vector<KvSpecs> stages;
  KvSettings settings;
  const char* release;
  Bytes available;
};

Sample sample(std::mt19937& random) {
  const auto pick = [&](std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random);
  };
  const std::int64_t page = 16384 * pick(1, 8);
  const KvSpec choices[] = {full(16, page), sliding(16, page, 128 * pick(1, 32)), recurrent(1 << 18, page / 2, page)};
  std::vector<KvSpec> pattern;
  for (std::int64_t i = pick(1, 6); i > 0; --i) pattern.push_back(choices[pick(0, 2)]);
  const std::size_t layers = std::size_t(pick(2, 64)), first = layers / 2;
  Sample s;
  s.stages = stages(repeated(pattern, layers),
                    pick(0, 2) ? std::vector<std::size_t>{} : std::vector<std::size_t>{first, layers - first});
  s.settings = of_length(pick(1, 200'000));
  s.settings.max_concurrent_batches = pick(1, 3);
  s.settings.mamba_cache_mode = pick(0, 1) ? "none" : "align";
  s.release = kReleases[pick(0, std::ssize(kReleases) - 1)];
  s.available = Bytes(page) * std::int64_t(layers) * pick(1, 20'000);
  return s;
}

/// Some releases refuse the mix of layers instead, whatever the length.
bool too_long(const KvPlan& plan) { return plan.refusal && plan.refusal->starts_with("To serve at least one request"); }

TEST(EveryPlan, MoreMemoryNeverHoldsFewerTokens) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    const Sample s = sample(random);
    const KvPlan less = plan(s.stages, s.available, s.release, s.settings),
                 more = plan(s.stages, s.available + Bytes(123'456'789), s.release, s.settings);
    EXPECT_LE(less.tokens, more.tokens) << s.release << " seed " << kSeed << " sample " << i;
    if (!less.refusal) {
      EXPECT_FALSE(more.refusal) << s.release << " seed " << kSeed << " sample " << i;
    }
  }
}

TEST(EveryPlan, TheEstimateFitsAndOneTokenMoreDoesNot) {
  std::mt19937 random(kSeed);
  int met = 0;
  for (int i = 0; i < 4000; ++i) {
    Sample s = sample(random);
    const KvPlan refused = plan(s.stages, s.available, s.release, s.settings);
    if (!too_long(refused) || refused.estimated_max_model_len == Tokens(0)) continue;
    ++met;
    s.settings.max_model_len = *refused.estimated_max_model_len;
    EXPECT_FALSE(too_long(plan(s.stages, s.available, s.release, s.settings))) << s.release << " sample " << i;
    s.settings.max_model_len += Tokens(1);
    EXPECT_TRUE(plan(s.stages, s.available, s.release, s.settings).refusal) << s.release << " sample " << i;
  }
  EXPECT_GT(met, 100);
}

TEST(EveryPlan, FittingArrivesAtTheEstimate) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    Sample s = sample(random);
    const KvPlan whole = plan(s.stages, s.available, s.release, s.settings);
    s.settings.fit_max_model_len = true;
    const KvPlan fitted = plan(s.stages, s.available, s.release, s.settings);
    if (fitted.refusal) continue;
    EXPECT_EQ(fitted.max_model_len, whole.estimated_max_model_len.value_or(s.settings.max_model_len))
        << s.release << " sample " << i;
  }
}

TEST(EveryPlan, GroupsHoldEveryLayerOnce) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    const Sample s = sample(random);
    if (groups_by_stage(vllm::read_engine(s.release)->as_of)) continue;  // there they are the first stage's
    const KvPlan p = plan(s.stages, s.available, s.release, s.settings);
    if (p.groups.empty()) continue;
    std::int64_t grouped = 0, layers = 0;
    for (const KvGroup& group : p.groups) grouped += group.layers;
    for (const KvSpecs& stage : s.stages) layers += std::int64_t(stage.layers.size());
    EXPECT_EQ(grouped, layers) << s.release << " sample " << i;
  }
}

TEST(EveryPlan, ThePoolStaysWithinTheMemory) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    const Sample s = sample(random);
    const KvPlan p = plan(s.stages, s.available, s.release, s.settings);
    for (const Bytes pool : p.pool) EXPECT_LE(pool, s.available) << s.release << " sample " << i;
  }
}

TEST(EveryPlan, IsTheSameFromItsGroups) {
  std::mt19937 random(kSeed);
  for (int i = 0; i < 500; ++i) {
    const Sample s = sample(random);
    const Platform platform{vllm::read_engine(s.release)->as_of, 90};
    const std::vector<Bytes> each(s.stages.size(), s.available);
    const KvGrouping grouping = group_layers(s.stages, platform.as_of, s.settings);
    const KvPlan once = plan_kv(grouping, each, platform, s.settings),
                 whole = plan(s.stages, s.available, s.release, s.settings);
    EXPECT_EQ(once.tokens, whole.tokens);
    EXPECT_EQ(once.refusal, whole.refusal);
  }
}

}  // namespace
}  // namespace vram::memory
