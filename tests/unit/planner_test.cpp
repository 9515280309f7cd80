// What is shared between questions changes no answer.
#include "plan/planner.h"

#include <gtest/gtest.h>

#include "arch/build.h"
#include "json/write.h"
#include "plan/variations.h"
#include "random_requests.h"
#include "report/report_json.h"

namespace vram::plan {
namespace {

std::string text_of(const Result<Report>& report) {
  return report ? json::write_line(report::report_json(*report)) : report.error().sentence();
}

TEST(Planner, AnswersEveryModelOfTheCatalogueAsPlanDoes) {
  for (const std::string& name : catalogue_names()) {
    Request request;
    request.model = std::make_shared<const ModelSource>(*catalogue_model(name));
    request.gpu = hardware::find_gpu("H200")->gpu;
    Planner planner;
    for (const std::int64_t ranks : {1, 8}) {
      request.args.set("tensor_parallel_size", json::Value(ranks));
      const std::string alone = text_of(plan(request));
      EXPECT_EQ(text_of(planner.plan(request)), alone) << name << " on " << ranks;
      EXPECT_EQ(text_of(planner.plan(request)), alone) << name << " on " << ranks << " again";
    }
  }
}

TEST(Planner, KnowsTheModelsThatAreBuiltForALength) {
  for (const std::string& name : catalogue_names()) {
    Request request;
    request.model = std::make_shared<const ModelSource>(*catalogue_model(name));
    request.gpu = hardware::find_gpu("H200")->gpu;
    const auto weights = [&](std::int64_t length) {
      request.args.set("max_model_len", json::Value(length));
      const auto exact = Planner().exact(request);
      const bool follows = exact && arch::follows_max_model_len(exact->model());
      return std::pair(exact ? exact->placed->weights.front().total() : Bytes(0), follows);
    };
    const auto shortest = weights(64), longer = weights(400);
    EXPECT_TRUE(shortest.first == longer.first || longer.second) << name;
  }
}

TEST(Planner, AnswersRandomRequestsInAnyOrderAsPlanDoes) {
  RandomRequests random(4711);
  std::vector<std::shared_ptr<const ModelSource>> models;
  for (int i = 0; i < 4; ++i) models.push_back(random.model());
  Planner planner;
  for (int i = 0; i < 300; ++i) {
    Request request = random.request(models[std::size_t(random.number(0, 3))]);
    if (random.number(0, 3) == 0) request.workload = Workload{random.number(1, 64), random.number(1, 8192)};
    ASSERT_EQ(text_of(planner.plan(request)), text_of(plan(request))) << i;
  }
}

TEST(Planner, JudgesAsPlanDoes) {
  RandomRequests random(815);
  Planner planner;
  for (int i = 0; i < 300; ++i) {
    Request request = random.request(random.model());
    if (random.number(0, 3) == 0) request.workload = Workload{random.number(1, 64), random.number(1, 8192)};
    const auto whole = planner.plan(request), judged = planner.judged(request);
    ASSERT_EQ(bool(whole), bool(judged)) << i;
    if (!whole) continue;
    ASSERT_EQ(name(judged->verdict.reason), name(whole->verdict.reason)) << i;
    ASSERT_EQ(judged->verdict.probability_fits, whole->verdict.probability_fits) << i;
    ASSERT_EQ(judged->gpu_count, whole->gpu_count) << i;
    ASSERT_EQ(judged->kv.has_value(), whole->kv.has_value()) << i;
    if (whole->kv) {
      ASSERT_EQ(judged->kv->max_concurrency, whole->kv->max_concurrency) << i;
      ASSERT_EQ(judged->kv->max_model_len, whole->kv->max_model_len) << i;
    }
    ASSERT_EQ(judged->workload && judged->workload->fits, whole->workload && whole->workload->fits) << i;
    ASSERT_EQ(judged->ranks.size(), whole->ranks.size()) << i;
    for (std::size_t rank = 0; rank < whole->ranks.size(); ++rank)
      ASSERT_EQ(judged->ranks[rank].peak, whole->ranks[rank].peak) << i;
  }
}

TEST(Planner, TellsModelsAndOverridesApart) {
  RandomRequests random(1);
  Planner planner;
  Request request = random.request(std::make_shared<const ModelSource>(*catalogue_model("Qwen/Qwen3-8B")));
  request.args = {};
  request.gpu = hardware::find_gpu("H200")->gpu;
  const auto whole = planner.plan(request);
  json::Object fewer;
  fewer.set("num_hidden_layers", json::Value(8));
  request.args.set("hf_overrides", json::Value(fewer));
  const auto cut = planner.plan(request);
  ASSERT_TRUE(whole && cut);
  EXPECT_EQ(whole->layers, 36);
  EXPECT_EQ(cut->layers, 8);
  EXPECT_LT(cut->parameters, whole->parameters);
}

TEST(Planner, TakesTheQuantisationOfAFileBesideTheConfig) {
  ModelSource source = *catalogue_model("Qwen/Qwen3-8B");
  source.quantisation =
      *json::parse(R"({"producer": {"name": "modelopt"}, "quantization": {"quant_algo": "FP8"}})", "");
  Request request;
  request.model = std::make_shared<const ModelSource>(std::move(source));
  request.gpu = hardware::find_gpu("H200")->gpu;
  const auto report = plan(request);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->quantization, "modelopt");
  EXPECT_TRUE(report->verdict.fits);
}

/// The same launch asked of plan() with the varied arguments written out.
Request written_out(const Request& request, const Variation& variation) {
  Request changed = request;
  const auto set = [&](const char* name, const auto& value) {
    if (value) changed.args.set(name, json::Value(*value));
  };
  set("max_model_len", variation.sizes.max_model_len);
  set("max_num_batched_tokens", variation.sizes.max_num_batched_tokens);
  set("max_num_seqs", variation.sizes.max_num_seqs);
  set("gpu_memory_utilization", variation.gpu_memory_utilization);
  set("num_gpu_blocks_override", variation.num_gpu_blocks_override);
  if (variation.kv_cache_memory_bytes)
    changed.args.set("kv_cache_memory_bytes", json::Value(variation.kv_cache_memory_bytes->count()));
  if (variation.gpu_total) {
    changed.unlike.push_back(changed.gpu);
    for (hardware::Gpu& each : changed.unlike) {
      each.total = *variation.gpu_total;
      each.driver_total = Bytes(0);
    }
    changed.gpu = changed.unlike.back();
    changed.unlike.pop_back();
  }
  return changed;
}

Variation random_variation(RandomRequests& random) {
  Variation variation;
  const auto maybe = [&] { return random.number(0, 1) == 0; };
  if (maybe()) variation.sizes.max_model_len = random.number(0, 20) ? random.number(1, 200'000) : -1;
  if (maybe()) variation.sizes.max_num_batched_tokens = random.number(0, 20'000);
  if (maybe()) variation.sizes.max_num_seqs = random.number(1, 1500);
  if (maybe()) variation.gpu_memory_utilization = random.number(1, 105) / 100.0;
  if (random.number(0, 5) == 0) variation.num_gpu_blocks_override = random.number(0, 50'000);
  if (random.number(0, 5) == 0) variation.kv_cache_memory_bytes = Bytes(kGiB / 4) * random.number(1, 300);
  if (random.number(0, 3) == 0) variation.gpu_total = Bytes(kGiB / 4) * random.number(4, 800);
  return variation;
}

void compare(const Outcome& outcome, const Result<Report>& report, const std::string& place) {
  if (!report) {
    ASSERT_EQ(outcome.reason, Reason::kInvalidArguments) << place << report.error().sentence();
    return;
  }
  ASSERT_EQ(name(outcome.reason), name(report->verdict.reason)) << place << report->verdict.message.value_or("");
  if (!report->kv) return;
  ASSERT_EQ(outcome.tokens, report->kv->tokens) << place;
  ASSERT_EQ(outcome.max_concurrency, report->kv->max_concurrency) << place;
  ASSERT_EQ(outcome.max_model_len, report->kv->max_model_len) << place;
  Bytes least = report->ranks.front().available_kv.bytes;
  for (const RankReport& rank : report->ranks) least = std::min(least, rank.available_kv.bytes);
  ASSERT_EQ(outcome.available, least) << place;
}

TEST(Variations, AnswerAsPlanDoesOnRandomGrids) {
  RandomRequests random(99);
  Deriver deriver;
  Planner planner;
  for (int i = 0; i < 150; ++i) {
    const Request request = random.request(random.model());
    auto variations = Variations::of(request, deriver);
    for (int j = 0; j < 8; ++j) {
      const Variation variation = random_variation(random);
      const auto report = planner.plan(written_out(request, variation));
      const std::string place = std::to_string(i) + '.' + std::to_string(j) + ' ' + request.model->name + ' ' +
                                request.engine.version + ' ' + json::write_line(json::Value(request.args)) + ": ";
      if (variations)
        compare(variations->at(variation), report, place);
      else
        ASSERT_FALSE(report && report->verdict.fits) << place << variations.error().sentence();
      if (HasFatalFailure()) return;
    }
  }
}

/// Launches with more around them than arguments.
std::vector<Request> surrounded() {
  Request plain;
  plain.model = std::make_shared<const ModelSource>(*catalogue_model("Qwen/Qwen3-8B"));
  plain.gpu = hardware::find_gpu("RTX-4090")->gpu;
  Request uneven = plain;
  uneven.args.set("pipeline_parallel_size", json::Value(2));
  uneven.environment = {{"VLLM_PP_LAYER_PARTITION", "6,30"}};
  Request unlike = plain;
  unlike.args.set("tensor_parallel_size", json::Value(2));
  unlike.unlike = {hardware::find_gpu("L40S")->gpu, plain.gpu};
  Request stages = unlike;
  stages.args = uneven.args;
  Request drafting = plain;
  drafting.draft = std::make_shared<const ModelSource>(*catalogue_model("Qwen/Qwen3-1.7B"));
  const auto speculative = json::parse(R"({"model": "Qwen/Qwen3-1.7B", "num_speculative_tokens": 3})", "");
  drafting.args.set("speculative_config", *speculative);
  return {uneven, unlike, stages, drafting};
}

TEST(Variations, KnowWhatIsAroundTheLaunch) {
  RandomRequests random(7);
  Deriver deriver;
  Planner planner;
  for (const Request& request : surrounded()) {
    auto variations = Variations::of(request, deriver);
    ASSERT_TRUE(variations) << variations.error().sentence();
    for (int i = 0; i < 40; ++i) {
      const Variation variation = random_variation(random);
      const std::string place = json::write_line(json::Value(request.args)) + std::to_string(i) + ": ";
      compare(variations->at(variation), planner.plan(written_out(request, variation)), place);
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace vram::plan
