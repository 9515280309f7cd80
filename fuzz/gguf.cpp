// Any bytes as a GGUF file: whole, and as the front of a longer one.
#include "readers/gguf.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace vram;
  const std::span<const std::byte> bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto length = Bytes(std::int64_t(size));
  for (const Bytes whole : {length, length + Bytes(kGiB)}) {
    const auto file = gguf::read_gguf(bytes, whole, "fuzz");
    if (!file && file.error().problem.empty()) std::abort();
    if (!file || !*file) continue;
    for (const gguf::Tensor& tensor : (*file)->tensors)
      if (tensor.bytes < Bytes(0) || tensor.offset + tensor.bytes > whole) std::abort();
  }
  return 0;
}
