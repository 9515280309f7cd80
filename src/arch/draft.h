// Models that draft tokens for a target to check: vLLM's speculative decoding. A draft is built like any model, less
// the embedding and the output head, which it takes from the target.
#pragma once

#include <optional>
#include <string_view>

#include "arch/builder.h"
#include "units/quantity.h"

namespace vram::arch {

/// The class that drafts from the target's own config ("mtp"); nothing where vLLM has none.
///
///   source  vllm/config/speculative.py, hf_config_override
std::optional<std::string_view> mtp_architecture(const ModelSource& target);

struct DraftRequest {
  std::string_view method;    // speculative_config.method: "mtp", "eagle", "eagle3", "draft_model"
  const ModelSource* source;  // the draft's own config; null: the target's
  const ModelSource* target;
  Tokens target_length;  // the target's max_model_len: a draft's positions reach at least so far
};

/// The draft's model, or nothing for a method without one ("ngram", "suffix").
///
///   errors  kUnsupported for a target or a draft without a modelled class
Result<std::optional<Model>> build_draft(const DraftRequest& request, const BuildOptions& options);

/// The layers after the target's last one that a config keeps for drafting.
std::int64_t draft_layers(const json::Fields& config, std::string_view name = "num_nextn_predict_layers");

/// What most MTP layers put around their decoder layer: norms of both inputs, the projection of both to one, the norm
/// before the target's head.
void add_mtp_inputs(Block& layer, std::int64_t hidden);

}  // namespace vram::arch
