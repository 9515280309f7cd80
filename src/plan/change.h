// A change of a request: made, written as a JSON merge patch, and typed as for vLLM.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "plan/request.h"

namespace vram::plan {

struct Change {
  json::Object args;                         // null takes an argument away
  std::shared_ptr<const ModelSource> model;  // null: as it was
  std::optional<hardware::Gpu> gpu;
  std::optional<hardware::Gpu> alone;  // the GPU as it is, with nothing else on it
};

Change with(std::string name, json::Value value);

Request changed(const Request& request, const Change& change);

/// RFC 7396, on the request as contract.md has it.
json::Object merge_patch_of(const Change& change);

/// "--max-model-len 28672", "Qwen/Qwen3-8B-FP8", "--gpu L40S", "without --quantization"; several with blanks between.
std::string typed(const Change& change);

}  // namespace vram::plan
