// Any text as params.json, then as adapter_config.json.
#include "readers/model_files.h"

#include <cstdlib>

#include "readers/adapter.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto source = vram::read_model_files({{"params.json", text}}, "fuzz", "fuzz");
  if (source && source->architecture.empty()) std::abort();
  const auto adapter = vram::read_adapter_config(text, "fuzz");
  if (adapter && adapter->rank < 1) std::abort();
  return 0;
}
