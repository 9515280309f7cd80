#include "memory/lora.h"

#include "units/match.h"
#include "vllm/lora_facts.h"

namespace vram::memory {
namespace {

/// Elements of the slots of one adapter and one unit of rank.
class SlotCounter {
 public:
  SlotCounter(const Model& model, const Parallel& parallel, const Platform& platform, const LoraSlots& slots)
      : model_(model),
        parallel_(parallel),
        creation_{parallel, platform, model.dtype},
        slots_(slots),
        of_class_(vllm::lora_facts(model.architecture)),
        of_language_(vllm::lora_facts(model.language_class)) {}

  std::int64_t elements(const Module& module) {
    return match(
        module, [&](const Embedding& embedding) { return this->embedding(embedding); },
        [&](const Linear& linear) { return this->linear(linear); },
        [&](const Experts& experts) { return this->experts(experts); }, [](const Tensor&) { return std::int64_t{0}; },
        [](const RotaryTable&) { return std::int64_t{0}; }, [](const AttentionScales&) { return std::int64_t{0}; });
  }

  /// The output head, also where it is the embedding.
  [[nodiscard]] std::int64_t head() const { return of_language_.head ? model_.hidden + model_.vocabulary : 0; }

 private:
  std::int64_t embedding(const Embedding& embedding) const {
    if (embedding.head) return 0;
    return of_language_.embedding ? embedding.rows + embedding.width : 0;
  }

  std::int64_t linear(const Linear& linear) const {
    if ((of_class_.plain_experts || of_language_.plain_experts) && linear.name.ends_with("mixer.gate")) return 0;
    const std::int64_t ranks = parallel_.tensor;
    const bool row = linear.split == Linear::Input::kDivided;
    bool whole = !row;
    std::int64_t rows = 0;
    for (const Columns& columns : linear.outputs) {
      whole = whole && columns.split == Columns::Split::kWhole;
      rows += rows_on_rank(columns, ranks).value_or(columns.units * columns.width);
    }
    const std::int64_t sharded = slots_.fully_sharded && !whole ? ranks : 1;
    if (row) return linear.input / ranks + rows / sharded;
    return linear.adapters * linear.input / sharded + rows;
  }

  std::int64_t experts(const Experts& experts) const {
    const std::int64_t ranks = parallel_.expert_ranks();
    std::int64_t count =
        parallel_.expert ? ceil_div(experts.count + parallel_.redundant_experts, ranks) : experts.count;
    std::int64_t hidden = experts.hidden,
                 inner = parallel_.expert ? experts.intermediate : experts.intermediate / ranks;
    const std::int64_t halves = experts.gated ? 2 : 1;
    // Formats that pad their experts pad the slots alike.
    const Sink sink = [&](const Parameter& parameter) {
      if (parameter.suffix == "w13_weight") inner = parameter.shape[1] / halves;
      if (parameter.suffix == "w2_weight") hidden = parameter.shape[1];
    };
    if (std::holds_alternative<Unquantised>(experts.packing) || of_class_.fused_experts)
      (void)create(experts, creation_, sink);
    const bool one_a = !experts.gated || of_class_.fused_experts || of_language_.fused_experts;
    const std::int64_t first = (one_a ? 1 : 2) * hidden + halves * inner;
    return count * (first + inner + hidden);
  }

  const Model& model_;
  const Parallel& parallel_;
  Creation creation_;
  LoraSlots slots_;
  vllm::LoraFacts of_class_, of_language_;
};

}  // namespace

Result<Bytes> lora_slots(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                         const LoraSlots& slots) {
  SlotCounter counter(model, parallel, platform, slots);
  std::int64_t elements = 0;
  for (const Part& part : model.parts) {
    if (part.role != Part::Role::kText || !held(part, stage, {})) continue;
    for (const Module& module : part.modules) elements += part.repeat * counter.elements(module);
  }
  for (std::int64_t i = stage.begin; i < stage.end; ++i)
    for (const Module& module : model.kinds[std::size_t(model.layers[std::size_t(i)])].modules)
      elements += counter.elements(module);
  if (stage.last()) elements += counter.head();
  return Bytes(width(model.dtype)) * slots.adapters * slots.rank * elements;
}

}  // namespace vram::memory
