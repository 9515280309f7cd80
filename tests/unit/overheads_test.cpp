#include "memory/overheads.h"

#include <gtest/gtest.h>

#include "json/value.h"
#include "memory/after_loading.h"
#include "memory/expert_workspaces.h"
#include "memory/runtime.h"

namespace vram::memory {
namespace {

constexpr vllm::Date k0_16{2026, 2, 9}, k0_19{2026, 3, 30}, k0_20{2026, 4, 21}, k0_28{2026, 8, 18}, k0_33{2026, 11, 5};

json::Value parsed(const std::string& text) { return *json::parse(text, "test"); }

/// Files with nothing in them but `non_torch`.
json::Value files_with(const std::string& non_torch) {
  std::string text = R"({"model_loading": {}, "context": {}, "cuda_graphs": {}, "graph_estimate": {},
    "available_kv": {}, "activation_peak": {"constants": {)";
  for (const char* name : {"hidden_rows", "hidden_rows_first_stage", "hidden_rows_streams", "encoder_rows",
                           "encoder_base_gib", "small_tensors_gib"})
    text += std::string(text.back() == '{' ? "" : ",") + '"' + name + R"(": {"value": 1})";
  return parsed(text + R"(}}, "non_torch": )" + non_torch + '}');
}

TEST(Overheads, EverySituationHasARecordAndAnInterval) {
  const Overheads& built_in = built_in_overheads();
  const Situation rare{GpuClass::kOther, 3, 5, true, true, true, {2024, 9, 4}, 7, 7};
  for (const Overhead* each : {&built_in.non_torch, &built_in.context, &built_in.cuda_graphs, &built_in.graph_estimate})
    EXPECT_TRUE(each->records.back().where.holds(rare));
  for (const Overhead* each : {&built_in.model_loading, &built_in.activation_peak, &built_in.non_torch,
                               &built_in.context, &built_in.cuda_graphs, &built_in.available_kv})
    EXPECT_NE(each->interval(rare), nullptr);
}

TEST(Overheads, FirstRecordThatSpeaksOfTheSituationAnswers) {
  const auto read = read_overheads(files_with(R"({"records": [
    {"gpus": ["hopper"], "ranks": [2, 3], "from": "2026-02-20", "gib": 2},
    {"ranks": [2, 1073741824], "dealt": true, "gib": 1.5},
    {"runner_v2": true, "gib": 0.25, "kib_per_graph_layer": 4},
    {"gib": 0.5}],
    "intervals": [{"low_gib": -0.25, "high_gib": 0.5}]})"));
  ASSERT_TRUE(read) << read.error().sentence();
  const auto bytes = [&](const Situation& situation) { return read->non_torch.estimate(situation).bytes; };
  EXPECT_EQ(bytes({.gpus = GpuClass::kHopper, .ranks = 2, .day = k0_19}), Bytes(2 * kGiB));
  EXPECT_EQ(bytes({.gpus = GpuClass::kHopper, .ranks = 2, .day = {2026, 2, 19}}), Bytes(kGiB / 2));
  EXPECT_EQ(bytes({.gpus = GpuClass::kSmall, .ranks = 2, .dealt = true, .day = k0_19}), Bytes(3 * kGiB / 2));
  EXPECT_EQ(bytes({.runner_v2 = true, .day = k0_19, .graphs = 8, .layers = 32}), Bytes(kGiB / 4 + 4 * 1024 * 256));
  const Estimate estimate = read->non_torch.estimate({.ranks = 1, .day = k0_19});
  EXPECT_EQ(estimate.low, Bytes(kGiB / 4));
  EXPECT_EQ(estimate.high, Bytes(kGiB));
}

struct RefusedCase {
  const char *non_torch, *sentence;
};
class RefusesOverheads : public testing::TestWithParam<RefusedCase> {};
TEST_P(RefusesOverheads, WithASentence) {
  const auto read = read_overheads(files_with(GetParam().non_torch));
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().sentence().find(GetParam().sentence), std::string::npos) << read.error().sentence();
}
INSTANTIATE_TEST_SUITE_P(
    All, RefusesOverheads,
    testing::Values(RefusedCase{R"({"records": [{"gpu": ["hopper"]}]})", "no such key"},
                    RefusedCase{R"({"records": [{"gpus": ["hoper"]}]})", "no such class: \"hoper\""},
                    RefusedCase{R"({"records": [{"from": "2026-3-7"}]})", "expected a day such as \"2026-03-07\""},
                    RefusedCase{R"({"records": [{"ranks": [2]}]})", "expected two numbers"},
                    RefusedCase{R"({"records": 3})", "expected a list"}));

struct ReservesCase {
  const char* name;
  Situation situation;
  bool reserves;
};
constexpr ReservesCase kReserves[] = {
    {"0.19 estimates and does not subtract", {.day = k0_19, .graphs = 102}, false},
    {"0.20 subtracts", {.day = k0_20, .graphs = 102}, true},
    {"no graphs, nothing to subtract", {.day = k0_20}, false},
    {"the second runner answers 0 in 0.28", {.runner_v2 = true, .day = k0_28, .graphs = 51}, false},
    {"and estimates in 0.33", {.runner_v2 = true, .day = k0_33, .graphs = 51}, true},
    {"not on ROCm at first", {.gpus = GpuClass::kAmd, .day = k0_20, .graphs = 102}, false},
};
TEST(Graphs, AreReservedByRelease) {
  for (const ReservesCase& each : kReserves) EXPECT_EQ(reserves_graphs(each.situation), each.reserves) << each.name;
}

Model with_experts(Experts experts, int layers) {
  Model model;
  model.kinds.push_back({{std::move(experts)}, {}});
  model.layers.assign(std::size_t(layers), 0);
  return model;
}

const Experts kGptOss{.name = "experts",
                      .count = 32,
                      .per_token = 4,
                      .hidden = 2880,
                      .intermediate = 2880,
                      .packing = Mxfp4{Mxfp4::Model::kGptOss, Maker::kVllm}};
const Experts kBlocks{.name = "experts",
                      .count = 256,
                      .per_token = 8,
                      .hidden = 7168,
                      .intermediate = 2048,
                      .packing = Fp8{Fp8::Scale::kBlock, 128, 128}};
const Experts kUngated{.name = "experts",
                       .count = 512,
                       .per_token = 22,
                       .hidden = 1024,
                       .intermediate = 2688,
                       .gated = false,
                       .packing = Fp8{.scale = Fp8::Scale::kTensor, .static_input = true}};

Parallel over(std::int64_t ranks, bool dealt = false) {
  Parallel parallel;
  parallel.tensor = ranks;
  parallel.expert = dealt;
  return parallel;
}

TEST(AfterLoading, AddsWhatKernelsAskFor) {
  const Parallel one, two = over(2);
  const Stage all{0, 1, 0, 24};
  // gpt-oss-20b: 13.47 GiB printed on H100, 12.87 created.
  EXPECT_EQ(after_loading(with_experts(kGptOss, 24), one, all, {k0_16, 90}, hardware::Vendor::kNvidia, 8192),
            Bytes(24 * 32 * (5760 + 2880) * (3072 - 2880) / 2));
  EXPECT_EQ(after_loading(with_experts(kGptOss, 24), one, all, {k0_16, 80}, hardware::Vendor::kNvidia, 8192), Bytes(0));
  // Nemotron-3-Super: 1,344 columns a rank become 1,408.
  EXPECT_EQ(after_loading(with_experts(kUngated, 24), two, all, {k0_19, 90}, hardware::Vendor::kNvidia, 8192),
            Bytes(24 * std::int64_t{512} * 2 * 1024 * (1408 - 1344)));
}

TEST(ExpertWorkspaces, ByKernel) {
  const Parallel eight = over(8), dealt = over(8, true);
  const Bytes both(std::int64_t{2} * 8192 * 8 * 2 * 7168);
  const auto kept = [&](const Parallel& parallel, Platform platform) {
    return expert_workspaces(with_experts(kBlocks, 1), parallel, platform, 8192, 2).persistent;
  };
  EXPECT_EQ(kept(eight, {k0_19, 90}), both) << "Triton for tensor parallelism";
  EXPECT_EQ(kept(dealt, {k0_19, 90}), Bytes(0)) << "FlashInfer where experts are dealt out";
  EXPECT_EQ(kept(eight, {k0_16, 90}), Bytes(0)) << "0.16 took FlashInfer for both";
  EXPECT_EQ(kept(eight, {k0_19, 100}), Bytes(0)) << "Blackwell";
  EXPECT_EQ(kept(eight, {{2025, 11, 30}, 90}), Bytes(0)) << "before December 2025 they went with the layer";
}

}  // namespace
}  // namespace vram::memory
