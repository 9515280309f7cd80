#include "memory/weights.h"

#include <algorithm>
#include <string>
#include <vector>

namespace vram::memory {
namespace {

/// Creates the modules of a block; rotary tables that were seen before are left out.
class Creator {
 public:
  Creator(const Creation& creation, const Sink& sink) : creation_(creation), sink_(sink) {}

  /// Tables among `modules` exist already.
  void know(const std::vector<Module>& modules) {
    for (const Module& module : modules)
      if (const auto* table = std::get_if<RotaryTable>(&module)) tables_.push_back(table->id);
  }

  std::optional<Error> create_all(const std::vector<Module>& modules, bool whole, std::string block = "") {
    creation_.whole = whole;
    creation_.block = std::move(block);
    for (const Module& module : modules) {
      if (const auto* table = std::get_if<RotaryTable>(&module)) {
        if (std::find(tables_.begin(), tables_.end(), table->id) != tables_.end()) continue;
        tables_.push_back(table->id);
      }
      if (auto error = create(module, creation_, sink_)) return error;
    }
    return std::nullopt;
  }

 private:
  Creation creation_;
  const Sink& sink_;
  std::vector<std::string_view> tables_;
};

void add(Weights& weights, const Parameter& parameter) {
  const Bytes bytes = parameter.bytes();
  (parameter.buffer ? weights.buffers : weights.parameters) += bytes;
  if (!parameter.buffer) weights.elements = saturated(Wide(weights.elements) + parameter.elements());
  weights.by_dtype[std::size_t(parameter.dtype)] += bytes;
}

/// The tables that a model's layers and parts have on a stage.
void know_tables(Creator& creator, const Model& model, const Stage& stage, const Towers& towers) {
  for (const Part& part : model.parts)
    if (held(part, stage, towers)) creator.know(part.modules);
  for (std::int64_t i = stage.begin; i < stage.end; ++i)
    creator.know(model.kinds[std::size_t(model.layers[std::size_t(i)])].modules);
}

void add_times(Weights& total, const Weights& one, std::int64_t times) {
  total.parameters += one.parameters * times;
  total.buffers += one.buffers * times;
  total.elements = saturated(Wide(total.elements) + Wide(one.elements) * times);
  for (std::size_t i = 0; i < kDtypes; ++i) total.by_dtype[i] += one.by_dtype[i] * times;
}

/// Once weights are quantised, latent attention keeps kv_b_proj in two parts of the model's dtype beside it.
///
///   source  vllm/model_executor/layers/attention/mla_attention.py, process_weights_after_loading: W_UK_T and W_UV
class Unfolded {
 public:
  Unfolded(const Model& model, Moment moment) : model_(model), quantised_(moment == Moment::kQuantised) {}

  void layer(const Layer& kind) {
    latent_ = quantised_ && std::ranges::any_of(kind.caches, [](const CacheLayer& cache) {
                return std::holds_alternative<LatentAttention>(cache.cache);
              });
  }
  /// The parts of a tensor that has just been created.
  void add_to(Weights& weights, const Parameter& parameter) const {
    if (!latent_ || parameter.suffix != "weight" || !parameter.module.ends_with("kv_b_proj")) return;
    const std::int64_t packed = parameter.dtype == Dtype::kUint8 ? 2 : 1;
    const Bytes bytes = Bytes(width(model_.dtype)) * (parameter.elements() * packed);
    weights.buffers += bytes;
    weights.by_dtype[std::size_t(model_.dtype)] += bytes;
  }

 private:
  const Model& model_;
  bool quantised_, latent_ = false;
};

constexpr vllm::Step<bool> kTowersOnFirstStage[] = {
    {{}, false, "vllm v0.32.0 vllm/model_executor/models/interfaces.py, _mark_tower_model"},
    {{2026, 10, 28}, true, "~ vllm v0.33.0 vllm/model_executor/models/interfaces.py, _mark_tower_model"},
};
static_assert(vllm::well_formed(kTowersOnFirstStage));

}  // namespace

bool towers_on_first_stage(bool model_runner_v2, vllm::Date as_of) {
  return model_runner_v2 && vllm::in_force(kTowersOnFirstStage, as_of);
}

bool held(const Part& part, const Stage& stage, const Towers& towers) {
  if (part.role != Part::Role::kText && towers.first_stage_only && !stage.first()) return false;
  switch (part.role) {
    case Part::Role::kText:
      break;
    case Part::Role::kVision:
      if (part.skippable && !towers.image && !towers.video) return false;
      break;
    case Part::Role::kImages:
      if (part.skippable && !towers.image) return false;
      break;
    case Part::Role::kChunks:
      if (part.skippable && !towers.vision_chunk) return false;
      break;
    case Part::Role::kAudio:
      if (part.skippable && !towers.audio) return false;
      break;
  }
  switch (part.place) {
    case Part::Place::kFirstStage:
      return stage.first();
    case Part::Place::kLastStage:
      return stage.last();
    case Part::Place::kFirstAndLastStage:
      return stage.first() || stage.last();
    case Part::Place::kEveryStage:
      return true;
  }
  return false;
}

bool whole_on_rank(const Part& part, const Parallel& parallel) {
  if (part.whole_with_data && parallel.encoder_data) return true;
  return part.whole_unless > 0 && part.whole_unless % parallel.tensor != 0;
}

Weights& Weights::operator+=(const Weights& other) {
  add_times(*this, other, 1);
  return *this;
}

namespace {

Result<Weights> weigh_beside(const Model* target, const Stage& target_stage, const Model& model,
                             const Parallel& parallel, const Stage& stage, const Platform& platform,
                             const Towers& towers, Moment moment) {
  Weights total;
  Weights one;
  Unfolded unfolded(model, moment);
  const Sink sink = [&](const Parameter& parameter) {
    add(one, parameter);
    unfolded.add_to(one, parameter);
  };
  Creator creator({parallel, platform, model.dtype, false, moment}, sink);
  if (target) know_tables(creator, *target, target_stage, towers);
  for (const Part& part : model.parts) {
    if (!held(part, stage, towers)) continue;
    one = {};
    if (auto error = creator.create_all(part.modules, whole_on_rank(part, parallel))) return *error;
    add_times(total, one, part.repeat);
  }
  // Equal layers weigh the same, but for the tables that the first of them creates for all.
  std::vector<std::int64_t> times(model.kinds.size(), 0);
  for (std::int64_t i = stage.begin; i < stage.end; ++i) ++times[std::size_t(model.layers[std::size_t(i)])];
  for (std::size_t kind = 0; kind < times.size(); ++kind) {
    if (times[kind] == 0) continue;
    one = {};
    const auto first_layer =
        std::find(model.layers.begin() + std::ptrdiff_t(stage.begin), model.layers.end(), int(kind));
    const std::string block = model.layer_prefix + '.' + std::to_string(first_layer - model.layers.begin());
    unfolded.layer(model.kinds[kind]);
    if (auto error = creator.create_all(model.kinds[kind].modules, false, block)) return *error;
    const Weights first = one;
    total += first;
    if (times[kind] == 1) continue;
    one = {};
    if (auto error = creator.create_all(model.kinds[kind].modules, false)) return *error;
    add_times(total, one, times[kind] - 1);
  }
  return total;
}

}  // namespace

Result<Weights> weigh(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                      const Towers& towers, Moment moment) {
  return weigh_beside(nullptr, stage, model, parallel, stage, platform, towers, moment);
}

Result<Weights> weigh_draft(const Model& draft, const Model& target, const Parallel& parallel, const Stage& stage,
                            const Platform& platform, const Towers& towers) {
  const Stage whole{0, 1, 0, std::int64_t(draft.layers.size())};
  return weigh_beside(&target, stage, draft, parallel, whole, platform, towers, Moment::kCreated);
}

bool quantised_online(const Model& model) {
  const auto online = [](const Module& module) {
    const auto* linear = std::get_if<Linear>(&module);
    const auto* experts = std::get_if<Experts>(&module);
    return (linear && std::holds_alternative<Online>(linear->packing)) ||
           (experts && std::holds_alternative<Online>(experts->packing));
  };
  const auto any = [&](const auto& block) { return std::ranges::any_of(block.modules, online); };
  return std::ranges::any_of(model.kinds, any) || std::ranges::any_of(model.parts, any);
}

std::optional<Error> each_parameter(const Model& model, const Parallel& parallel, const Stage& stage,
                                    const Platform& platform, const Towers& towers, const BlockSink& begin,
                                    const Sink& sink, Moment moment) {
  Creator creator({parallel, platform, model.dtype, false, moment}, sink);
  const auto parts = [&](bool before_layers) -> std::optional<Error> {
    for (const Part& part : model.parts) {
      const bool before = part.place != Part::Place::kLastStage;
      if (before != before_layers || !held(part, stage, towers)) continue;
      begin(part.name, part.repeat);
      if (auto error = creator.create_all(part.modules, whole_on_rank(part, parallel))) return error;
    }
    return std::nullopt;
  };
  if (auto error = parts(true)) return error;
  for (std::int64_t i = stage.begin; i < stage.end; ++i) {
    begin(model.layer_prefix + '.' + std::to_string(i), 1);
    if (auto error = creator.create_all(model.kinds[std::size_t(model.layers[std::size_t(i)])].modules, false))
      return error;
  }
  return parts(false);
}

std::optional<Error> each_block(const Model& model, const Parallel& parallel, const Stage& stage,
                                const Platform& platform, const Towers& towers, const TensorsSink& sink) {
  std::vector<Bytes> sizes;
  const Sink collect = [&](const Parameter& parameter) {
    if (!parameter.view) sizes.push_back(parameter.bytes());
  };
  Creator creator({parallel, platform, model.dtype}, collect);
  const auto create = [&](const std::vector<Module>& modules, bool whole) {
    sizes.clear();
    return creator.create_all(modules, whole);
  };
  const auto parts = [&](bool before_layers) -> std::optional<Error> {
    for (const Part& part : model.parts) {
      const bool before = part.place != Part::Place::kLastStage;
      if (before != before_layers || !held(part, stage, towers)) continue;
      if (auto error = create(part.modules, whole_on_rank(part, parallel))) return error;
      sink(sizes, part.repeat);
    }
    return std::nullopt;
  };
  if (auto error = parts(true)) return error;
  // The first layer of a kind may create tables for all; those after it are alike.
  struct Kind {
    bool seen = false;
    std::optional<std::vector<Bytes>> later;
  };
  std::vector<Kind> kinds(model.kinds.size());
  for (std::int64_t i = stage.begin; i < stage.end; ++i) {
    const auto index = std::size_t(model.layers[std::size_t(i)]);
    Kind& kind = kinds[index];
    if (!kind.later) {
      if (auto error = create(model.kinds[index].modules, false)) return error;
      if (kind.seen) kind.later = sizes;
    }
    kind.seen = true;
    sink(kind.later ? *kind.later : sizes, 1);
  }
  return parts(false);
}

}  // namespace vram::memory
