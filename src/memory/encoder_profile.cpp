#include "memory/encoder_profile.h"

#include <algorithm>

#include "memory/parameters.h"

namespace vram::memory {
namespace {

/// The longest item of a class: embeddings it becomes, patches behind each, elements of a patch.
struct Item {
  std::string_view architecture;  // or how its name begins
  std::int64_t tokens, patches_per_token, elements;
};

/// source  vllm/model_executor/models/<class>.py: get_mm_max_tokens_per_item, get_num_image_tokens; the budgets that
///         published logs print ("Encoder cache will be initialized with a budget of … tokens")
constexpr Item kItems[] = {
    {"Qwen2VL", 16384, 4, 1176}, {"Qwen2_5_VL", 16384, 4, 1176}, {"Qwen2_5OmniM", 16384, 4, 1176},
    {"Qwen3VL", 16384, 4, 1536}, {"Qwen3_5", 16384, 4, 1536},    {"DotsOCR", 14400, 4, 588},
    {"Gemma3For", 256, 16, 588}, {"Gemma4For", 2496, 9, 768},    {"LlavaForConditional", 576, 1, 588},
};

/// Elements a patch has in the widest layer of a tower, and the tower's width.
struct Width {
  double widest = 0;
  std::int64_t hidden = 0;
};

Width width_of(const Part& part, std::int64_t ranks) {
  Width width;
  for (const Module& module : part.modules) {
    const auto* linear = std::get_if<Linear>(&module);
    if (!linear || linear->split == Linear::Input::kDivided) continue;
    std::int64_t rows = 0;
    for (const Columns& columns : linear->outputs)
      rows += rows_on_rank(columns, ranks).value_or(columns.units * columns.width);
    const bool gated = linear->outputs.size() == 2 && linear->outputs[0] == linear->outputs[1];
    const double live = double(rows) * (gated ? 1.5 : 2.0);
    if (part.repeat > 1 && live > width.widest) width = {live, linear->input};
  }
  return width;
}

}  // namespace

EncoderProfile encoder_profile(const Model& model, const Parallel& parallel, const Stage& stage, const Towers& towers,
                               std::int64_t budget, const EncoderConstants& constants) {
  EncoderProfile profile;
  const auto item = std::find_if(std::begin(kItems), std::end(kItems), [&](const Item& each) {
    return std::string_view(model.architecture).starts_with(each.architecture);
  });
  if (item == std::end(kItems) || !stage.first()) return profile;
  Width widest;
  for (const Part& part : model.parts) {
    if (part.role == Part::Role::kText || part.role == Part::Role::kAudio || !held(part, stage, towers)) continue;
    const Width width = width_of(part, whole_on_rank(part, parallel) ? 1 : parallel.tensor);
    if (width.widest > widest.widest) widest = width;
  }
  if (widest.hidden == 0) return profile;
  const std::int64_t element = width(model.dtype);
  const std::int64_t tokens = std::max<std::int64_t>(budget / item->tokens, 1) * item->tokens;
  profile.patches = tokens * item->patches_per_token;
  profile.inputs = Bytes(element) * item->elements * profile.patches;
  profile.outputs = Bytes(element) * model.hidden * tokens;
  const double live = widest.widest + constants.rows * double(widest.hidden);
  profile.running = Bytes(std::int64_t(double(element * profile.patches) * live)) + constants.base;
  return profile;
}

}  // namespace vram::memory
