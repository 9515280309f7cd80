// Any bytes as a .safetensors file: its length, then its header.
#include "readers/safetensors.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace vram;
  const auto length = safetensors_header_length({data, size}, Bytes(std::int64_t(size)), "fuzz");
  const auto* text = reinterpret_cast<const char*>(data);
  if (length) {
    const auto header = read_safetensors_header({text + kSafetensorsPrefix, std::size_t(length->count())}, "fuzz");
    if (header && header->data < Bytes(0)) std::abort();
  }
  const auto free = read_safetensors_header({text, size}, "fuzz", TensorPlaces::kIgnored);
  if (!free && free.error().problem.empty()) std::abort();
  return 0;
}
