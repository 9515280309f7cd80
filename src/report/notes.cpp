#include "report/notes.h"

#include <algorithm>
#include <cmath>

#include "report/sentences.h"
#include "units/text.h"

namespace vram::report {
namespace {

/// Before this day what other processes hold was subtracted from the share as well.
constexpr vllm::Step<bool> kShareIsItsOwn[] = {
    {{}, false, "vllm v0.9.1 vllm/v1/worker/gpu_worker.py: all that is used on the device"},
    {{2025, 6, 9}, true, "https://github.com/vllm-project/vllm/pull/19312"},
};
static_assert(vllm::well_formed(kShareIsItsOwn));

std::string gib2(Bytes bytes) { return fixed(gib(bytes), 2) + " GiB"; }

std::string utilization_note(const plan::Report& report) {
  const plan::RankReport& rank = report.fullest();
  if (rank.cuda_graphs_reserved.bytes <= Bytes(0) || !reaches_cache(report.verdict)) return {};
  const double share = double(rank.cuda_graphs_reserved.bytes.count()) / double(report.gpu.total.count());
  return "Utilisation " + python_float(report.gpu_memory_utilization) + " covers " +
         gib2(rank.cuda_graphs_reserved.bytes) +
         " set aside for CUDA graphs. A release before 0.20 gave the same cache at " +
         fixed(report.gpu_memory_utilization - share, 4) + '.';
}

/// Printed tokens belong to the layers that grow; concurrency counts what each layer keeps of one request.
std::string tokens_note(const plan::Report& report) {
  if (!report.verdict.fits || !report.kv || report.kv->groups.empty()) return {};
  const memory::KvPlan& kv = *report.kv;
  const double product = kv.max_concurrency * double(kv.max_model_len.count());
  const double tokens = double(kv.tokens.count());
  constexpr double kNoticeable = 0.02;
  if (tokens <= 0 || std::abs(product / tokens - 1) < kNoticeable) return {};
  return "\"GPU KV cache size\" is not concurrency x length here: layers with a window or a fixed state keep less of a "
         "long request. Count requests by the concurrency line.";
}

std::string neighbours_note(const plan::Report& report) {
  if (!report.gpu.free) return {};
  const plan::RankReport& rank = report.fullest();
  const Bytes held = report.gpu.total - *report.gpu.free;
  if (held <= rank.context.high) return {};
  const double most = double(report.gpu.free->count()) / double(report.gpu.total.count());
  std::string note = gib2(held) + " of the GPU are in use before vLLM starts. Its share is of the total, " +
                     gib2(report.gpu.total) + ": at most " + fixed(std::floor(most * 1000) / 1000, 3) +
                     " can be asked for";
  return note + (vllm::in_force(kShareIsItsOwn, report.engine.as_of)
                     ? ", and the share is this instance's alone."
                     : ", and this release subtracts what others hold from it.");
}

/// More GPUs are there than the launch has ranks for.
std::string idle_note(const plan::Report& report) {
  const json::Value* replicas = report.args.find("data_parallel_size");
  const std::int64_t data = replicas && replicas->integer() ? std::max<std::int64_t>(*replicas->integer(), 1) : 1;
  const std::int64_t used = std::int64_t(report.ranks.size()) * data;
  if (used >= report.gpu_count) return {};
  return "The launch uses " + std::to_string(used) + " of the " + std::to_string(report.gpu_count) +
         " GPUs: vLLM divides a model only where --tensor-parallel-size, --pipeline-parallel-size or "
         "--data-parallel-size say so.";
}

}  // namespace

std::vector<std::string> notes(const plan::Report& report) {
  std::vector<std::string> found;
  if (report.ranks.empty()) return found;
  for (std::string note : {idle_note(report), utilization_note(report), tokens_note(report), neighbours_note(report)})
    if (!note.empty()) found.push_back(std::move(note));
  return found;
}

}  // namespace vram::report
