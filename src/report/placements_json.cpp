#include "report/launch.h"
#include "report/placements_text.h"
#include "vllm/launch_words.h"

namespace vram::report {
namespace {

using json::Array;
using json::Object;
using json::Value;

/// The request as contract.md has it.
Value request_json(const plan::Request& request) {
  Object model, engine, gpu, workload, object;
  model.set("source", Value(request.model->name));
  engine.set("name", Value("vllm"));
  engine.set("version", Value(request.engine.version));
  gpu.set("name", Value(request.gpu.id.empty() ? request.gpu.name : request.gpu.id));
  gpu.set("count", Value(request.gpu_count));
  if (request.gpu.free) gpu.set("free_bytes", Value(request.gpu.free->count()));
  object.set("model", Value(std::move(model)));
  object.set("engine", Value(std::move(engine)));
  object.set("gpu", Value(std::move(gpu)));
  object.set("args", Value(request.args));
  if (request.workload) {
    workload.set("concurrent_requests", Value(request.workload->concurrent_requests));
    workload.set("context_tokens", Value(request.workload->context_tokens));
    object.set("workload", Value(std::move(workload)));
  }
  return Value(std::move(object));
}

Value commands(const plan::Request& request) {
  Array lines;
  for (const NodeLaunch& node : launches(request))
    for (const auto& words : node.lines) {
      Object line;
      line.set("where", node.where.empty() ? Value() : Value(node.where));
      line.set("command", Value(vllm::shell_line(words)));
      lines.emplace_back(std::move(line));
    }
  return Value(std::move(lines));
}

Value placement_json(const plan::Placement& placement) {
  Object object;
  object.set("gpu", Value(placement.request.gpu.id.empty() ? placement.request.gpu.name : placement.request.gpu.id));
  object.set("gpus", Value(placement.gpus));
  object.set("tensor_parallel_size", Value(placement.tensor));
  object.set("pipeline_parallel_size", Value(placement.pipeline));
  object.set("data_parallel_size", Value(placement.data));
  object.set("enable_expert_parallel", Value(placement.expert));
  object.set("model", Value(placement.request.model->name));
  object.set("changes", placement.remark.empty() ? Value() : Value(placement.remark));
  object.set("concurrent_requests_possible", Value(placement.requests_possible));
  object.set("available_kv_bytes", Value(placement.report.fullest().available_kv.bytes.count()));
  object.set("kv_cache_tokens", placement.report.kv ? Value(placement.report.kv->tokens.count()) : Value());
  object.set("probability_fits", Value(placement.report.verdict.probability_fits));
  object.set("decode_tokens_per_second_at_most", Value(placement.speed.tokens_per_second));
  object.set("decode_tokens_per_second_per_request_at_most", Value(placement.speed.per_request));
  object.set("price_per_hour", placement.price ? Value(*placement.price) : Value());
  object.set("on_pareto_front", Value(placement.on_front));
  object.set("request", request_json(placement.request));
  object.set("launch", commands(placement.request));
  return Value(std::move(object));
}

}  // namespace

Value placements_json(const plan::PlacementQuestion& question, const plan::Placements& answer) {
  Array found, rejected;
  for (const plan::Placement& each : answer.found) found.push_back(placement_json(each));
  for (const plan::Rejection& each : answer.rejected) {
    const hardware::Gpu& gpu = question.offers[each.offer].gpu;
    Object object;
    object.set("gpu", Value(gpu.id.empty() ? gpu.name : gpu.id));
    object.set("gpus", Value(each.gpus));
    object.set("model", Value(each.model));
    object.set("concurrent_requests_possible", Value(each.requests_possible));
    object.set("why", Value(each.why));
    rejected.emplace_back(std::move(object));
  }
  Object object;
  object.set("placements", Value(std::move(found)));
  object.set("rejected", Value(std::move(rejected)));
  object.set("launches_planned", Value(answer.planned));
  object.set("cut", answer.cut.empty() ? Value() : Value(answer.cut));
  return Value(std::move(object));
}

}  // namespace vram::report
