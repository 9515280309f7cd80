// The rows and the width of rotary tables.
#include <cmath>

#include "arch/builder.h"
#include "json/write.h"

namespace vram::arch {

json::Fields rope_parameters(const json::Fields& config, std::string_view layer_type) {
  const json::Fields parameters = config.inner(config.has("rope_parameters") ? "rope_parameters" : "rope_scaling");
  return layer_type.empty() ? parameters : parameters.inner(layer_type);
}

RotaryTable rotary_table(const json::Fields& config, std::int64_t head_width, Dtype dtype,
                         std::int64_t default_positions) {
  const json::Fields parameters = rope_parameters(config);
  const std::string type = parameters.text_or("rope_type", parameters.text_or("type", "default"));
  const std::int64_t positions = config.count_or("max_position_embeddings", default_positions, 1);
  const double factor = parameters.maybe_number("factor").value_or(1.0);
  const std::int64_t original = parameters.count_or(
      "original_max_position_embeddings", config.count_or("original_max_position_embeddings", positions, 1), 1);

  // Products are rounded up as torch.arange(end) does for a float end.
  const auto stretched = [&](std::int64_t rows) {
    const double product = std::ceil(double(rows) * factor);
    if (product >= 1 && product < double(json::Fields::kMost)) return std::int64_t(product);
    parameters.refuse("factor", "stretches the rotary table to " + std::to_string(product) + " rows");
    return rows;
  };
  std::int64_t rows = positions;
  if (type == "linear") rows = stretched(positions);
  if (type == "yarn" || type == "deepseek_yarn" || type == "deepseek_llama_scaling") rows = stretched(original);
  if (type == "longrope" || type == "su") rows = original + positions;

  double partial = parameters.maybe_number("partial_rotary_factor")
                       .value_or(config.maybe_number("partial_rotary_factor").value_or(1.0));
  if (!(partial > 0 && partial <= 1)) {
    config.refuse("partial_rotary_factor", "expected a number over 0 and up to 1, found " + std::to_string(partial));
    partial = 1;
  }
  const auto width = std::int64_t(double(head_width) * partial);
  const std::string id =
      json::write_line(parameters.value()) + '/' + std::to_string(rows) + 'x' + std::to_string(width);
  return RotaryTable{"rotary_emb.cos_sin_cache", id, rows, width, dtype};
}

}  // namespace vram::arch
