#pragma once

#include "arch/build_options.h"
#include "model/model.h"
#include "readers/config_json.h"

namespace vram::arch {

/// The model that vLLM's class for `source.architecture` would create.
///
///   errors  kUnsupported for an architecture without a family, by name, unless build_from_headers can make it;
///           kBadInput with the key of config.json
Result<Model> build(const ModelSource& source, const BuildOptions& options);

/// Whether `architecture` has a family. Of others build() makes what their checkpoint's headers say, where they are at
/// hand.
bool is_modelled(std::string_view architecture);

/// Every architecture that is modelled, sorted.
std::vector<std::string_view> architectures();

/// Whether the class of `model` makes a table as long as the longest request: BuildOptions::max_model_len decides.
bool follows_max_model_len(const Model& model);

/// Whether the class of that name keeps a buffer of a row a batched token: BuildOptions::max_num_batched_tokens
/// decides.
bool follows_batch(std::string_view architecture);

}  // namespace vram::arch
