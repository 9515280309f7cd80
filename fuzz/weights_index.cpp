// Any text as the index of a checkpoint.
#include "readers/weights_index.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto index = vram::read_weights_index({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!index) return 0;
  for (const auto& file : index->files)
    if (file.name.find("..") != std::string::npos && file.name.find("/..") != std::string::npos) std::abort();
  return 0;
}
