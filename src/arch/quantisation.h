// Which layers of a model are stored in which format: config.json's "quantization_config", or vLLM's --quantization.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "arch/build_options.h"
#include "arch/layer_names.h"
#include "model/packing.h"
#include "readers/config_json.h"

namespace vram::arch {

/// The rules of one quantisation method for one model: vLLM's QuantizationConfig.get_quant_method.
///
///   errors  kRefused with vLLM's words; kUnsupported for a scheme that is not modelled
class QuantisationMethod {
 public:
  virtual ~QuantisationMethod() = default;
  [[nodiscard]] virtual Result<Packing> linear(const LayerName& layer) const = 0;
  [[nodiscard]] virtual Result<Packing> experts(const LayerName& layer) const = 0;
  [[nodiscard]] virtual Result<Packing> head(const LayerName&) const { return Packing(Unquantised{}); }
  [[nodiscard]] virtual Result<Packing> embedding(const LayerName&) const { return Packing(Unquantised{}); }
  /// `latent`: an MLA layer, which vLLM has had in a class of its own since v0.11.
  [[nodiscard]] virtual KvScales attention(const LayerName&, bool /*latent*/) const { return {}; }
};

class Quantisation {
 public:
  /// errors  kRefused where vLLM does not take the method, kUnsupported for one that is not modelled, by name
  static Result<Quantisation> read(const ModelSource& source, const BuildOptions& options, const ModelNames& names);

  [[nodiscard]] Packing linear(LayerName layer) const;
  [[nodiscard]] Packing experts(LayerName layer) const;
  [[nodiscard]] Packing head(LayerName layer) const;
  [[nodiscard]] Packing embedding(LayerName layer) const;
  [[nodiscard]] KvScales attention(LayerName layer, bool latent) const;

  /// How many layers of the checkpoint are merged into this one.
  [[nodiscard]] std::int64_t parts(LayerName layer) const;

  /// vLLM's name of the method; empty when the model is not quantised.
  [[nodiscard]] const std::string& method() const { return name_; }
  /// The first refusal among the layers that were asked for.
  [[nodiscard]] const std::optional<Error>& error() const { return *error_; }

 private:
  Packing keep(Result<Packing> packing) const;
  void complete(LayerName& layer) const;

  std::string name_;
  std::shared_ptr<const QuantisationMethod> method_;
  std::vector<ModelNames::Packed> packed_;
  std::shared_ptr<std::optional<Error>> error_ = std::make_shared<std::optional<Error>>();
};

/// The name under which vLLM runs the method of `config`, given --quantization.
///
///   config  the object under "quantization_config"; null when there is none
///   errors  kRefused where the two contradict each other, or for a name that the release does not know
///   source  vllm/config/model.py, ModelConfig._verify_quantization
Result<std::string> quantisation_name(const json::Value* config, const ModelSource& source,
                                      const BuildOptions& options);

/// vLLM's refusal of a GPU that is too old for `method`, or of the model's dtype.
/// source  vllm/config/vllm.py, VllmConfig._get_quantization_config
std::optional<Error> unmet_needs(const std::string& method, const BuildOptions& options);

/// The quantisation config that vLLM reads: config.json's, else the second file's.
/// source  vllm/transformers_utils/config.py, get_config
const json::Value* quantisation_config(const ModelSource& source);

}  // namespace vram::arch
