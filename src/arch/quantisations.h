// One file per quantisation method of vLLM: the object under "quantization_config" -> rules. The table of them is
// generated from the folder.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "arch/quantisation.h"
#include "json/fields.h"

namespace vram::arch::quantisations {

/// What a method is read from.
struct Reading {
  const json::Fields& config;  // empty where only --quantization was given
  const ModelSource& source;
  const BuildOptions& options;
  std::span<const NameRule> rules;  // the model class's renamings
  std::string_view method;          // vLLM's name after resolution

  /// A list of names, renamed as the model class says.
  [[nodiscard]] std::vector<std::string> names(std::string_view key) const;
};

using Method = std::unique_ptr<const QuantisationMethod>;

struct Entry {
  /// vLLM's names after resolution that this file reads.
  std::span<const std::string_view> names;
  Result<Method> (*read)(const Reading& reading);
};

std::span<const Entry* const> all();

/// What "fp8" says of the layers that it stores, for the methods that are built on it.
Result<Packing> fp8_packing(const json::Fields& config);

/// A 16-bit model that vLLM quantises once it is loaded.
Method online_method(Online::Target target, vllm::Date as_of);

/// The scalars that an attention layer loads under most methods: not those of MLA, once it had a class of its own.
KvScales attention_scales(bool latent, vllm::Date as_of);

}  // namespace vram::arch::quantisations
