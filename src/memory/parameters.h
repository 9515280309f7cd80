// Every parameter and buffer that vLLM creates on one rank: shapes after tensor, pipeline and expert parallelism,
// element types after quantisation.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "memory/placement.h"
#include "model/model.h"
#include "units/quantity.h"

namespace vram::memory {

/// One tensor as created on a rank, before anything is repacked after loading.
struct Parameter {
  std::string_view module;  // within its block: "self_attn.qkv_proj"
  std::string_view suffix;  // "weight", "weight_scale_inv"; empty when `module` names the tensor
  std::array<std::int64_t, 5> shape{1, 1, 1, 1, 1};
  int dimensions = 1;
  Dtype dtype = Dtype::kBfloat16;
  bool buffer = false;
  bool view = false;  // shares another tensor's memory

  [[nodiscard]] std::int64_t elements() const;
  [[nodiscard]] Bytes bytes() const { return Bytes(width(dtype)) * elements(); }
};

using Sink = std::function<void(const Parameter&)>;

/// Formats that vLLM makes itself look different before and after it has made them. Stored: what a checkpoint holds of
/// it, without what vLLM adds as padding.
enum class Moment { kStored, kCreated, kQuantised };

/// What creating a module needs to know of its surroundings.
struct Creation {
  const Parallel& parallel;
  Platform platform;
  Dtype dtype;         // the model's
  bool whole = false;  // a tower that is not divided
  Moment moment = Moment::kCreated;
  std::string block = {};  // where the module is, for refusals that name it
};

/// Calls `sink` for each tensor of `module` on one rank, in order of creation.
///
///   errors  kRefused with vLLM's words where a size does not divide
std::optional<Error> create(const Module& module, const Creation& creation, const Sink& sink);

/// Rows of `columns` on one rank; nothing when they do not divide.
std::optional<std::int64_t> rows_on_rank(const Columns& columns, std::int64_t ranks);

}  // namespace vram::memory
