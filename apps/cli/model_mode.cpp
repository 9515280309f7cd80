#include "model_mode.h"

namespace vram::cli {
namespace {

Error not_read(const Arguments& arguments) {
  return {ErrorCode::kUnsupported, *arguments.word(), "this build does not read models",
          "give --params-billion, --layers, --kv-heads and --head-dim instead"};
}

}  // namespace

Result<int> estimate_model(const Arguments& arguments, const Session&) { return not_read(arguments); }

Result<int> max_context_model(const Arguments& arguments, const Session&) { return not_read(arguments); }

}  // namespace vram::cli
