// How the elements of a layer's weight are stored. A format is an alternative here; which tensors it creates on a rank
// is the file of its name in memory/packings.
#pragma once

#include <cstdint>
#include <variant>

#include "model/dtype.h"

namespace vram {

/// Whose format: decides the names of tensors and what vLLM checks before it creates them.
enum class Maker : std::uint8_t { kVllm, kCompressedTensors, kModelOpt, kQuark, kFbgemm, kAutoRound };

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
  Dtype scale_dtype = Dtype::kFloat32;
  Maker maker = Maker::kVllm;
  friend bool operator==(const Fp8&, const Fp8&) = default;
};

/// 8-bit integers with a scale per tensor or output channel.
struct Int8 {
  bool per_channel = true;
  bool static_input = false;
  bool input_zero_point = false;
  Maker maker = Maker::kCompressedTensors;
  friend bool operator==(const Int8&, const Int8&) = default;
};

/// GPTQ: integers of a few bits packed along the input, with scales and packed zero points per group of inputs.
struct Gptq {
  int bits = 4;
  int group = -1;        // inputs a scale covers; -1: all
  bool reorder = false;  // desc_act
  bool symmetric = true;
  bool marlin = true;  // the method that repacks for Marlin, or the plain one
  friend bool operator==(const Gptq&, const Gptq&) = default;
};

/// AWQ: 4-bit integers packed along the output, with scales and packed zero points per group of inputs.
struct Awq {
  int bits = 4;
  int group = 128;
  bool zero_point = true;
  bool marlin = true;
  friend bool operator==(const Awq&, const Awq&) = default;
};

/// Experts of GPTQ and AWQ where Marlin cannot run them: bytes of packed integers.
struct MoeWna16 {
  int bits = 4;
  int group = 128;
  bool zeros = false;
  friend bool operator==(const MoeWna16&, const MoeWna16&) = default;
};

/// compressed-tensors' pack-quantized: integers of a few bits packed along the input, row by row.
struct PackedInt {
  int bits = 4;
  int group = -1;
  bool symmetric = true;
  bool reorder = false;  // actorder "group"
  enum class Activations : std::uint8_t { kModel, kFp8, kInt } activations = Activations::kModel;
  friend bool operator==(const PackedInt&, const PackedInt&) = default;
};

/// 4-bit floats with an 8-bit scale per 16 inputs and one 32-bit scale a tensor.
struct Nvfp4 {
  int group = 16;
  bool weight_only = false;  // activations keep the model's dtype
  enum class InputScale : std::uint8_t { kNone, kFloat32, kModelDtype } input_scale = InputScale::kFloat32;
  Maker maker = Maker::kCompressedTensors;
  friend bool operator==(const Nvfp4&, const Nvfp4&) = default;
};

/// 4-bit floats with a power of two per 32 inputs.
struct Mxfp4 {
  enum class Model : std::uint8_t { kGptOss, kOther } model = Model::kOther;
  Maker maker = Maker::kVllm;
  friend bool operator==(const Mxfp4&, const Mxfp4&) = default;
};

/// 8-bit floats with a power of two per 32 inputs.
struct Mxfp8 {
  int block_rows = 1;
  Maker maker = Maker::kCompressedTensors;
  friend bool operator==(const Mxfp8&, const Mxfp8&) = default;
};

/// Created in the model's dtype and quantised once loaded.
struct Online {
  enum class Target : std::uint8_t { kFp8Tensor, kFp8Channel, kFp8Block, kInt8Channel, kNvfp4, kMxfp8, kMxfp4 };
  Target target = Target::kFp8Tensor;
  friend bool operator==(const Online&, const Online&) = default;
};

/// bitsandbytes: 4-bit floats in blocks of 64, or 8-bit integers.
struct BitsAndBytes {
  int bits = 4;
  friend bool operator==(const BitsAndBytes&, const BitsAndBytes&) = default;
};

using Packing =
    std::variant<Unquantised, Fp8, Int8, Gptq, Awq, MoeWna16, PackedInt, Nvfp4, Mxfp4, Mxfp8, Online, BitsAndBytes>;

/// Scales that an attention layer loads beside the four that each has.
struct KvScales {
  enum class Kind : std::uint8_t {
    kNone,
    kScalars,            // q, k, v and probabilities: one element each of the model's dtype
    kCompressedTensors,  // q, k and v: a float32 scale and a zero point of the model's dtype
  };
  Kind kind = Kind::kNone;
  bool per_head = false;  // kCompressedTensors: one for each KV head of the rank
  bool declared = true;   // kCompressedTensors: the checkpoint has a kv_cache_scheme
  friend bool operator==(const KvScales&, const KvScales&) = default;
};

}  // namespace vram
