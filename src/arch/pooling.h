// Pooling models: heads that classify or embed, and generative models turned into such.
#pragma once

#include <optional>
#include <string>

#include "arch/builder.h"

namespace vram::arch {

/// "num_labels", or as many as "id2label" names, or 2.
std::int64_t num_labels(const json::Fields& config);

/// The element type of the heads of pooling models: float32, unless the config's "head_dtype" says otherwise or the
/// release did not make a difference yet.
Dtype head_dtype(const Builder& builder);

/// An nn.Linear or ReplicatedLinear of a head: whole on every rank and never quantised.
void head_linear(Block& block, const std::string& name, std::int64_t input, std::int64_t output, bool bias,
                 Dtype dtype);

/// The architecture that vLLM builds for a name which its registry lacks, and what it turns it into.
///   source  vllm/model_executor/models/registry.py, _normalize_arch; vllm/config/model.py, _SUFFIX_TO_DEFAULTS
struct Converted {
  std::string architecture;
  bool classify = false;  // has a score head in place of the output head; otherwise none
};
std::optional<Converted> converted(std::string_view architecture);

/// Adds the score head of a generative model that classifies.
///   source  vllm/model_executor/models/adapters.py, as_seq_cls_model
void add_score_head(Builder& builder);

}  // namespace vram::arch
