// A model of a class that is not modelled, by what its checkpoint stores: weights by the headers of its files, caches
// by the config's plain attention keys.
#pragma once

#include "arch/build_options.h"
#include "model/model.h"
#include "readers/config_json.h"

namespace vram::arch {

/// Every tensor of the checkpoint with a place in the stack of num_hidden_layers layers or beside it; layers beyond
/// them (MTP) are left out, as vLLM leaves them. The plain float type that most bytes have becomes the model's dtype,
/// the others stay as stored. Over tensor parallelism, matrices are taken to be divided and vectors to be whole.
///
///   errors  kUnsupported where layers, heads or caches are not plain: a window, a compressed row, a state or keys that
///           disagree with the tensors
Result<Model> build_from_headers(const ModelSource& source, const BuildOptions& options);

}  // namespace vram::arch
