#include <algorithm>

#include "report/llamacpp_report.h"
#include "report/report_parts.h"

namespace vram::report {
namespace {

using json::Array;
using json::Object;
using json::Value;

Value engine() {
  Object object;
  object.set("name", Value("llama.cpp"));
  object.set("version", Value(llamacpp::kRelease));
  object.set("rules_as_of", Value(llamacpp::kAsOf));
  object.set("exact", Value(true));
  return Value(std::move(object));
}

Value model(const llamacpp::Model& model) {
  Object object;
  object.set("name", Value(model.name));
  object.set("architecture", Value(model.architecture));
  object.set("parameters", Value(model.parameters));
  object.set("layers", Value(std::int64_t(model.layers.size())));
  object.set("dtype", Value(model.type));
  object.set("quantization", Value(model.type));
  object.set("max_model_len", Value(model.trained_context.count()));
  object.set("source", Value("GGUF"));
  object.set("fingerprint", Value(""));
  return Value(std::move(object));
}

Value rank(const llamacpp::Report& report, std::int64_t number) {
  const llamacpp::Device& gpu = report.gpus[std::size_t(number)];
  Object object;
  object.set("rank", Value(number));
  object.set("tp_rank", Value(0));
  object.set("pp_rank", Value(number));
  object.set("layers", Value(gpu.layers));
  object.set("weights_bytes", bytes(gpu.weights));
  object.set("offloaded_bytes", Value(0));
  object.set("model_loading_bytes", bytes(gpu.weights + gpu.projector));
  object.set("projector_bytes", bytes(gpu.projector));
  object.set("activation_peak_bytes", bytes(gpu.compute.bytes));
  object.set("non_torch_bytes", Value(0));
  object.set("cuda_graph_bytes", Value(0));
  object.set("cuda_graph_reserved_bytes", Value(0));
  object.set("context_bytes", bytes(gpu.context.bytes));
  object.set("requested_bytes", bytes(report.available));
  object.set("available_kv_bytes", bytes(report.available - gpu.used() + gpu.cache.total()));
  object.set("kv_cache_bytes", bytes(gpu.cache.total()));
  object.set("peak_bytes", bytes(gpu.used()));
  object.set("free_after_bytes", bytes(report.available - gpu.used()));
  return Value(std::move(object));
}

Value host(const llamacpp::Device& host) {
  Object object;
  object.set("layers", Value(host.layers));
  object.set("weights_bytes", bytes(host.weights + host.projector));
  object.set("kv_cache_bytes", bytes(host.cache.total()));
  return Value(std::move(object));
}

/// The layers of one kind; nothing where there are none.
struct Group {
  const char* kind;
  std::int64_t layers = 0;
  Bytes of_token;  // of all of them, or of a sequence for recurrent ones
  std::optional<Tokens> window;
};

Group group_of(const llamacpp::Report& report, bool window) {
  Group group{window ? "sliding_window" : "full", 0, {}, {}};
  for (const llamacpp::Layer& layer : report.request.model.layers) {
    if (!layer.attention || layer.attention->window != window) continue;
    ++group.layers;
    if (layer.attention->value_width == 0) group.kind = "mla";
    group.of_token += gguf::size_of(report.resolved.key_type(), layer.attention->key_width) +
                      gguf::size_of(report.resolved.value_type(), layer.attention->value_width);
  }
  if (window) group.window = report.request.model.window;
  return group;
}

Group recurrent_group(const llamacpp::Report& report) {
  Group group{"mamba", 0, {}, {}};
  for (const llamacpp::Layer& layer : report.request.model.layers)
    if (layer.state) {
      ++group.layers;
      group.of_token += Bytes(4) * layer.state->convolution + Bytes(4) * layer.state->state;
    }
  return group;
}

Value kv_cache(const llamacpp::Report& report) {
  const Group full = group_of(report, false);
  Array groups;
  for (const Group& group : {full, group_of(report, true), recurrent_group(report)}) {
    if (group.layers == 0) continue;
    Object object;
    object.set("kind", Value(group.kind));
    object.set("layers", Value(group.layers));
    object.set("block_size", Value(1));
    object.set("page_bytes", Value(group.of_token.count() / group.layers));
    object.set("window", group.window ? Value(group.window->count()) : Value());
    groups.push_back(Value(std::move(object)));
  }
  Bytes total = report.host.cache.total();
  for (const llamacpp::Device& gpu : report.gpus) total += gpu.cache.total();
  const llamacpp::Cells& cells = report.cells;
  Object object;
  object.set("dtype", Value(report.resolved.key_type().name));
  object.set("block_size", Value(1));
  object.set("num_blocks", Value(cells.context.count()));
  object.set("bytes_per_block", bytes(full.of_token));
  object.set("tokens", Value(cells.context.count()));
  object.set("max_concurrency", Value(double(cells.sequences)));
  object.set("max_concurrency_printed", Value(std::to_string(cells.sequences)));
  object.set("groups", Value(std::move(groups)));
  object.set("needed_bytes_for_max_model_len", bytes(total));
  object.set("estimated_max_model_len", Value(cells.each.count()));
  object.set("max_context_tokens", Value(cells.each.count()));
  object.set("bytes_per_token_marginal", bytes(full.of_token));
  return Value(std::move(object));
}

Value components(const llamacpp::Device& gpu) {
  Array list;
  const auto add = [&](const char* name, Bytes amount, const char* explains) {
    Object object;
    object.set("name", Value(name));
    object.set("bytes", bytes(amount));
    object.set("explains", Value(explains));
    list.push_back(Value(std::move(object)));
  };
  add("weights", gpu.weights, "tensors of its layers, as a CUDA buffer keeps them");
  add("weights.projector", gpu.projector, "vision tower and projector");
  add("kv_cache.keys", gpu.cache.keys, "a row for each token, layer by layer");
  add("kv_cache.values", gpu.cache.values, "the same; none where keys and values are one latent row");
  add("kv_cache.state", gpu.cache.state, "of recurrent layers, for each sequence");
  add("compute_buffer", gpu.compute.bytes, "what a graph holds at once");
  add("cuda_context", gpu.context.bytes, "estimated");
  return Value(std::move(list));
}

Value gpu(const llamacpp::Request& request) {
  Object object;
  object.set("name", Value(request.gpu.name));
  object.set("count", Value(request.gpu_count));
  object.set("total_bytes", bytes(request.gpu.total));
  object.set("compute_capability", Value(request.gpu.capability.text()));
  return Value(std::move(object));
}

}  // namespace

json::Value llamacpp_json(const llamacpp::Report& report) {
  Object object;
  object.set("schema", Value("vram-estimator/report/1"));
  object.set("mode", Value("llama.cpp"));
  object.set("engine", engine());
  object.set("model", model(report.request.model));
  object.set("args", Value(llamacpp::settings_json(report.resolved)));
  object.set("gpu", gpu(report.request));
  object.set("verdict", verdict_json(report.verdict));
  Array ranks;
  for (std::size_t i = 0; i < report.gpus.size(); ++i) ranks.push_back(rank(report, std::int64_t(i)));
  object.set("ranks", Value(std::move(ranks)));
  object.set("host", host(report.host));
  object.set("kv_cache", kv_cache(report));
  object.set("workload", Value());
  object.set("uncertainty", Value());
  object.set("components", components(report.fullest()));
  object.set("assumptions", assumptions_json(report.assumptions));
  object.set("suggestions", Value(Array()));
  Array log;
  for (const std::string& line : report.log) log.push_back(Value(line));
  object.set("log", Value(std::move(log)));
  return Value(std::move(object));
}

}  // namespace vram::report
