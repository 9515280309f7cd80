#include "plan/remedies.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "hardware/catalogue.h"
#include "plan/boundaries.h"
#include "plan/budget.h"
#include "plan/kernels.h"
#include "plan/planner.h"
#include "units/text.h"
#include "vllm/arguments.h"

namespace vram::plan {
namespace {

using json::Value;

std::int64_t whole(const Report& report, std::string_view name, std::int64_t otherwise) {
  const Value* found = report.args.find(name);
  const std::int64_t* number = found ? found->integer() : nullptr;
  return number ? *number : otherwise;
}

std::string plural(std::int64_t count, const char* noun) {
  return with_commas(count) + ' ' + noun + (count == 1 ? "" : "s");
}

/// Longest length with the available memory at its 5th percentile, or at its middle; 0 where even a token is too many.
std::int64_t longest_length(const Request& request, Planner& planner, Bytes memory::Estimate::* which,
                            std::int64_t limit) {
  const auto exact = planner.exact(request);
  if (!exact) return 0;
  const memory::Corrections learnt = corrections(request.calibration, exact->deployment);
  std::vector<Bytes> bytes;
  for (std::size_t i = 0; i < exact->stages().size(); ++i)
    bytes.push_back(rank_budget(*exact, i, learnt).available_kv.*which);
  return longest_context(*exact, bytes, 1, limit);
}

/// Down to a number that people type: a multiple of the power of two nearest below a sixteenth of it.
std::int64_t rounded_down(std::int64_t tokens) {
  std::int64_t step = 1;
  while (step * 32 <= tokens) step *= 2;
  return tokens / step * step;
}

Candidate with_length(std::int64_t tokens) {
  return {with("max_model_len", Value(tokens)), "requests of more than " + with_commas(tokens) + " tokens are refused"};
}

Remedy shorter(const Request& request, const Report& before, Planner& planner) {
  if (!before.kv) return {};
  const std::int64_t limit = before.kv->max_model_len.count() - 1;
  Remedy steps;
  std::int64_t tokens = rounded_down(longest_length(request, planner, &memory::Estimate::low, limit));
  // Shorter than the limit by a step or two where a default depends on the length.
  for (int i = 0; i < 3 && tokens > 0; ++i, tokens = rounded_down(tokens - 1)) steps.push_back(with_length(tokens));
  return steps;
}

Remedy longest_of_all(const Request& request, const Report& before, Planner& planner) {
  if (!before.kv) return {};
  const std::int64_t tokens =
      longest_length(request, planner, &memory::Estimate::bytes, before.kv->max_model_len.count() - 1);
  return tokens > 0 ? Remedy{with_length(tokens)} : Remedy{};
}

int hundredths(double utilisation) { return int(std::lround(utilisation * 100)); }

Candidate with_utilisation(int hundredths, std::string costs) {
  return {with("gpu_memory_utilization", Value(hundredths / 100.0)), std::move(costs)};
}

Candidate fuller(const Request& request, int hundredths) {
  const double left = gib(request.gpu.total) * (100 - hundredths) / 100;
  return with_utilisation(hundredths, "less of the card is left for anything else: " + fixed(left, 2) + " GiB");
}

Remedy other_utilisation(const Request& request, const Report& before) {
  const int now = hundredths(before.gpu_memory_utilization);
  Remedy steps;
  if (before.verdict.reason == Reason::kFreeMemoryBelowRequest) {
    const Bytes free = request.gpu.free.value_or(request.gpu.total - before.fullest().context.bytes);
    const int most = int(double(free.count()) / double(request.gpu.total.count()) * 100);
    for (int u = std::min(most, now); u > std::max(most - 3, 0); --u)
      steps.push_back(with_utilisation(u, "less KV cache"));
    return steps;
  }
  if (before.verdict.reason == Reason::kOutOfMemoryCapturing) {
    constexpr int kLeast = 50;
    for (int u = now - 1; u >= kLeast; --u)
      steps.push_back(with_utilisation(u, "less KV cache: the graphs have the rest"));
    return steps;
  }
  for (int u = now + 1; u <= 98; ++u) steps.push_back(fuller(request, u));
  return steps;
}

/// The request without whatever else holds memory of its GPU.
Remedy alone(const Request& request, const Report& before) {
  if (!request.gpu.free || before.verdict.reason != Reason::kFreeMemoryBelowRequest) return {};
  Change change;
  change.alone = request.gpu;
  return {{change, "what else runs on the GPU has to stop"}};
}

Candidate in_eight_bits() {
  return {with("kv_cache_dtype", Value("fp8")), "keys and values in 8 bits: a little accuracy"};
}

Remedy smaller_cache(const Report& before) {
  if (before.kv_dtype.starts_with("fp8") || before.kv_dtype.starts_with("nvfp4")) return {};
  return {in_eight_bits()};
}

Remedy fewer_sequences(const Report& before) {
  Remedy steps;
  for (std::int64_t n = std::int64_t{1} << 20; n >= 1; n /= 2)
    if (n < whole(before, "max_num_seqs", 0))
      steps.push_back({with("max_num_seqs", Value(n)), "at most " + plural(n, "request") + " at once"});
  return steps;
}

Remedy fewer_batched_tokens(const Report& before) {
  Remedy steps;
  for (const std::int64_t n : {16384, 8192, 4096, 2048, 1024})
    if (n < whole(before, "max_num_batched_tokens", 0))
      steps.push_back({with("max_num_batched_tokens", Value(n)), "long prompts take more steps: later first tokens"});
  return steps;
}

bool eager(const Report& before) {
  const Value* given = before.args.find("enforce_eager");
  return given && given->boolean() && *given->boolean();
}

Remedy without_graphs(const Report& before) {
  if (eager(before)) return {};
  return {{with("enforce_eager", Value(true)), "no CUDA graphs: slower decoding, most of all for few requests"}};
}

Remedy fewer_graphs(const Request& request, const Report& before) {
  if (eager(before)) return {};
  Remedy steps;
  for (const char* name : {"cudagraph_capture_sizes", "cuda_graph_sizes"}) {
    json::Object given;
    given.set(name, Value(json::Array{Value(1), Value(2), Value(4), Value(8)}));
    if (vllm::read_arguments(given, request.engine))
      steps.push_back({with(name, *given.find(name)), "more than 8 requests at once run without CUDA graphs"});
  }
  return steps;
}

Remedy text_only(const Request& request) {
  json::Object none;
  for (const char* kind : {"image", "video", "audio"}) none.set(kind, Value(0));
  if (!request.model->config.find("vision_config") && !request.model->config.find("audio_config")) return {};
  return {{with("limit_mm_per_prompt", Value(none)), "text only: images, video and audio are refused"}};
}

// Two usual machines of eight.
constexpr std::int64_t kMostGpus = 16;

std::string on(std::int64_t gpus, std::int64_t node) {
  return gpus <= node ? "" : " on " + plural((gpus + node - 1) / node, "machine");
}

Remedy more_gpus(const Request& request, const Report& before, bool present) {
  const std::int64_t tensor = whole(before, "tensor_parallel_size", 1);
  const std::int64_t pipeline = whole(before, "pipeline_parallel_size", 1);
  const std::int64_t data = whole(before, "data_parallel_size", 1);
  const std::int64_t node = std::max<std::int64_t>(request.gpu.per_node, 1);
  Remedy steps;
  const auto add = [&](std::int64_t by_tensor, std::int64_t by_stage) {
    const std::int64_t gpus = tensor * by_tensor * pipeline * by_stage * data;
    const bool here = gpus <= request.gpu_count;
    if (here != present) return;
    Change change;
    if (by_tensor > 1) change.args.set("tensor_parallel_size", Value(tensor * by_tensor));
    if (by_stage > 1) change.args.set("pipeline_parallel_size", Value(pipeline * by_stage));
    steps.push_back({std::move(change), here ? "uses " + plural(gpus, "GPU") + " of those there are"
                                             : plural(gpus, "GPU") + " of this kind" + on(gpus, node)});
  };
  for (std::int64_t factor = 2; factor <= kMostGpus; factor *= 2) {
    add(factor, 1);
    add(1, factor);
    if (const std::int64_t rest = tensor * factor / node; node > tensor && rest > 1) add(node / tensor, rest);
  }
  return steps;
}

Remedy other_weights(const Request& request, Planner& planner) {
  Remedy steps;
  const auto variants = planner.variants(request.model);
  for (const std::shared_ptr<const ModelSource>& variant : *variants) {
    if (kernel_missing(*variant, request.gpu)) continue;
    Change change;
    for (const char* own : {"quantization", "dtype", "hf_overrides", "load_format"})
      if (request.args.find(own)) change.args.set(own, Value());
    const bool packed = variant->config.find("quantization_config") || variant->quantisation;
    std::string costs = "another checkpoint, its weights in ";
    costs += packed ? "fewer bits: a little accuracy" : "full";
    change.model = variant;
    steps.push_back({std::move(change), std::move(costs)});
  }
  return steps;
}

Remedy quantised_at_load(const Request& request, const Report& before) {
  if (!before.quantization.empty() || request.args.find("quantization")) return {};
  return {{with("quantization", Value("fp8")), "weights in 8 bits, made while loading: a little accuracy"}};
}

// With most of the weights on the host's side of the bus nobody would call it serving.
constexpr std::int64_t kMostOffloaded = 2;

/// What the weights take more than is free, where that is why it does not start.
Bytes lacking(const Request& request, const Report& before) {
  if (before.verdict.reason != Reason::kOutOfMemoryLoading) return Bytes(0);
  const RankReport& rank = before.fullest();
  return rank.model_loading.bytes - request.gpu.free.value_or(request.gpu.total - rank.context.bytes);
}

Remedy offloaded(const Request& request, const Report& before) {
  if (request.gpu.memory == hardware::MemoryKind::kUnified) return {};
  const std::int64_t already = whole(before, "cpu_offload_gb", 0);
  Remedy steps;
  const std::int64_t most = std::int64_t(gib(before.fullest().weights)) / kMostOffloaded;
  const Bytes least = lacking(request, before);
  for (std::int64_t n = already + 1; n <= most; n += std::max<std::int64_t>(most / 16, 1))
    if (Bytes(kGiB) * (n - already) >= least)
      steps.push_back({with("cpu_offload_gb", Value(n)),
                       std::to_string(n) + " GiB of weights cross to the GPU at every step: much slower"});
  return steps;
}

// Every format that vLLM serves runs from here on.
constexpr hardware::Capability kServed{9, 0};

/// The smallest card of the same maker that is larger; one of each size.
Remedy larger_gpu(const Request& request) {
  std::vector<const hardware::Gpu*> larger;
  for (const hardware::Record& record : hardware::catalogue()) {
    const bool own_memory = record.gpu.memory != hardware::MemoryKind::kUnified;
    if (record.gpu.vendor == request.gpu.vendor && own_memory && record.gpu.total > request.gpu.total &&
        record.gpu.capability >= std::min(request.gpu.capability, kServed) &&
        !kernel_missing(*request.model, record.gpu))
      larger.push_back(&record.gpu);
  }
  std::ranges::stable_sort(larger, {}, [](const hardware::Gpu* gpu) { return gpu->total; });
  Remedy steps;
  Bytes last;
  for (const hardware::Gpu* gpu : larger) {
    if (gpu->total - last < Bytes(kGiB)) continue;
    last = gpu->total;
    Change change;
    change.gpu = *gpu;
    steps.push_back({std::move(change), "another card: " + gpu->name});
  }
  return steps;
}

}  // namespace

Candidate both(const Candidate& first, Candidate second) {
  Change change = first.change;
  for (const auto& [name, value] : second.change.args.members()) change.args.set(name, value);
  if (second.change.model) change.model = second.change.model;
  if (second.change.gpu) change.gpu = second.change.gpu;
  return {std::move(change), first.costs + "; " + second.costs};
}

bool too_heavy(const Request& request, const Report& before, Planner& planner) {
  if (before.verdict.reason != Reason::kOutOfMemoryLoading) return false;
  Candidate least = with_length(1);
  for (const Remedy& remedy :
       {smaller_cache(before), fewer_sequences(before), fewer_batched_tokens(before), without_graphs(before)})
    if (!remedy.empty()) least = both(least, remedy.back());
  const auto after = planner.judged(changed(request, least.change));
  return after && after->verdict.reason == Reason::kOutOfMemoryLoading;
}

std::vector<Remedy> lighter(const Request& request, const Report& before, Planner& planner) {
  return {more_gpus(request, before, true),
          text_only(request),
          more_gpus(request, before, false),
          other_weights(request, planner),
          quantised_at_load(request, before),
          offloaded(request, before),
          larger_gpu(request)};
}

std::vector<Remedy> remedies(const Request& request, const Report& before, Planner& planner) {
  return {alone(request, before),
          shorter(request, before, planner),
          other_utilisation(request, before),
          more_gpus(request, before, true),
          smaller_cache(before),
          fewer_sequences(before),
          fewer_batched_tokens(before),
          without_graphs(before),
          fewer_graphs(request, before),
          text_only(request),
          more_gpus(request, before, false),
          other_weights(request, planner),
          quantised_at_load(request, before),
          offloaded(request, before),
          larger_gpu(request),
          longest_of_all(request, before, planner)};
}

std::vector<Remedy> corrections(const Request& request) {
  std::vector<Remedy> all;
  const std::string kept = "vLLM's own choice in its place";
  for (const auto& [name, value] : request.args.members()) {
    Remedy nearest;
    if (const std::int64_t* size = value.integer(); size && name.ends_with("_parallel_size"))
      for (std::int64_t by = 1; by <= 8; ++by)
        for (const std::int64_t other : {*size - by, *size + by})
          if (other >= 1) nearest.push_back({with(name, Value(other)), plural(other, "rank") + " in its place"});
    nearest.push_back({with(name, Value()), kept});
    all.push_back(std::move(nearest));
  }
  if (!request.args.find("kv_cache_dtype")) all.push_back({in_eight_bits()});
  if (request.args.find("tensor_parallel_size") && !request.args.find("enable_expert_parallel"))
    all.push_back({{with("enable_expert_parallel", Value(true)), "experts whole on each rank: uneven load"}});
  return all;
}

std::vector<Remedy> improvements(const Request& request, const Report& before) {
  constexpr int kFull = 95;
  Remedy fullest_use;
  if (hundredths(before.gpu_memory_utilization) < kFull) fullest_use.push_back(fuller(request, kFull));
  Remedy batched = fewer_batched_tokens(before);
  std::reverse(batched.begin(), batched.end());
  if (batched.size() > 1) batched.erase(batched.begin());  // 2,048 is as small as vLLM's own defaults get
  return {std::move(fullest_use), std::move(batched), smaller_cache(before), more_gpus(request, before, true)};
}

Remedy other_weights_on_more_gpus(const Request& request, const Report& before, Planner& planner) {
  Remedy steps;
  for (const Candidate& weights : other_weights(request, planner))
    for (Candidate& gpus : more_gpus(request, before, false)) steps.push_back(both(weights, std::move(gpus)));
  return steps;
}

Remedy together(const Request& request, const Report& before, Planner& planner) {
  Remedy steps;
  Candidate all;
  const auto add = [&](Remedy remedy) {
    if (remedy.empty()) return;
    for (const auto& [name, value] : remedy.back().change.args.members()) all.change.args.set(name, value);
    all.costs += (all.costs.empty() ? "" : "; ") + remedy.back().costs;
    steps.push_back(all);
  };
  const auto only = [](Remedy remedy, std::size_t most) {
    if (remedy.size() > most) remedy.resize(most);
    return remedy;
  };
  Remedy sequences = fewer_sequences(before);
  std::erase_if(sequences, [](const Candidate& c) { return *c.change.args.find("max_num_seqs")->integer() < 16; });
  add(smaller_cache(before));
  add(sequences);
  add(fewer_batched_tokens(before));
  add(without_graphs(before));
  if (before.verdict.reason != Reason::kFreeMemoryBelowRequest) add(only(other_utilisation(request, before), 5));
  const Remedy without_length = steps;
  for (const Candidate& candidate : without_length)
    if (Remedy length = shorter(changed(request, candidate.change), before, planner); !length.empty()) {
      Candidate with_it = candidate;
      with_it.change.args.set("max_model_len", *length.front().change.args.find("max_model_len"));
      with_it.costs += "; " + length.front().costs;
      steps.push_back(std::move(with_it));
    }
  return steps;
}

}  // namespace vram::plan
