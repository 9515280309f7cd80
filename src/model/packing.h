// How the elements of a linear layer's weight are stored. A format is an alternative; what each creates on a rank is
// written in memory/packings.
#pragma once

#include <cstdint>
#include <variant>

namespace vram {

/// The model's own dtype.
struct Unquantised {
  friend bool operator==(const Unquantised&, const Unquantised&) = default;
};

/// 8-bit floats with scales per tensor, per output channel or per block of rows and columns.
struct Fp8 {
  enum class Scale : std::uint8_t { kTensor, kChannel, kBlock };
  Scale scale = Scale::kTensor;
  int block_rows = 0, block_columns = 0;  // kBlock only
  bool static_input = false;              // the checkpoint has a scale for the activations
  friend bool operator==(const Fp8&, const Fp8&) = default;
};

using Packing = std::variant<Unquantised, Fp8>;

}  // namespace vram
