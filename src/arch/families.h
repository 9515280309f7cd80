// One file per family of architectures: ModelSource -> Model. The table of them is generated from the folder.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "arch/build_options.h"
#include "model/model.h"
#include "readers/config_json.h"

namespace vram::arch {

class Builder;

/// How a language model is called: a model of its own, or a part of a model of several.
struct Naming {
  std::string architecture;       // the class: "Qwen2ForCausalLM"
  std::string prefix;             // "" or "language_model"
  std::int64_t mrope_factor = 4;  // as Rope's

  /// `name` below the prefix, as vLLM's maybe_prefix.
  [[nodiscard]] std::string under(std::string_view name) const {
    return prefix.empty() ? std::string(name) : prefix + '.' + std::string(name);
  }
};

}  // namespace vram::arch

namespace vram::arch::families {

struct Entry {
  /// The names in config.json's "architectures" that this family builds.
  std::span<const std::string_view> architectures;
  Result<Model> (*build)(const ModelSource& source, const BuildOptions& options);
  /// Adds the language model alone, for families of several parts; null where there is none.
  void (*describe)(Builder& builder, const Naming& naming) = nullptr;
};

std::span<const Entry* const> all();

}  // namespace vram::arch::families
