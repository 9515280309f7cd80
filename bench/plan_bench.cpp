// One question to the engine, in process.
#include <benchmark/benchmark.h>

#include "memory/loading.h"
#include "plan/exact.h"
#include "plan/report.h"
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
BENCHMARK_CAPTURE(resolve_arguments, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(derive_model, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(cache_plan, dense, "Qwen/Qwen3-8B");
BENCHMARK_CAPTURE(cache_plan, windows, "google/gemma-3-12b-it");

}  // namespace
}  // namespace vram
