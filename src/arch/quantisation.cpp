#include "arch/quantisation.h"

namespace vram::arch {

Result<Quantisation> Quantisation::read(const ModelSource& source, const BuildOptions& options) {
  Quantisation result;
  const json::Value* config = source.config.find("quantization_config");
  if (!config) config = source.text().find("quantization_config");
  if (!config && options.quantization.empty()) return result;
  return Error{ErrorCode::kUnsupported, source.place + ": \"quantization_config\"",
               "this quantisation is not modelled yet", "give the unquantised model"};
}

Packing Quantisation::linear(const LayerName&) const { return default_; }
Packing Quantisation::experts(const LayerName&) const { return default_; }
Packing Quantisation::head(const LayerName&) const { return Unquantised{}; }

}  // namespace vram::arch
