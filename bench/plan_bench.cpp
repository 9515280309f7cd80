// One question to the engine, in process.
#include <benchmark/benchmark.h>

#include "memory/loading.h"
#include "plan/inverse.h"
#include "plan/planner.h"
#include "plan/suggestions.h"
#include "readers/catalogue.h"

namespace vram {
namespace {

plan::Request request_for(const char* model) {
  plan::Request request;
  if (auto source = catalogue_model(model)) request.model = std::make_shared<ModelSource>(*std::move(source));
  request.gpu.name = request.gpu.driver_name = "NVIDIA H100 80GB HBM3";
  request.gpu.total = Bytes(85'029'158'912);
  request.args.set("max_model_len", json::Value(8192));
  return request;
}

void whole_plan(benchmark::State& state, const char* model) {
  const plan::Request request = request_for(model);
  for (auto _ : state) benchmark::DoNotOptimize(plan::plan(request));
}

/// The second and every later question about a model.
void shared_model(benchmark::State& state, const char* model) {
  const plan::Request request = request_for(model);
  plan::Planner planner;
  for (auto _ : state) benchmark::DoNotOptimize(planner.plan(request));
}

/// A row of a sweep: other lengths, batches and shares of memory of one launch.
void variation(benchmark::State& state, const char* model) {
  plan::Deriver deriver;
  auto variations = plan::Variations::of(request_for(model), deriver);
  if (!variations) return state.SkipWithError(variations.error().sentence().c_str());
  plan::Variation varied;
  std::int64_t row = 0;
  for (auto _ : state) {
    ++row;
    varied.sizes.max_model_len = 1024 + row % 61 * 512;
    varied.sizes.max_num_seqs = 1 + row / 61 % 512;
    varied.gpu_memory_utilization = 0.5 + double(row / 61 / 512 % 50) / 100;
    benchmark::DoNotOptimize(variations->at(varied));
  }
  state.SetItemsProcessed(state.iterations());
}

/// All five inverses of one launch.
void inverses(benchmark::State& state, const char* model) {
  plan::Deriver deriver;
  auto variations = plan::Variations::of(request_for(model), deriver);
  if (!variations) return state.SkipWithError(variations.error().sentence().c_str());
  for (auto _ : state) benchmark::DoNotOptimize(plan::limits_of(*variations, 8, Tokens(4096)));
}

/// A launch that vLLM refuses, with all suggestions.
void refused_report(benchmark::State& state, const char* model) {
  plan::Request request = request_for(model);
  request.args.set("gpu_memory_utilization", json::Value(0.24));
  for (auto _ : state) benchmark::DoNotOptimize(plan::advise(request));
}

void resolve_arguments(benchmark::State& state, const char* model) {
  const plan::Request request = request_for(model);
  for (auto _ : state)
    benchmark::DoNotOptimize(plan::resolve(*request.model, request.args, request.engine, request.gpu));
}

void derive_model(benchmark::State& state, const char* model) {
  const plan::Request request = request_for(model);
  auto deployment = plan::resolve(*request.model, request.args, request.engine, request.gpu);
  if (!deployment) return state.SkipWithError(deployment.error().sentence().c_str());
  for (auto _ : state) benchmark::DoNotOptimize(plan::derive(*request.model, *deployment));
}

void cache_plan(benchmark::State& state, const char* model) {
  const plan::Request request = request_for(model);
  auto deployment = plan::resolve(*request.model, request.args, request.engine, request.gpu);
  if (!deployment) return state.SkipWithError(deployment.error().sentence().c_str());
  auto exact = plan::derive(*request.model, *std::move(deployment));
  if (!exact) return state.SkipWithError(exact.error().sentence().c_str());
  const Bytes available[] = {Bytes(40 * kGiB)};
  for (auto _ : state) benchmark::DoNotOptimize(plan::plan_kv(*exact, available));
}

BENCHMARK_CAPTURE(whole_plan, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(whole_plan, windows, "google/gemma-3-12b-it");
BENCHMARK_CAPTURE(whole_plan, experts, "Qwen/Qwen3-30B-A3B");
BENCHMARK_CAPTURE(shared_model, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(shared_model, windows, "google/gemma-3-12b-it");
BENCHMARK_CAPTURE(shared_model, experts, "Qwen/Qwen3-30B-A3B");
BENCHMARK_CAPTURE(variation, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(variation, windows, "google/gemma-3-12b-it");
BENCHMARK_CAPTURE(variation, experts, "Qwen/Qwen3-30B-A3B");
BENCHMARK_CAPTURE(inverses, dense, "Qwen/Qwen3-8B")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(inverses, windows, "google/gemma-3-12b-it")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(refused_report, dense, "Qwen/Qwen3-8B")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(refused_report, windows, "google/gemma-3-12b-it")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(resolve_arguments, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(derive_model, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(cache_plan, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(cache_plan, windows, "google/gemma-3-12b-it");

}  // namespace
}  // namespace vram
