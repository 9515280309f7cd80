// Rows of a sweep, a core: figures alone, and written out.
#include <benchmark/benchmark.h>

#include "hardware/catalogue.h"
#include "readers/catalogue.h"
#include "sweep/formula_rows.h"
#include "sweep/vllm_rows.h"

namespace vram {
namespace {

sweep::Grid grid_of(std::initializer_list<const char*> varied) {
  std::vector<sweep::Axis> axes;
  for (const char* text : varied) axes.push_back(*sweep::read_axis(text));
  return *sweep::Grid::of(std::move(axes));
}

void launches(benchmark::State& state, const char* model, std::initializer_list<const char*> varied) {
  sweep::Launches sweep;
  sweep.base.model = std::make_shared<const ModelSource>(*catalogue_model(model));
  sweep.base.gpu = hardware::find_gpu("H100-SXM-80GB")->gpu;
  sweep.grid = grid_of(varied);
  for (const sweep::Axis& axis : sweep.grid.axes()) {
    auto& changes = sweep.changes.emplace_back();
    for (const std::string& value : axis.values)
      changes.push_back(*sweep::read_change(axis.name, value, sweep.base.engine));
  }
  const sweep::RowWriter write = sweep::write_launches(sweep, sweep::Format::kCsv);
  std::string text;
  for (auto _ : state) {
    for (std::int64_t begin = 0; begin < sweep.grid.rows(); begin += 4096) {
      text.clear();
      write(begin, std::min(begin + 4096, sweep.grid.rows()), text);
      benchmark::DoNotOptimize(text.data());
    }
  }
  state.SetItemsProcessed(state.iterations() * sweep.grid.rows());
}

formula::Request figures_of_8b() {
  formula::Request request;
  request.params_billion = 8;
  request.layers = 36;
  request.kv_heads = 8;
  request.head_dim = 128;
  return request;
}

void formula_estimates(benchmark::State& state) {
  formula::Request request = figures_of_8b();
  request.bytes_per_param = request.kv_bytes = 1;
  double context = 0;
  for (auto _ : state) benchmark::DoNotOptimize(formula::estimate(request, context += 0.25));
  state.SetItemsProcessed(state.iterations());
}

void formula_rows(benchmark::State& state) {
  const auto figures =
      sweep::Figures::of(figures_of_8b(), 8, grid_of({"quant=fp16,fp8,q4_k_m", "batch=1:64:+1", "context_k=1:256:+1"}));
  const sweep::RowWriter write = sweep::write_figures(*figures, sweep::Format::kCsv);
  std::string text;
  for (auto _ : state) {
    text.clear();
    write(0, figures->grid.rows(), text);
    benchmark::DoNotOptimize(text.data());
  }
  state.SetItemsProcessed(state.iterations() * figures->grid.rows());
}

BENCHMARK_CAPTURE(launches, lengths_and_shares, "Qwen/Qwen3-8B",
                  {"kv_cache_dtype=auto,fp8", "tensor_parallel_size=1,2,4,8", "gpu_memory_utilization=0.5:0.95:+0.05",
                   "max_model_len=1024:40960:+512"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(launches, lengths_and_sequences, "Qwen/Qwen3-8B",
                  {"kv_cache_dtype=auto,fp8", "max_model_len=1024:40960:+512", "max_num_seqs=1:256:+1"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(launches, windows, "google/gemma-3-12b-it",
                  {"kv_cache_dtype=auto,fp8", "max_num_seqs=1:128:+8", "max_model_len=1024:131072:+1024"})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(formula_estimates);
BENCHMARK(formula_rows)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace vram
