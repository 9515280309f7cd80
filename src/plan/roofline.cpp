#include "plan/roofline.h"

#include <algorithm>
#include <cmath>

#include "json/fields.h"

namespace vram::plan {
namespace {

// Bytes a second in one direction between two GPUs of a machine: PCIe 4.0 x16, and NVLink as of A100.
//   source  https://www.nvidia.com/en-us/data-center/a100/ (600 GB/s both ways), PCI-SIG (31.5 GB/s)
double link_bandwidth(hardware::Link link) {
  switch (link) {
    case hardware::Link::kNvlink:
    case hardware::Link::kInfinityFabric:
      return 300e9;
    case hardware::Link::kXeLink:
      return 100e9;
    case hardware::Link::kNone:
    case hardware::Link::kPcie:
      return 31.5e9;
  }
  return 31.5e9;
}

std::int64_t figure(const Request& request, std::initializer_list<std::string_view> names, std::int64_t otherwise) {
  for (const std::string_view name : names)
    if (const json::Value* found = request.model->text().find(name); found && found->integer())
      return *found->integer();
  return otherwise;
}

/// Share of a layer's experts that `tokens` reach, if each picks its own at random.
double experts_reached(const Request& request, double tokens) {
  const double all = double(figure(
      request, {"num_experts", "n_routed_experts", "num_local_experts", "moe_num_experts", "num_routed_experts"}, 1));
  const double picked = double(figure(request, {"num_experts_per_tok", "moe_topk", "top_k_experts", "moe_top_k"}, 1));
  if (all <= picked) return 1;
  return 1 - std::pow(1 - picked / all, tokens);
}

Bytes component(const Report& report, std::string_view name) {
  const auto found = std::ranges::find(report.components, name, &Component::name);
  return found == report.components.end() ? Bytes(0) : found->bytes;
}

std::int64_t argument(const Report& report, std::string_view name) {
  const json::Value* found = report.args.find(name);
  return found && found->integer() ? *found->integer() : 1;
}

}  // namespace

Speed decode_speed(const Request& request, const Report& report, std::int64_t requests) {
  const bool decodes = report.kv && !report.kv->groups.empty();
  if (!request.gpu.bandwidth || report.ranks.empty() || requests < 1 || !decodes) return {};
  const double bandwidth = double(*request.gpu.bandwidth);
  const std::int64_t tensor = argument(report, "tensor_parallel_size");
  const std::int64_t stages = argument(report, "pipeline_parallel_size");
  const std::int64_t replicas = argument(report, "data_parallel_size");
  const double batch = std::ceil(double(requests) / double(replicas));
  const double share = std::ceil(batch / double(stages));  // of the batch that a stage has in hand

  const double experts = double(component(report, "weights.experts").count());
  const double table = component(report, "weights.head") > Bytes(0)
                           ? double(component(report, "weights.embedding").count())
                           : 0;  // a table that is also the head is read whole, another one by a row a token
  const double weights = double(report.fullest().weights.count()) - table -
                         experts * (1 - experts_reached(request, share * double(replicas)));
  double cache = 0;
  if (report.kv)
    for (const Bytes one : report.kv->needed) cache = std::max(cache, double(one.count()));
  const double width = double(figure(request, {"hidden_size", "n_embd", "d_model"}, 0));
  const double reduced =
      2.0 * double(report.layers) / double(stages) * 2 * width * share * (2.0 * double(tensor - 1) / double(tensor));

  const double step = (weights + cache * share) / bandwidth + reduced / link_bandwidth(request.gpu.link);
  const double tokens = share / step * double(replicas);
  return {tokens, tokens / double(requests)};
}

}  // namespace vram::plan
