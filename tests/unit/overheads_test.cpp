#include "memory/overheads.h"

#include <gtest/gtest.h>

#include "json/value.h"
#include "memory/after_loading.h"
#include "memory/expert_workspaces.h"
#include "memory/graph_pool.h"
#include "memory/rocm_loading.h"
#include "memory/runtime.h"
#include "memory/segments.h"

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

TEST(AfterLoading, SwizzlesOnlyForTriton) {
  // 0.10.1 on H100 runs Marlin: gpt-oss-120b took 65.97 GiB, as created.
  const vllm::Date k0_10{2025, 8, 16};
  EXPECT_EQ(after_loading(with_experts(kGptOss, 36), {}, {0, 1, 0, 36}, {k0_10, 90}, hardware::Vendor::kNvidia, 8192),
            Bytes(0));
}

TEST(AfterLoading, CountsWorkspacesOfMlaBackendsThatAreImported) {
  Model model = with_experts(kBlocks, 1);
  const auto bytes = [&](vllm::Date day, int capability, hardware::Vendor vendor = hardware::Vendor::kNvidia) {
    return after_loading(model, {}, {0, 1, 0, 1}, {day, capability}, vendor, 8192);
  };
  EXPECT_EQ(bytes(k0_19, 90), Bytes(0));
  model.kinds[0].caches = {
      {.name = "self_attn.mla_attn", .cache = LatentAttention{.latent = 512, .rope = 64, .window = {}}}};
  EXPECT_EQ(bytes(k0_19, 90), Bytes(128 * kMiB));  // DeepSeek-V2-Lite: 29.43 GiB printed, 29.30 without
  EXPECT_EQ(bytes(k0_19, 100), Bytes(256 * kMiB));
  EXPECT_EQ(bytes(k0_28, 90), Bytes(0));
  EXPECT_EQ(bytes(k0_19, 94, hardware::Vendor::kAmd), Bytes(0));
}

/// Llama-3.1-8B's attention; what a token needs inside a layer is given.
Model llama() {
  Model model;
  Layer layer;
  layer.caches = {{.name = "self_attn.attn", .cache = FullAttention{{8, 128, 128}}}};
  model.kinds = {layer};
  model.layers.assign(32, 0);
  model.attention_heads = 32;
  model.hidden = 4096;
  return model;
}

TEST(GraphPool, HoldsPartialResultsAndOnePass) {
  ActivationConstants constants;
  constants.hidden_rows = 4.0;
  ActivationShape shape;
  shape.widest_layer = 43008;
  const auto pool = [&](vllm::Date day, int capability, hardware::Vendor vendor, std::int64_t full) {
    return graph_pool(llama(), shape, {}, {0, 1, 0, 32}, {day, capability}, vendor, {512, full, 8192}, constants);
  };
  const Bytes pass(2 * (43008 + 4 * 4096));
  const Bytes partial(std::int64_t{4} * 32 * 32 * 129);
  const auto nvidia = hardware::Vendor::kNvidia;
  EXPECT_EQ(pool(k0_19, 90, nvidia, 512).held, pass * 512 + partial * 512);
  EXPECT_EQ(pool(k0_19, 90, nvidia, 0).held, pass * 512);
  EXPECT_EQ(pool(k0_19, 100, nvidia, 512).held, pass * 512);
  EXPECT_EQ(pool(k0_19, 90, nvidia, 512).given_back, Bytes(0));
  EXPECT_EQ(pool(k0_16, 90, nvidia, 512).given_back, pass * 8192);  // FlashInfer is tuned just before
  EXPECT_EQ(pool(k0_16, 80, nvidia, 512).given_back, Bytes(0));
  EXPECT_EQ(pool(k0_16, 94, hardware::Vendor::kAmd, 512).taken(), pass * 512);
}

TEST(RocmLoading, KeepsTheGapsThatPaddedCopiesLeave) {
  // Maverick in bf16 over eight MI300X: 126.73 GiB printed, 93.68 created, 5.25 of padding.
  const Experts maverick{.name = "experts", .count = 128, .per_token = 1, .hidden = 5120, .intermediate = 8192};
  const std::int64_t first = std::int64_t{128} * 2048 * 10240, second = std::int64_t{128} * 5120 * 2048;
  const std::int64_t padded_second = std::int64_t{128} * 5120 * (2048 + 256);
  const Stage all{0, 1, 0, 24};
  const vllm::Date k0_11{2025, 11, 11};
  EXPECT_EQ(cached_by_rocm(with_experts(maverick, 24), over(8), all, {k0_11, 94}),
            Bytes(24 * (first - padded_second) + second));
  EXPECT_TRUE(rocm_counts_the_device(k0_20));
  EXPECT_FALSE(rocm_counts_the_device(k0_28));
}

TEST(RocmLoading, KeepsTheMaskOfWeightsThatAreRewritten) {
  Experts experts = kBlocks;
  experts.packing = Fp8{Fp8::Scale::kChannel};
  const Model model = with_experts(experts, 2);
  const vllm::Date k0_11{2025, 11, 11};
  const Bytes other = cached_by_rocm(model, over(8), {0, 1, 0, 2}, {k0_11, 95});
  EXPECT_EQ(cached_by_rocm(model, over(8), {0, 1, 0, 2}, {k0_11, 94}) - other, Bytes(std::int64_t{256} * 512 * 7168));
}

TEST(Segments, JoinFreeNeighbours) {
  Segments segments;
  const auto first = segments.allocate(Bytes(8 * kMiB)), second = segments.allocate(Bytes(8 * kMiB));
  EXPECT_EQ(segments.cached(), Bytes(4 * kMiB));  // of 20
  segments.release(first);
  segments.empty_cache();
  EXPECT_EQ(segments.cached(), Bytes(12 * kMiB));
  segments.release(second);
  EXPECT_EQ(segments.cached(), Bytes(20 * kMiB));
  EXPECT_EQ(segments.allocate(Bytes(512)).segment, 1u);  // small ones have segments of their own
  segments.empty_cache();
  EXPECT_EQ(segments.cached(), Bytes(2 * kMiB - 512));
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
