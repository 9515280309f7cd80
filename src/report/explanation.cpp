#include "report/explanation.h"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "report/cache_kinds.h"
#include "report/report_parts.h"
#include "units/text.h"
#include "vllm/release.h"

namespace vram::report {
namespace {

constexpr int kNumberWidth = 11;
constexpr std::size_t kMostKinds = 4, kMostLines = 6;

/// What is said of one part.
struct Explanation {
  std::string question, sentence;
  struct Line {
    std::string what, number;
  };
  std::vector<Line> lines;
  std::string source;
};

std::string gib2(Bytes bytes) { return fixed(gib(bytes), 2); }

std::string spread(const memory::Estimate& estimate) {
  return "nine of ten start-ups: " + gib2(estimate.low) + " to " + gib2(estimate.high) + " GiB";
}

Explanation weights(const plan::Report& report, const plan::RankReport& rank) {
  Explanation why{"Why " + gib2(rank.model_loading.bytes) + " GiB of weights?",
                  "Every tensor as vLLM creates it on this rank, through torch's allocator.",
                  {},
                  "vLLM prints it as \"Model loading took\"; `inspect` lists every tensor"};
  constexpr std::string_view kWeights = "weights.";
  std::vector<plan::Component> parts;
  for (const plan::Component& component : report.components)
    if (component.name.starts_with(kWeights)) parts.push_back(component);
  // The smallest are told together.
  std::ranges::stable_sort(parts, std::greater(), &plan::Component::bytes);
  while (parts.size() > kMostLines) {
    const Bytes least = parts.back().bytes;
    parts.pop_back();
    parts.back() = {"weights.rest", parts.back().bytes + least, ""};
  }
  for (const plan::Component& part : parts) why.lines.push_back({part.name.substr(kWeights.size()), gib2(part.bytes)});
  return why;
}

Explanation activations(const plan::Report& report, const plan::RankReport& rank) {
  Explanation why{
      "Why about " + gib2(rank.activation_peak.bytes) + " GiB of activations?",
      "What one forward pass of the largest batch and its sampling take at their peak, in vLLM's profiling run.",
      {},
      spread(rank.activation_peak) + "; " + report.basis};
  for (const char* name : {"max_num_batched_tokens", "max_num_seqs"})
    if (const json::Value* value = report.args.find(name); value && value->integer())
      why.lines.push_back({name, with_commas(*value->integer())});
  return why;
}

Explanation outside(const plan::Report& report, const plan::RankReport& rank) {
  return {
      "Why " + gib2(rank.non_torch.bytes) + " GiB outside PyTorch?",
      "NCCL's buffers and kernels' own memory: allocated by CUDA, not by torch, so vLLM sees it only as memory that "
      "is gone.",
      {},
      spread(rank.non_torch) + "; " + report.basis};
}

/// ": 40 layers sliding window of 1,024, 8 layers full": layers of one kind and window, over all groups.
std::string cache_layers(const memory::KvPlan& kv) {
  std::vector<std::pair<std::string, std::int64_t>> kinds;
  for (const memory::KvGroup& group : kv.groups) {
    std::string kind = cache_kind(group);
    std::ranges::replace(kind, '_', ' ');
    if (const auto window = group.spec.window ? group.spec.window : group.spec.chunk)
      kind += " of " + with_commas(window->count());
    const auto same = std::ranges::find(kinds, kind, &std::pair<std::string, std::int64_t>::first);
    if (same == kinds.end())
      kinds.emplace_back(kind, group.layers);
    else
      same->second += group.layers;
  }
  std::string text;
  for (std::size_t i = 0; i < std::min(kinds.size(), kMostKinds); ++i)
    text += (i ? ", " : ": ") + std::to_string(kinds[i].second) + " layers " + kinds[i].first;
  return text;
}

/// What becomes of the cache: its blocks, or the request that does not fit.
std::string cache_becomes(const plan::Report& report, const plan::RankReport& rank) {
  if (!report.kv) return "";
  const memory::KvPlan& kv = *report.kv;
  const std::size_t stage = std::size_t(rank.pp_rank);
  if (!plan::allocates_cache(report.verdict.reason))
    return stage < kv.needed.size() ? "; one request of " + with_commas(kv.max_model_len.count()) + " tokens takes " +
                                          gib2(kv.needed[stage]) + " GiB"
                                    : "";
  if (stage >= kv.bytes_per_block.size()) return "";
  return ", in " + with_commas(kv.num_blocks) + " blocks of " + with_commas(kv.bytes_per_block[stage].count()) +
         " bytes" + cache_layers(kv);
}

Explanation cache(const plan::Report& report, const plan::RankReport& rank) {
  const bool given = report.args.find("kv_cache_memory_bytes") != nullptr;
  Explanation why{
      Bytes(0) < rank.available_kv.bytes ? "Why " + gib2(rank.available_kv.bytes) + " GiB of KV cache?"
                                         : "Why is nothing left for KV cache?",
      (given ? "What --kv-cache-memory-bytes asks for" : "What the budget leaves") + cache_becomes(report, rank) + '.',
      {},
      with_commas(report.bytes_per_token_marginal.count()) + " bytes a token at long context"};
  if (given) return why;
  why.lines = {{python_float(report.gpu_memory_utilization) + " of " + gib2(rank.total) + " GiB", gib2(rank.requested)},
               {"weights", '-' + gib2(rank.model_loading.bytes)},
               {"activation peak", '-' + gib2(rank.activation_peak.bytes)},
               {"outside PyTorch", '-' + gib2(rank.non_torch.bytes)}};
  if (rank.cuda_graphs_reserved.bytes > Bytes(0))
    why.lines.push_back({"set aside for graphs", '-' + gib2(rank.cuda_graphs_reserved.bytes)});
  why.lines.push_back({"KV cache", gib2(rank.available_kv.bytes)});
  return why;
}

Explanation graphs(const plan::Report& report, const plan::RankReport& rank) {
  return {"Why " + gib2(rank.cuda_graphs.bytes) + " GiB of CUDA graphs?",
          "Captured once the cache is there, outside the budget; newer releases estimate them beforehand and subtract "
          "that from the cache.",
          {{"estimated beforehand", gib2(rank.graph_estimate.bytes)},
           {"set aside in the budget", gib2(rank.cuda_graphs_reserved.bytes)}},
          spread(rank.cuda_graphs) + "; " + report.basis};
}

Explanation context(const plan::Report& report, const plan::RankReport& rank) {
  return {"Why " + gib2(rank.context.bytes) + " GiB of CUDA context?",
          "What the driver holds before vLLM takes its first measure. It limits what can be asked for, not what the "
          "cache gets.",
          {},
          spread(rank.context) + "; " + report.basis};
}

Explanation unused(const plan::Report& report, const plan::RankReport& rank) {
  // A start that is refused would have held this much more.
  const bool wanting = report.kv && !plan::allocates_cache(report.verdict.reason);
  const Bytes cache = wanting ? std::max(rank.available_kv.bytes, Bytes(0)) : Bytes(0);
  const Bytes graphs = wanting ? rank.graphs_held() : Bytes(0);
  const std::string free = gib2(rank.free_after - cache - graphs);
  Explanation why{"Why is " + free + " GiB free?",
                  "What the card has beyond all that is held. vLLM does not use it; a larger --gpu-memory-utilization "
                  "would.",
                  {{"the card", gib2(rank.total)}, {"held", '-' + gib2(rank.peak)}},
                  "by the catalogue, or by the driver where the GPU was found here"};
  if (cache > Bytes(0)) why.lines.push_back({"for the KV cache", '-' + gib2(cache)});
  if (graphs > Bytes(0)) why.lines.push_back({"for CUDA graphs", '-' + gib2(graphs)});
  why.lines.push_back({"free", free});
  return why;
}

using Teller = Explanation (*)(const plan::Report&, const plan::RankReport&);

struct Part {
  std::string_view name;
  Teller tell;
  const char* file;  // of vLLM's, that measures or divides it
};
constexpr Part kParts[] = {
    {"weights", weights, "worker/gpu_model_runner.py"},
    {"activation_peak", activations, "worker/gpu_worker.py"},
    {"non_torch", outside, "worker/gpu_worker.py"},
    {"kv_cache", cache, "core/kv_cache_utils.py"},
    {"cuda_graphs", graphs, "worker/gpu_model_runner.py"},
    {"context", context, "worker/gpu_worker.py"},
    {"free", unused, "worker/gpu_worker.py"},
};

/// Whether the files above are the ones in use.
constexpr vllm::Step<bool> kFirstEngineGone[] = {
    {{}, false, "vllm 0.6.0, vllm/worker/worker.py"},
    {{2025, 5, 13}, true, "vllm 0.9.0, vllm/v1/worker/gpu_worker.py"},
};

std::string link_of(const vllm::Engine& engine, const char* file) {
  if (!engine.exact || !vllm::in_force(kFirstEngineGone, engine.as_of)) return "";
  return "https://github.com/vllm-project/vllm/blob/v" + engine.version + "/vllm/v1/" + file;
}

}  // namespace

Result<std::string> explanation(const plan::Report& report, std::string_view part, const TextStyle& style) {
  const auto known = std::ranges::find(kParts, part, &Part::name);
  if (known == std::end(kParts))
    return Error{ErrorCode::kBadInput, "--explain", "there is no part \"" + std::string(part) + '"',
                 "use weights, activation_peak, non_torch, kv_cache, cuda_graphs, context or free"};
  if (report.ranks.empty()) return Error{ErrorCode::kRefused, "", report.verdict.message.value_or(""), ""};
  const Explanation why = known->tell(report, report.fullest());
  std::string out = why.question + '\n' + wrapped(why.sentence, style.width, "  ") + '\n';
  if (!why.lines.empty()) out += '\n';
  int width = 0;
  for (const Explanation::Line& line : why.lines) width = std::max(width, columns(line.what));
  for (const Explanation::Line& line : why.lines)
    out += "  " + padded_right(line.what, width) + padded_left(line.number, kNumberWidth) + '\n';
  return out + '\n' + painted(wrapped(why.source, style.width, "  "), Paint::kDim, style) + '\n';
}

json::Value explanations_json(const plan::Report& report) {
  json::Object all;
  if (report.ranks.empty()) return json::Value(std::move(all));
  for (const Part& part : kParts) {
    const Explanation why = part.tell(report, report.fullest());
    json::Object object;
    object.set("question", json::Value(why.question));
    object.set("sentence", json::Value(why.sentence));
    object.set("lines", list(why.lines, [](const Explanation::Line& line) {
                 return json::Value(json::Array{json::Value(line.what), json::Value(line.number)});
               }));
    object.set("source", json::Value(why.source));
    object.set("link", json::Value(link_of(report.engine, part.file)));
    all.set(std::string(part.name), json::Value(std::move(object)));
  }
  return json::Value(std::move(all));
}

}  // namespace vram::report
