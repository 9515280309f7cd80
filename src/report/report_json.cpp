#include "report/report_json.h"

#include "memory/runtime.h"
#include "report/cache_kinds.h"
#include "report/report_parts.h"
#include "units/text.h"

namespace vram::report {
namespace {

using json::Array;
using json::Object;
using json::Value;

Value text_or_null(const std::string& text) { return text.empty() ? Value() : Value(text); }

Value interval(Bytes low, Bytes high) { return Value(Array{bytes(low), bytes(high)}); }

Value group(const memory::KvGroup& group) {
  Object object;
  object.set("kind", Value(cache_kind(group)));
  object.set("layers", Value(group.layers));
  object.set("block_size", Value(group.spec.block_size.count()));
  object.set("page_bytes", bytes(group.page));
  const auto window = group.spec.window ? group.spec.window : group.spec.chunk;
  object.set("window", window ? Value(window->count()) : Value());
  return Value(std::move(object));
}

Value intervals(const plan::RankReport& rank) {
  Object object;
  const auto add = [&](const char* name, const memory::Estimate& e) { object.set(name, interval(e.low, e.high)); };
  add("model_loading", rank.model_loading);
  add("activation_peak", rank.activation_peak);
  add("non_torch", rank.non_torch);
  add("cuda_graphs", rank.cuda_graphs);
  add("graph_estimate", rank.graph_estimate);
  add("context", rank.context);
  add("available_kv", rank.available_kv);
  return Value(std::move(object));
}

Value rank(const plan::RankReport& rank) {
  Object object;
  object.set("rank", Value(rank.rank));
  object.set("tp_rank", Value(rank.tp_rank));
  object.set("pp_rank", Value(rank.pp_rank));
  object.set("gpu", Value(rank.gpu));
  object.set("total_bytes", bytes(rank.total));
  object.set("weights_bytes", bytes(rank.weights));
  object.set("offloaded_bytes", bytes(rank.offloaded));
  object.set("model_loading_bytes", bytes(rank.model_loading.bytes));
  object.set("activation_peak_bytes", bytes(rank.activation_peak.bytes));
  object.set("non_torch_bytes", bytes(rank.non_torch.bytes));
  object.set("cuda_graph_bytes", bytes(rank.cuda_graphs.bytes));
  object.set("cuda_graph_reserved_bytes", bytes(rank.cuda_graphs_reserved.bytes));
  object.set("cuda_graph_estimate_bytes", bytes(rank.graph_estimate.bytes));
  object.set("context_bytes", bytes(rank.context.bytes));
  object.set("requested_bytes", bytes(rank.requested));
  object.set("available_kv_bytes", bytes(rank.available_kv.bytes));
  object.set("kv_cache_bytes", bytes(rank.kv_cache));
  object.set("peak_bytes", bytes(rank.peak));
  object.set("free_after_bytes", bytes(rank.free_after));
  object.set("intervals", intervals(rank));
  return Value(std::move(object));
}

Value kv_cache(const plan::Report& report) {
  if (!report.kv) return Value();
  const memory::KvPlan& kv = *report.kv;
  Object object;
  object.set("dtype", Value(report.kv_dtype));
  object.set("block_size", Value(kv.block_size.count()));
  object.set("num_blocks", Value(kv.num_blocks));
  Bytes block;
  for (const Bytes each : kv.bytes_per_block) block = std::max(block, each);
  object.set("bytes_per_block", bytes(block));
  object.set("tokens", Value(kv.tokens.count()));
  object.set("max_concurrency", Value(kv.max_concurrency));
  object.set("max_concurrency_printed", Value(memory::printed_concurrency(kv.max_concurrency)));
  object.set("groups", list(kv.groups, group));
  Bytes needed;
  for (const Bytes each : kv.needed) needed = std::max(needed, each);
  object.set("needed_bytes_for_max_model_len", bytes(needed));
  object.set("estimated_max_model_len",
             kv.estimated_max_model_len ? Value(kv.estimated_max_model_len->count()) : Value());
  object.set("max_context_tokens", report.max_context ? Value(report.max_context->count()) : Value());
  object.set("bytes_per_token_marginal", bytes(report.bytes_per_token_marginal));
  return Value(std::move(object));
}

Value checkpoint(const plan::CheckpointReport& stored) {
  Object object;
  object.set("origin", Value(stored.origin));
  object.set("tensors", stored.tensors > 0 ? Value(stored.tensors) : Value());
  object.set("stored_bytes", bytes(stored.stored));
  object.set("derived_bytes", stored.derived ? bytes(*stored.derived) : Value());
  return Value(std::move(object));
}

Value model(const plan::Report& report) {
  Object object;
  object.set("name", Value(report.model_name));
  object.set("architecture", Value(report.architecture));
  object.set("parameters", Value(report.parameters));
  object.set("layers", Value(report.layers));
  object.set("dtype", Value(name(report.dtype)));
  object.set("quantization", text_or_null(report.quantization));
  object.set("max_model_len", report.kv ? Value(report.kv->max_model_len.count()) : Value());
  object.set("source", Value(report.source));
  object.set("fingerprint", Value(report.fingerprint));
  object.set("checkpoint", report.checkpoint ? checkpoint(*report.checkpoint) : Value());
  return Value(std::move(object));
}

Value engine(const vllm::Engine& engine) {
  Object object;
  object.set("name", Value("vllm"));
  object.set("version", Value(engine.version));
  object.set("rules_as_of", Value(engine.as_of.text()));
  object.set("exact", Value(engine.exact));
  return Value(std::move(object));
}

Value gpu(const plan::Report& report) {
  Object object;
  object.set("name", Value(report.gpu.id.empty() ? report.gpu.name : report.gpu.id));
  object.set("count", Value(report.gpu_count));
  object.set("total_bytes", bytes(report.gpu.total));
  object.set("compute_capability", Value(report.gpu.capability.text()));
  return Value(std::move(object));
}

Value workload(const std::optional<plan::WorkloadReport>& workload) {
  if (!workload) return Value();
  Object object;
  object.set("fits", Value(workload->fits));
  object.set("concurrent_requests_possible", Value(workload->concurrent_requests_possible));
  object.set("context_possible", Value(workload->context_possible));
  return Value(std::move(object));
}

/// What the measured constants hang on: data/overheads names the same.
Value situation(const memory::Situation& situation) {
  Object object;
  object.set("gpus", Value(memory::word(situation.gpus)));
  object.set("ranks", Value(situation.ranks));
  object.set("stages", Value(situation.stages));
  object.set("dealt", Value(situation.dealt));
  object.set("mixture", Value(situation.mixture));
  object.set("runner_v2", Value(situation.runner_v2));
  object.set("day", Value(situation.day.text()));
  object.set("graphs", Value(situation.graphs));
  object.set("layers", Value(situation.layers));
  object.set("reserves_graphs", Value(memory::reserves_graphs(situation)));
  return Value(std::move(object));
}

Value uncertainty(const plan::Report& report) {
  if (report.ranks.empty()) return Value();
  const plan::RankReport& rank = report.fullest();
  const auto spread = [](const memory::Estimate& estimate) { return interval(estimate.low, estimate.high); };
  Object object;
  object.set("available_kv_bytes", spread(rank.available_kv));
  object.set("model_loading_bytes", spread(rank.model_loading));
  object.set("activation_peak_bytes", spread(rank.activation_peak));
  object.set("non_torch_bytes", spread(rank.non_torch));
  object.set("cuda_graph_bytes", spread(rank.cuda_graphs));
  object.set("context_bytes", spread(rank.context));
  object.set("tokens", Value(Array{Value(report.tokens_low.count()), Value(report.tokens_high.count())}));
  object.set("basis", Value(report.basis));
  object.set("situation", situation(report.situation));
  return Value(std::move(object));
}

Value component(const plan::Component& component) {
  Object object;
  object.set("name", Value(component.name));
  object.set("bytes", bytes(component.bytes));
  object.set("explains", Value(component.explains));
  return Value(std::move(object));
}

Value suggestion(const plan::Suggestion& suggestion) {
  Object object;
  object.set("change", Value(suggestion.change));
  object.set("words", Value(suggestion.words));
  object.set("effect", Value(suggestion.effect));
  object.set("costs", Value(suggestion.costs));
  object.set("fits", Value(true));
  object.set("probability_fits", Value(suggestion.probability_fits));
  object.set("max_concurrency", Value(suggestion.max_concurrency));
  return Value(std::move(object));
}

}  // namespace

Value report_json(const plan::Report& report) {
  Object object;
  object.set("schema", Value("vram-estimator/report/1"));
  object.set("mode", Value("vllm"));
  object.set("engine", engine(report.engine));
  object.set("model", model(report));
  object.set("args", Value(report.args));
  object.set("gpu", gpu(report));
  object.set("verdict", verdict_json(report.verdict));
  object.set("ranks", list(report.ranks, rank));
  object.set("kv_cache", kv_cache(report));
  object.set("workload", workload(report.workload));
  object.set("uncertainty", uncertainty(report));
  object.set("components", list(report.components, component));
  object.set("assumptions", assumptions_json(report.assumptions));
  object.set("suggestions", list(report.suggestions, suggestion));
  object.set("log", list(report.log, [](const std::string& line) { return Value(line); }));
  return Value(std::move(object));
}

}  // namespace vram::report
