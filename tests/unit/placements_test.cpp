#include "plan/placements.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "hardware/catalogue.h"
#include "readers/catalogue.h"

namespace vram::plan {
namespace {

constexpr std::int64_t kMostGpus = 8;

Offer offer(const char* name, int per_node) {
  Offer made{hardware::find_gpu(name)->gpu, std::nullopt, std::nullopt};
  made.gpu.per_node = per_node;
  return made;
}

PlacementQuestion question(const char* model, Workload workload) {
  PlacementQuestion asked;
  asked.request.model = std::make_shared<const ModelSource>(*catalogue_model(model));
  asked.workload = workload;
  asked.max_gpus = kMostGpus;
  asked.other_weights = false;
  asked.offers = {offer("RTX-4090", 4), offer("L4", 8), offer("H100-SXM-80GB", 2)};
  return asked;
}

/// Ranks go to machines one after another, tensor parallelism innermost, replicas outermost. Nothing that talks at
/// every layer may sit on two machines: not a tensor-parallel group, not a replica that would fit into one.
bool stays_together(const Division& division, std::int64_t per_node) {
  const std::int64_t replica = division.tensor * division.pipeline, gpus = replica * division.data;
  const auto machine = [&](std::int64_t rank) { return rank / per_node; };
  for (std::int64_t first = 0; first < gpus; first += division.tensor)
    if (machine(first) != machine(first + division.tensor - 1)) return false;
  if (replica > per_node) return division.data == 1 && gpus % per_node == 0;
  for (std::int64_t first = 0; first < gpus; first += replica)
    if (machine(first) != machine(first + replica - 1)) return false;
  return true;
}

struct Tried {
  std::size_t offer;
  std::int64_t gpus;
  int changes;
  double speed;
};

/// Every launch that serves, without any cleverness.
std::vector<Tried> everything(const PlacementQuestion& asked) {
  std::vector<Tried> all;
  const auto one = [&](std::size_t offer, const Division& division, int variation, bool expert) {
    Request request = asked.request;
    request.gpu = asked.offers[offer].gpu;
    request.args.set("max_model_len", json::Value(asked.workload.context_tokens));
    request.args.set("tensor_parallel_size", json::Value(division.tensor));
    request.args.set("pipeline_parallel_size", json::Value(division.pipeline));
    request.args.set("data_parallel_size", json::Value(division.data));
    if (expert) request.args.set("enable_expert_parallel", json::Value(true));
    if (variation & 1) request.args.set("gpu_memory_utilization", json::Value(0.95));
    if (variation & 2) request.args.set("kv_cache_dtype", json::Value("fp8"));
    const std::int64_t requests = asked.workload.concurrent_requests;
    request.workload = {(requests + division.data - 1) / division.data, asked.workload.context_tokens};
    const auto report = plan(request);
    if (!report || !report->verdict.fits || report->verdict.probability_fits < 0.95 || !report->workload->fits) return;
    all.push_back({offer, division.tensor * division.pipeline * division.data, (variation & 1) + (variation >> 1),
                   decode_speed(request, *report, requests).tokens_per_second});
  };
  for (std::size_t offer = 0; offer < asked.offers.size(); ++offer)
    for (std::int64_t t = 1; t <= asked.max_gpus; ++t)
      for (std::int64_t p = 1; t * p <= asked.max_gpus; ++p)
        for (std::int64_t d = 1; t * p * d <= asked.max_gpus; ++d)
          for (int variation = 0; variation < 4; ++variation)
            for (const bool expert : {false, true})
              if (stays_together({t, p, d}, asked.offers[offer].gpu.per_node)) one(offer, {t, p, d}, variation, expert);
  return all;
}

struct Case {
  const char* model;
  Workload workload;
};
constexpr Case kCases[] = {{"Qwen/Qwen3-8B", {24, 16384}}, {"openai/gpt-oss-20b", {64, 16384}}};

TEST(Placements, NothingBetterExists) {
  for (const Case& row : kCases) {
    const PlacementQuestion asked = question(row.model, row.workload);
    const auto answer = placements(asked);
    ASSERT_TRUE(answer) << row.model;
    EXPECT_FALSE(answer->found.empty()) << row.model;
    for (const Tried& tried : everything(asked)) {
      const bool matched = std::ranges::any_of(answer->found, [&](const Placement& found) {
        const bool as_good = found.offer == tried.offer && found.gpus <= tried.gpus && found.changes <= tried.changes;
        const bool as_fast = found.gpus < tried.gpus || found.changes < tried.changes ||
                             found.speed.tokens_per_second >= tried.speed * 0.999;
        return as_good && as_fast;
      });
      EXPECT_TRUE(matched) << row.model << " on " << tried.gpus << " x " << asked.offers[tried.offer].gpu.name
                           << " with " << tried.changes << " changes";
    }
  }
}

TEST(Placements, SayWhyANumberIsNotEnough) {
  PlacementQuestion asked = question("Qwen/Qwen3-8B", {256, 16384});
  asked.max_gpus = 2;
  const auto answer = placements(asked);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->found.empty());
  EXPECT_GE(answer->rejected.size(), asked.offers.size());
  for (const Rejection& each : answer->rejected) EXPECT_FALSE(each.why.empty());
}

TEST(Placements, LeaveOutGpusWithoutTheKernels) {
  PlacementQuestion asked = question("RedHatAI/Llama-3.3-70B-Instruct-quantized.w8a8", {4, 8192});
  asked.offers = {offer("B200", 8), offer("H100-SXM-80GB", 8)};
  const auto answer = placements(asked);
  ASSERT_TRUE(answer);
  ASSERT_FALSE(answer->found.empty());
  for (const Placement& each : answer->found) EXPECT_EQ(each.request.gpu.id, "H100-SXM-80GB");
  EXPECT_EQ(answer->rejected.front().why,
            "Int8 not supported on SM100. Use FP8 quantization instead, or run on older arch (SM < 100).");
}

TEST(Placements, RefuseALengthThatTheModelDoesNotTake) {
  const auto answer = placements(question("Qwen/Qwen3-8B", {1, 40'961}));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().sentence().find("takes 40,960 tokens, found 40,961"), std::string::npos);
  PlacementQuestion shorter = question("Qwen/Qwen3-8B", {1, 8000});
  shorter.request.args.set("max_model_len", json::Value(4096));
  EXPECT_FALSE(placements(shorter));
  shorter.request.args.set("max_model_len", json::Value(16384));
  EXPECT_TRUE(placements(shorter));
}

TEST(Placements, AreGivenUpBetweenTwoLaunches) {
  PlacementQuestion asked = question("Qwen/Qwen3-8B", {24, 16384});
  int asks = 0;
  asked.given_up = [&asks] { return ++asks > 10; };
  const auto answer = placements(asked);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
}

TEST(Placements, KeepToWhatThereIs) {
  PlacementQuestion asked = question("Qwen/Qwen3-8B", {24, 16384});
  asked.offers[0].count = 1;
  const auto answer = placements(asked);
  ASSERT_TRUE(answer);
  for (const Placement& each : answer->found) EXPECT_TRUE(each.offer != 0 || each.gpus <= 1);
}

TEST(Placements, AskForSpeed) {
  PlacementQuestion asked = question("Qwen/Qwen3-8B", {8, 4096});
  const auto slow = placements(asked);
  asked.tokens_per_second = slow->found.front().speed.tokens_per_second * 2;
  const auto fast = placements(asked);
  ASSERT_TRUE(fast);
  for (const Placement& each : fast->found) EXPECT_GE(each.speed.tokens_per_second, *asked.tokens_per_second);
}

TEST(Divisions, KeepMachinesWhole) {
  for (const std::int64_t node : {1, 2, 4, 8})
    for (std::int64_t gpus = 1; gpus <= 32; ++gpus)
      for (const Division& division : divisions(gpus, node)) {
        EXPECT_EQ(division.tensor * division.pipeline * division.data, gpus);
        EXPECT_TRUE(stays_together(division, node)) << division.tensor << ' ' << division.pipeline << ' ' << node;
      }
}

TEST(DecodeSpeed, IsBandwidthOverBytes) {
  // Qwen3-8B in bf16 reads 8,190,735,360 parameters less its 151,936 x 4,096 table, and 147,456 bytes a cached token.
  Request request = question("Qwen/Qwen3-8B", {1, 1}).request;
  request.gpu = hardware::find_gpu("H100-SXM-80GB")->gpu;
  request.args.set("max_model_len", json::Value(16));
  const auto report = plan(request);
  ASSERT_TRUE(report);
  const double bytes = 2 * (8190735360.0 - 151936.0 * 4096) + 147456.0 * 16;
  EXPECT_NEAR(decode_speed(request, *report, 1).tokens_per_second, 3.352e12 / bytes, 1.0);
}

}  // namespace
}  // namespace vram::plan
