// Which layers of a model are stored in which format: config.json's "quantization_config", or vLLM's --quantization.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arch/build_options.h"
#include "model/packing.h"
#include "readers/config_json.h"

namespace vram::arch {

/// One layer as vLLM's quantisation code sees it.
struct LayerName {
  std::string_view prefix;                        // "model.layers.3.self_attn.qkv_proj"
  std::span<const std::string_view> shards = {};  // the checkpoint's names of merged parts: q_proj, k_proj, v_proj
};

class Quantisation {
 public:
  /// errors  kUnsupported for a method or a scheme that is not modelled, by name
  static Result<Quantisation> read(const ModelSource& source, const BuildOptions& options);

  [[nodiscard]] Packing linear(const LayerName& layer) const;
  [[nodiscard]] Packing experts(const LayerName& layer) const;
  [[nodiscard]] Packing head(const LayerName& layer) const;
  /// vLLM's name of the method; empty when the model is not quantised.
  [[nodiscard]] const std::string& method() const { return method_; }

 private:
  std::string method_;
  Packing default_;
  std::vector<std::string> ignored_;
};

}  // namespace vram::arch
