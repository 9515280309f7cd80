// The rows and the width of rotary tables.
#include <cmath>

#include "arch/builder.h"
#include "json/write.h"

namespace vram::arch {
namespace {

/// Whether a dynamic NTK table with a factor has positions x factor rows.
constexpr vllm::Step<bool> kDynamicStretches[] = {
    {{}, true, "vllm v0.9.2 vllm/model_executor/layers/rotary_embedding.py, DynamicNTKScalingRotaryEmbedding"},
    {{2026, 5, 15}, false, "~ https://github.com/vllm-project/vllm/pull/41277, in v0.22.0"},
};
static_assert(vllm::well_formed(kDynamicStretches));

/// source  Qwen2.5-1M: vllm/model_executor/layers/rotary_embedding/dual_chunk_rope.py keeps four tables of one chunk
///         beside the keys' one
std::int64_t dual_chunk_rows(const json::Fields& chunks, std::int64_t positions) {
  const std::int64_t chunk = chunks.count_or("chunk_size", 8192), local = chunks.count_or("local_size", 1024);
  if (local >= chunk) chunks.refuse("local_size", "expected less than \"chunk_size\"");
  return positions + 4 * (chunk - local);
}

struct Table {
  const json::Fields& config;
  const json::Fields& parameters;
  Rope rope;
  Dtype dtype;
  vllm::Date as_of;
};

std::int64_t rows_of(const Table& table) {
  const json::Fields& parameters = table.parameters;
  const std::int64_t stretch = parameters.has("mrope_section") ? table.rope.mrope_factor : 1;
  const std::int64_t positions = table.rope.positions;
  if (table.config.has("dual_chunk_attention_config"))
    return dual_chunk_rows(table.config.inner("dual_chunk_attention_config"), positions);

  const std::string type = table.rope.type.empty()
                               ? parameters.text_or("rope_type", parameters.text_or("type", "default"))
                               : std::string(table.rope.type);
  const double factor = parameters.maybe_number("factor").value_or(1.0);
  // transformers lets the config's own figure win over the parameters'.
  const std::int64_t original = table.config.count_or(
      "original_max_position_embeddings", parameters.count_or("original_max_position_embeddings", positions, 1), 1);
  // Products are rounded up as torch.arange(end) does for a float end.
  const auto stretched = [&](std::int64_t rows) {
    const double product = std::ceil(double(rows) * factor);
    if (product >= 1 && product < double(json::Fields::kMost)) return std::int64_t(product);
    parameters.refuse("factor", "stretches the rotary table to " + std::to_string(product) + " rows");
    return rows;
  };
  if (type == "linear") return stretched(positions);
  if (type == "dynamic" && !parameters.has("alpha") && vllm::in_force(kDynamicStretches, table.as_of))
    return stretched(positions);
  if (type == "yarn") return stretched(original * stretch);
  if (type == "deepseek_yarn" || type == "deepseek_llama_scaling") return stretched(original);
  if (type == "longrope" || type == "su") return original + positions;
  if (type == "default" || type == "mrope") return positions * stretch;
  return positions;
}

std::int64_t width_of(const Table& table) {
  if (const auto width = table.parameters.maybe_count("rope_dim"); width && *width > 0) return *width;
  const double partial =
      table.rope.partial.value_or(table.parameters.maybe_number("partial_rotary_factor")
                                      .value_or(table.config.maybe_number("partial_rotary_factor").value_or(1.0)));
  if (partial > 0 && partial <= 1) return std::int64_t(double(table.rope.head_width) * partial);
  table.config.refuse("partial_rotary_factor",
                      "expected a number over 0 and up to 1, found " + std::to_string(partial));
  return table.rope.head_width;
}

/// Tables of equal parameters are one, however the config writes them.
std::string id_of(const Table& table, std::int64_t rows, std::int64_t width) {
  json::Object rest = *table.parameters.value().object();
  std::optional<double> base = table.parameters.maybe_number("rope_theta");
  if (!base) base = table.rope.base;
  if (!base) base = table.config.maybe_number("rope_theta");
  rest.erase("rope_theta");
  for (const char* key : {"rope_type", "type"})
    if (table.parameters.text_or(key, "") == "default") rest.erase(key);
  return json::write_line(json::Value(std::move(rest))) + " base " + std::to_string(base.value_or(0)) + ", " +
         std::to_string(table.rope.head_width) + ": " + std::to_string(rows) + " x " + std::to_string(width) + ' ' +
         std::string(name(table.dtype));
}

RotaryTable made(const Table& table) {
  // torch.arange(0, width, 2) has one entry more than half of an odd width.
  const std::int64_t rows = rows_of(table), width = round_up(width_of(table), 2);
  return RotaryTable{"rotary_emb.cos_sin_cache", id_of(table, rows, width), rows, width, table.dtype};
}

}  // namespace

double partial_rotary(const json::Fields& config, std::initializer_list<std::string_view> names, double absent) {
  if (const auto given = rope_parameters(config).maybe_number("partial_rotary_factor")) return *given;
  for (const std::string_view name : names)
    if (const auto given = config.maybe_number(name)) return *given;
  return absent;
}

json::Fields rope_parameters(const json::Fields& config, std::string_view layer_type) {
  // transformers lets a rope_scaling that is given win.
  const json::Value* scaling = config.find("rope_scaling");
  const bool given = scaling && scaling->object() && !scaling->object()->members().empty();
  const json::Fields parameters = config.inner(given ? "rope_scaling" : "rope_parameters");
  return layer_type.empty() || !parameters.has(layer_type) ? parameters : parameters.inner(layer_type);
}

RotaryTable rotary_table(const Builder& builder, const Rope& rope) {
  return rotary_table(builder, rope, rope_parameters(builder.text(), rope.layer_type));
}

RotaryTable rotary_table(const Builder& builder, const Rope& rope, const json::Fields& parameters) {
  return made({builder.text(), parameters, rope, builder.dtype(), builder.options().as_of});
}

RotaryTable sliding_rotary_table(const Builder& builder, const Rope& rope) {
  const json::Fields parameters = rope_parameters(builder.text());
  const bool nested = parameters.has("sliding_attention");
  return rotary_table(builder, rope, nested ? parameters.inner("sliding_attention") : builder.text().inner("none"));
}

RotaryTable rotary_table(const json::Fields& config, std::int64_t head_width, Dtype dtype,
                         std::int64_t default_positions) {
  const std::int64_t positions = config.count_or("max_position_embeddings", default_positions, 1);
  return made({config,
               rope_parameters(config),
               {.head_width = head_width, .positions = positions},
               dtype,
               vllm::newest().as_of});
}

}  // namespace vram::arch
