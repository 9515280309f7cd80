#include "memory/loading.h"

#include <array>
#include <string_view>

#include "memory/allocator.h"

namespace vram::memory {
namespace {

bool contains(std::string_view text, std::initializer_list<std::string_view> parts) {
  for (const std::string_view part : parts)
    if (text.find(part) != std::string_view::npos) return true;
  return false;
}

/// The figure of `breakdown` that a module of the language model counts under.
Bytes Breakdown::* role_of(const Module& module, bool layer) {
  if (std::holds_alternative<Experts>(module)) return &Breakdown::experts;
  if (const auto* embedding = std::get_if<Embedding>(&module))
    return embedding->head ? &Breakdown::head : &Breakdown::embedding;
  const auto* linear = std::get_if<Linear>(&module);
  const auto* tensor = std::get_if<Tensor>(&module);
  const std::string_view name = linear   ? std::string_view(linear->name)
                                : tensor ? std::string_view(tensor->name)
                                         : std::string_view();
  if (!layer) return &Breakdown::rest;
  if (contains(name, {"mamba", "mixer", "linear_attn", "conv", "ssm"})) return &Breakdown::recurrent;
  if (contains(name, {"attn", "attention"}) && !contains(name, {"norm"})) return &Breakdown::attention;
  if (contains(name, {"mlp", "feed_forward", "ffn", "moe", "expert"})) return &Breakdown::mlp;
  return &Breakdown::rest;
}

}  // namespace

Result<Bytes> model_loading(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                            const Towers& towers) {
  CachingAllocator allocator;
  const TensorsSink sink = [&](std::span<const Bytes> tensors, std::int64_t repeat) {
    for (const Bytes tensor : tensors)
      for (std::int64_t i = 0; i < repeat; ++i) allocator.allocate(tensor);
  };
  if (auto error = each_block(model, parallel, stage, platform, towers, sink)) return *error;
  return allocator.allocated();
}

Result<Breakdown> weights_by_role(const Model& model, const Parallel& parallel, const Stage& stage,
                                  const Platform& platform, const Towers& towers) {
  Breakdown breakdown;
  Bytes one;
  const Sink sink = [&](const Parameter& parameter) { one += parameter.bytes(); };
  Creation creation{parallel, platform, model.dtype};
  std::vector<std::string_view> tables;
  const auto add = [&](const Module& module, Bytes Breakdown::* role, std::int64_t times) -> std::optional<Error> {
    if (const auto* table = std::get_if<RotaryTable>(&module)) {
      for (const std::string_view seen : tables)
        if (seen == table->id) return std::nullopt;
      tables.push_back(table->id);
      times = 1;
    }
    one = Bytes(0);
    if (auto error = create(module, creation, sink)) return error;
    breakdown.*role += one * times;
    return std::nullopt;
  };
  for (const Part& part : model.parts) {
    if (!held(part, stage, towers)) continue;
    creation.whole = whole_on_rank(part, parallel);
    for (const Module& module : part.modules) {
      const auto role = part.role == Part::Role::kText    ? role_of(module, false)
                        : part.role == Part::Role::kAudio ? &Breakdown::audio
                                                          : &Breakdown::vision;
      if (auto error = add(module, role, part.repeat)) return *error;
    }
  }
  creation.whole = false;
  std::vector<std::int64_t> times(model.kinds.size(), 0);
  for (std::int64_t i = stage.begin; i < stage.end; ++i) ++times[std::size_t(model.layers[std::size_t(i)])];
  for (std::size_t kind = 0; kind < times.size(); ++kind)
    for (const Module& module : model.kinds[kind].modules)
      if (times[kind] > 0)
        if (auto error = add(module, role_of(module, true), times[kind])) return *error;
  return breakdown;
}

}  // namespace vram::memory
