#include "report/explanation.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "report/cache_kinds.h"
#include "units/text.h"

namespace vram::report {
namespace {

constexpr int kNumberWidth = 11;
constexpr std::size_t kMostGroups = 6;

std::string gib2(Bytes bytes) { return fixed(gib(bytes), 2); }

/// What is said of one part.
struct Why {
  std::string question, sentence;
  struct Line {
    std::string what, number;
  };
  std::vector<Line> lines;
  std::string source;
};

std::string spread(const memory::Estimate& estimate) {
  return "nine of ten start-ups: " + gib2(estimate.low) + " to " + gib2(estimate.high) + " GiB";
}

Why weights(const plan::Report& report, const plan::RankReport& rank) {
  Why why{"Why " + gib2(rank.model_loading.bytes) + " GiB of weights?",
          "Every tensor as vLLM creates it on this rank, through torch's allocator.",
          {},
          "vLLM prints it as \"Model loading took\"; `inspect` lists every tensor"};
  for (const plan::Component& component : report.components)
    if (component.name.starts_with("weights."))
      why.lines.push_back({component.name.substr(std::string_view("weights.").size()), gib2(component.bytes)});
  return why;
}

Why activations(const plan::Report& report, const plan::RankReport& rank) {
  Why why{"Why about " + gib2(rank.activation_peak.bytes) + " GiB of activations?",
          "What one forward pass of the largest batch and its sampling take at their peak, in vLLM's profiling run.",
          {},
          spread(rank.activation_peak) + "; " + report.basis};
  for (const char* name : {"max_num_batched_tokens", "max_num_seqs"})
    if (const json::Value* value = report.args.find(name); value && value->integer())
      why.lines.push_back({name, with_commas(*value->integer())});
  return why;
}

Why outside(const plan::Report& report, const plan::RankReport& rank) {
  return {
      "Why " + gib2(rank.non_torch.bytes) + " GiB outside PyTorch?",
      "NCCL's buffers and kernels' own memory: allocated by CUDA, not by torch, so vLLM sees it only as memory that "
      "is gone.",
      {},
      spread(rank.non_torch) + "; " + report.basis};
}

/// Layers of one kind and window, over all groups.
std::vector<Why::Line> cache_layers(const memory::KvPlan& kv) {
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
  std::vector<Why::Line> lines;
  for (const auto& [kind, layers] : kinds)
    if (lines.size() < kMostGroups) lines.push_back({kind, std::to_string(layers) + " layers"});
  return lines;
}

Why cache(const plan::Report& report, const plan::RankReport& rank) {
  Why why{"Why " + gib2(rank.available_kv.bytes) + " GiB of KV cache?",
          "What the budget leaves.",
          {{python_float(report.gpu_memory_utilization) + " of " + gib2(rank.total) + " GiB", gib2(rank.requested)},
           {"weights", '-' + gib2(rank.model_loading.bytes)},
           {"activation peak", '-' + gib2(rank.activation_peak.bytes)},
           {"outside PyTorch", '-' + gib2(rank.non_torch.bytes)}},
          with_commas(report.bytes_per_token_marginal.count()) + " bytes a token at long context"};
  if (rank.cuda_graphs_reserved.bytes > Bytes(0))
    why.lines.push_back({"set aside for graphs", '-' + gib2(rank.cuda_graphs_reserved.bytes)});
  why.lines.push_back({"KV cache", gib2(rank.available_kv.bytes)});
  const memory::KvPlan& kv = *report.kv;
  const std::size_t stage = std::size_t(rank.pp_rank);
  const bool allocated = plan::allocates_cache(report.verdict.reason);
  if (!allocated && stage < kv.needed.size())
    why.lines.push_back(
        {"one request of " + with_commas(kv.max_model_len.count()) + " tokens", gib2(kv.needed[stage])});
  if (!allocated) return why;
  for (Why::Line& line : cache_layers(kv)) why.lines.push_back(std::move(line));
  if (stage < kv.bytes_per_block.size())
    why.lines.push_back(
        {with_commas(kv.num_blocks) + " blocks of " + with_commas(kv.bytes_per_block[stage].count()) + " bytes",
         gib2(rank.kv_cache)});
  return why;
}

Why graphs(const plan::Report& report, const plan::RankReport& rank) {
  return {"Why " + gib2(rank.cuda_graphs.bytes) + " GiB of CUDA graphs?",
          "Captured once the cache is there, outside the budget; newer releases estimate them beforehand and subtract "
          "that from the cache.",
          {{"estimated beforehand", gib2(rank.graph_estimate.bytes)},
           {"set aside in the budget", gib2(rank.cuda_graphs_reserved.bytes)}},
          spread(rank.cuda_graphs) + "; " + report.basis};
}

Why context(const plan::Report& report, const plan::RankReport& rank) {
  return {"Why " + gib2(rank.context.bytes) + " GiB of CUDA context?",
          "What the driver holds before vLLM takes its first measure. It limits what can be asked for, not what the "
          "cache gets.",
          {},
          spread(rank.context) + "; " + report.basis};
}

Why unused(const plan::Report&, const plan::RankReport& rank) {
  return {"Why is " + gib2(rank.free_after) + " GiB free?",
          "What the card has beyond all that is held. vLLM does not use it; a larger --gpu-memory-utilization would.",
          {{"the card", gib2(rank.total)}, {"held", '-' + gib2(rank.peak)}, {"free", gib2(rank.free_after)}},
          "by the catalogue, or by the driver where the GPU was found here"};
}

using Teller = Why (*)(const plan::Report&, const plan::RankReport&);
constexpr std::array<std::pair<std::string_view, Teller>, 7> kParts{{
    {"weights", weights},
    {"activation_peak", activations},
    {"non_torch", outside},
    {"kv_cache", cache},
    {"cuda_graphs", graphs},
    {"context", context},
    {"free", unused},
}};

}  // namespace

Result<std::string> explanation(const plan::Report& report, std::string_view part, const TextStyle& style) {
  const auto known = std::ranges::find(kParts, part, &std::pair<std::string_view, Teller>::first);
  if (known == kParts.end())
    return Error{ErrorCode::kBadInput, "--explain", "there is no part \"" + std::string(part) + '"',
                 "use weights, activation_peak, non_torch, kv_cache, cuda_graphs, context or free"};
  if (report.ranks.empty()) return Error{ErrorCode::kRefused, "", report.verdict.message.value_or(""), ""};
  const Why why = known->second(report, report.fullest());
  std::string out = why.question + '\n' + wrapped(why.sentence, style.width, "  ") + '\n';
  if (!why.lines.empty()) out += '\n';
  int width = 0;
  for (const Why::Line& line : why.lines) width = std::max(width, columns(line.what));
  for (const Why::Line& line : why.lines)
    out += "  " + padded_right(line.what, width) + padded_left(line.number, kNumberWidth) + '\n';
  return out + '\n' + painted(wrapped(why.source, style.width, "  "), Paint::kDim, style) + '\n';
}

}  // namespace vram::report
