// How start-ups of one machine move an estimate, and how far.
#include "plan/calibration.h"

#include <gtest/gtest.h>

#include "memory/corrections.h"
#include "vllm/release.h"

namespace vram::plan {
namespace {

constexpr Bytes kGib(kGiB);

std::shared_ptr<const ModelSource> model(std::string name) {
  auto source = std::make_shared<ModelSource>();
  source->name = std::move(name);
  return source;
}

Deployment asked() {
  Deployment deployment;
  deployment.source = model("Qwen/Qwen3-8B");
  deployment.engine = *vllm::read_engine("0.19.0");
  return deployment;
}

Observation seen(std::string name, const char* version, std::int64_t ranks, Bytes non_torch) {
  Observation observation;
  observation.model = std::move(name);
  observation.engine = *vllm::read_engine(version);
  observation.ranks = ranks;
  observation.non_torch = non_torch;
  return observation;
}

struct LikenessCase {
  const char* name;
  Observation observation;
  double weight;
};

TEST(Calibration, AStartUpCountsAsMuchAsItIsAlike) {
  const LikenessCase cases[] = {
      {"the same", seen("Qwen/Qwen3-8B", "0.19.0", 1, kGib), 1},
      {"the same under a folder's name", seen("/models/qwen3-8b/", "0.19.0", 1, kGib), 1},
      {"another model", seen("Qwen/Qwen3-14B", "0.19.0", 1, kGib), 0.3},
      {"more ranks", seen("Qwen/Qwen3-8B", "0.19.0", 2, kGib), 0.1},
      {"both", seen("Qwen/Qwen3-14B", "0.19.0", 2, kGib), 0.03},
  };
  for (const LikenessCase& one : cases) {
    const memory::Corrections said = corrections({"x", {one.observation}}, asked());
    EXPECT_NEAR(said.non_torch.weight, one.weight, 1e-12) << one.name;
    EXPECT_EQ(said.non_torch.difference, kGib) << one.name;
    EXPECT_EQ(said.activation_peak.weight, 0) << one.name;
  }
  const memory::Corrections old = corrections({"x", {seen("Qwen/Qwen3-8B", "0.9.2", 1, kGib)}}, asked());
  EXPECT_GT(old.non_torch.weight, 0);
  EXPECT_LT(old.non_torch.weight, 0.1);
}

TEST(Calibration, LoadingIsSaidByTheSameModelAlone) {
  Observation same = seen("Qwen/Qwen3-8B", "0.19.0", 1, kGib), other = seen("Qwen/Qwen3-14B", "0.19.0", 1, kGib);
  same.model_loading = kGib;
  other.model_loading = kGib * 5;
  EXPECT_EQ(corrections({"x", {same, other}}, asked()).model_loading.difference, kGib);
  EXPECT_EQ(corrections({"x", {other}}, asked()).model_loading.weight, 0);
}

TEST(Calibration, OneOddStartUpDoesNotMoveTheMedian) {
  std::vector<Observation> many(5, seen("Qwen/Qwen3-8B", "0.19.0", 1, kGib));
  many.push_back(seen("Qwen/Qwen3-8B", "0.19.0", 1, kGib * 40));
  const memory::Correction said = corrections({"x", many}, asked()).non_torch;
  EXPECT_EQ(said.difference, kGib);
  EXPECT_GT(said.deviation, kGib * 5) << "but the interval widens";
}

TEST(Calibration, WhatRoundingExplainsIsNotApplied) {
  const memory::Estimate estimate{kGib * 4, kGib * 3, kGib * 5};
  EXPECT_EQ(memory::corrected(estimate, {Bytes(kGiB / 200), Bytes(0), 1}).bytes, estimate.bytes) << "rounding";
}

TEST(Calibration, NothingSaysNothing) {
  const memory::Estimate estimate{kGib * 4, kGib * 3, kGib * 6};
  const memory::Estimate same = memory::corrected(estimate, {});
  EXPECT_EQ(same.bytes, estimate.bytes);
  EXPECT_EQ(same.low, estimate.low);
  EXPECT_EQ(same.high, estimate.high);
  EXPECT_EQ(corrections({}, asked()).non_torch.weight, 0);
}

TEST(Calibration, FewStartUpsMoveLessThanMany) {
  const memory::Estimate estimate{kGib * 4, kGib * 3, kGib * 5};
  const auto moved = [&](double weight) { return memory::corrected(estimate, {kGib, Bytes(0), weight}); };
  EXPECT_NEAR(gib(moved(0.25).bytes), 4.5, 1e-3) << "as much as the built-in estimate counts";
  EXPECT_LT(moved(1).bytes, moved(4).bytes);
  EXPECT_LT(moved(1000).bytes, kGib * 5);
  EXPECT_GT(moved(1).high - moved(1).low, moved(4).high - moved(4).low) << "what always comes out the same is known";
}

TEST(Calibration, NeverBelowNothing) {
  const memory::Estimate gone = memory::corrected({kGib, Bytes(0), kGib * 2}, {kGib * -9, kGib, 1000});
  EXPECT_EQ(gone.bytes, Bytes(0));
  EXPECT_EQ(gone.low, Bytes(0));
  const Bytes huge(std::numeric_limits<std::int64_t>::max());
  EXPECT_GE(memory::corrected({huge, huge, huge}, {huge, huge, 1}).high, huge - kGib);
}

}  // namespace
}  // namespace vram::plan
