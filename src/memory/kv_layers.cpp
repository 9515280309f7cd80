#include "memory/kv_layers.h"

#include <algorithm>

namespace vram::memory {
namespace {
/// Index of `spec` in `specs`; appended where it is new.
std::uint16_t intern(std::vector<KvSpec>& specs, const KvSpec& spec) {
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i] == spec) return std::uint16_t(i);
  specs.push_back(spec);
  return std::uint16_t(specs.size() - 1);
}

}  // namespace

KvLayers collect_layers(std::span<const KvSpecs> stages) {
  KvLayers layers;
  layers.stages = stages.size();
  std::size_t count = 0;
  for (const KvSpecs& stage : stages) count += stage.layers.size();
  layers.spec.reserve(count);
  layers.stage.reserve(count);
  for (std::size_t s = 0; s < stages.size(); ++s)
    for (const KvLayer& layer : stages[s].layers) {
      const std::uint16_t index = intern(layers.specs, layer.spec);
      if (index == layers.first.size()) layers.first.push_back({&stages[s], &layer});
      layers.spec.push_back(index);
      layers.stage.push_back(std::uint16_t(s));
    }
  return layers;
}

KvLayers layers_of_stage(const KvLayers& layers, std::size_t stage) {
  KvLayers kept;
  kept.stages = layers.stages;
  std::vector<int> renamed(layers.specs.size(), -1);
  for (std::size_t i = 0; i < layers.spec.size(); ++i) {
    if (layers.stage[i] != stage) continue;
    int& index = renamed[layers.spec[i]];
    if (index < 0) {
      index = int(kept.specs.size());
      kept.specs.push_back(layers.specs[layers.spec[i]]);
      kept.first.push_back(layers.first[layers.spec[i]]);
    }
    kept.spec.push_back(std::uint16_t(index));
    kept.stage.push_back(std::uint16_t(stage));
  }
  return kept;
}

KvLayers filter_layers(const KvLayers& layers, const std::function<bool(const KvSpec&)>& keep) {
  KvLayers kept;
  kept.stages = layers.stages;
  std::vector<int> renamed(layers.specs.size(), -1);
  for (std::size_t i = 0; i < layers.specs.size(); ++i) {
    if (!keep(layers.specs[i])) continue;
    renamed[i] = int(kept.specs.size());
    kept.specs.push_back(layers.specs[i]);
    kept.first.push_back(layers.first[i]);
  }
  for (std::size_t i = 0; i < layers.spec.size(); ++i) {
    if (renamed[layers.spec[i]] < 0) continue;
    kept.spec.push_back(std::uint16_t(renamed[layers.spec[i]]));
    kept.stage.push_back(layers.stage[i]);
  }
  return kept;
}

KvLayers change_specs(const KvLayers& layers, const std::function<KvSpec(const KvSpec&)>& change) {
  KvLayers changed;
  changed.stages = layers.stages;
  changed.stage = layers.stage;
  std::vector<std::uint16_t> renamed;
  for (std::size_t i = 0; i < layers.specs.size(); ++i) {
    renamed.push_back(intern(changed.specs, change(layers.specs[i])));
    if (renamed.back() == changed.first.size()) changed.first.push_back(layers.first[i]);
  }
  for (const std::uint16_t index : layers.spec) changed.spec.push_back(renamed[index]);
  return changed;
}

std::string full_name(const KvLayers::Origin& origin) {
  return origin.stage->layer_prefix + '.' + std::to_string(origin.layer->layer) + '.' + std::string(origin.layer->name);
}

KvSpec with_block_size(KvSpec spec, Tokens block_size) {
  if (is_attention(spec.kind)) {
    const std::int64_t states = spec.block_size.count() / spec.compress_ratio;
    spec.page =
        Bytes(spec.page.count() / std::max<std::int64_t>(states, 1)) * (block_size.count() / spec.compress_ratio);
    if (const std::int64_t padded = round_up(spec.page.count(), spec.page_alignment); padded != spec.page.count())
      spec.page_padded = Bytes(padded);
  }
  spec.block_size = block_size;
  return spec;
}

}  // namespace vram::memory
