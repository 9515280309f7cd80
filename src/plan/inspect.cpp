#include "plan/inspect.h"

#include <algorithm>

#include "plan/unlike.h"
#include "units/match.h"

namespace vram::plan {
namespace {

std::string of_columns(const std::vector<Columns>& columns, const char* divided) {
  bool whole = true, repeated = false;
  for (const Columns& each : columns) {
    whole = whole && each.split == Columns::Split::kWhole;
    repeated = repeated || each.split == Columns::Split::kReplicated;
  }
  if (whole) return "whole";
  return std::string(divided) + " over tp" + (repeated ? ", fewer heads or groups than ranks repeated" : "");
}

std::string sharding_of(const Module& module) {
  return match(
      module, [](const Embedding&) { return std::string("vocabulary over tp"); },
      [](const Linear& linear) {
        return linear.split == Linear::Input::kDivided ? std::string("input over tp")
                                                       : of_columns(linear.outputs, "output");
      },
      [](const Experts&) { return std::string("experts over ep, or each over tp"); },
      [](const Tensor& tensor) { return of_columns(tensor.rows, "rows"); },
      [](const RotaryTable&) { return std::string("whole, one for all layers"); },
      [](const AttentionScales&) { return std::string("whole"); });
}

class Inspector {
 public:
  Inspector(const memory::Creation& creation) : creation_(creation) {}

  std::optional<Error> add(const std::string& block, const std::vector<Module>& modules, std::int64_t count,
                           bool whole) {
    creation_.whole = whole;
    for (const Module& module : modules) {
      std::int64_t times = count;
      if (const auto* table = std::get_if<RotaryTable>(&module)) {
        if (std::find(tables_.begin(), tables_.end(), table->id) != tables_.end()) continue;
        tables_.push_back(table->id);
        times = 1;
      }
      const std::string sharding = whole ? "whole" : sharding_of(module);
      const memory::Sink sink = [&](const memory::Parameter& parameter) {
        InspectedTensor tensor;
        tensor.name = block.empty() ? std::string(parameter.module) : block + '.' + std::string(parameter.module);
        if (!parameter.suffix.empty()) tensor.name += '.' + std::string(parameter.suffix);
        tensor.count = times;
        tensor.shape.assign(parameter.shape.begin(), parameter.shape.begin() + parameter.dimensions);
        tensor.dtype = parameter.dtype;
        tensor.buffer = parameter.buffer;
        tensor.sharding = sharding;
        tensor.bytes = parameter.bytes() * times;
        tensors.push_back(std::move(tensor));
      };
      if (auto error = memory::create(module, creation_, sink)) return error;
    }
    return std::nullopt;
  }

  std::vector<InspectedTensor> tensors;

 private:
  memory::Creation creation_;
  std::vector<std::string> tables_;
};

}  // namespace

Result<std::vector<InspectedTensor>> inspect(const Exact& exact, std::size_t index) {
  const Deployment& deployment = exact.deployment;
  const Model& model = exact.model();
  const memory::Stage& stage = exact.stages()[index];
  const memory::Platform platform = platform_of(deployment);
  Inspector inspector({deployment.parallel, platform, model.dtype});
  const auto parts = [&](bool before_layers) -> std::optional<Error> {
    for (const Part& part : model.parts) {
      const bool before = part.place != Part::Place::kLastStage;
      if (before != before_layers || !memory::held(part, stage, deployment.towers)) continue;
      const bool whole = memory::whole_on_rank(part, deployment.parallel);
      if (auto error = inspector.add(part.prefix, part.modules, part.repeat, whole)) return error;
    }
    return std::nullopt;
  };
  if (auto error = parts(true)) return *error;
  std::vector<std::int64_t> times(model.kinds.size(), 0);
  for (std::int64_t i = stage.begin; i < stage.end; ++i) ++times[std::size_t(model.layers[std::size_t(i)])];
  for (std::size_t kind = 0; kind < times.size(); ++kind)
    if (times[kind] > 0)
      if (auto error = inspector.add(model.layer_prefix + ".*", model.kinds[kind].modules, times[kind], false))
        return *error;
  if (auto error = parts(false)) return *error;
  return std::move(inspector.tensors);
}

Result<Inspected> inspect(const Request& request, std::int64_t stage, const std::string& place) {
  auto deployment = resolve(request);
  if (!deployment) return deployment.error();
  auto exact = derive(*request.model, *std::move(deployment));
  if (!exact) return exact.error();
  const auto stages = std::int64_t(exact->stages().size());
  if (stage < 0 || stage >= stages)
    return Error{ErrorCode::kBadInput, place,
                 "expected a stage from 0 to " + std::to_string(stages - 1) + ", found " + std::to_string(stage), ""};
  Inspected inspected{*std::move(exact), std::size_t(stage), {}};
  auto tensors = inspect(inspected.exact, inspected.stage);
  if (!tensors) return tensors.error();
  inspected.tensors = *std::move(tensors);
  return inspected;
}

}  // namespace vram::plan
