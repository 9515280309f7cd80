#include "formula/names.h"

#include "units/text.h"

namespace vram::formula {

std::span<const NamedWidth> quants() {
  static constexpr NamedWidth kQuants[] = {{"fp16", 2.0}, {"bf16", 2.0},  {"fp8", 1.0},  {"mxfp8", 1.0},
                                           {"int8", 1.0}, {"int4", 0.55}, {"fp4", 0.50}, {"mxfp4", 0.50}};
  return kQuants;
}

std::span<const NamedWidth> kv_dtypes() {
  static constexpr NamedWidth kKvDtypes[] = {{"fp16", 2.0}, {"bf16", 2.0}, {"fp8", 1.0}};
  return kKvDtypes;
}

std::optional<double> width_of(std::string_view name, std::span<const NamedWidth> known) {
  const std::string wanted = lower(name);
  for (const NamedWidth& width : known)
    if (width.name == wanted) return width.bytes;
  return std::nullopt;
}

std::string listed(std::span<const NamedWidth> known) {
  std::string text;
  for (const NamedWidth& width : known) text += (text.empty() ? "" : ", ") + std::string(width.name);
  return text;
}

}  // namespace vram::formula
