#include "plan/deployment.h"

namespace vram::plan {

Result<Deployment> resolve(const ModelSource& source, const json::Object&, const vllm::Engine&, const hardware::Gpu&) {
  return Error{ErrorCode::kUnsupported, source.place, "defaults are not resolved yet", ""};
}

}  // namespace vram::plan
