#include "memory/cache_format.h"

namespace vram::memory {
namespace {

struct Packed {
  std::string_view name;
  CacheFormat format;
};

// source  vllm/utils/torch_utils.py, STR_DTYPE_TO_TORCH_DTYPE; quantization/turboquant/config.py, TQ_PRESETS
constexpr Packed kPacked[] = {
    {"float32", {CacheFormat::Mode::kPlain, Dtype::kFloat32}},
    {"float", {CacheFormat::Mode::kPlain, Dtype::kFloat32}},
    {"float16", {CacheFormat::Mode::kPlain, Dtype::kFloat16}},
    {"half", {CacheFormat::Mode::kPlain, Dtype::kFloat16}},
    {"bfloat16", {CacheFormat::Mode::kPlain, Dtype::kBfloat16}},
    {"int8_per_token_head", {CacheFormat::Mode::kPerTokenHead, Dtype::kInt8}},
    {"fp8_per_token_head", {CacheFormat::Mode::kPerTokenHead, Dtype::kUint8}},
    {"int4_per_token_head", {CacheFormat::Mode::kInt4PerTokenHead, Dtype::kUint8}},
    {"nvfp4", {CacheFormat::Mode::kNvfp4, Dtype::kUint8}},
    {"nvfp4_4over6", {CacheFormat::Mode::kNvfp4, Dtype::kUint8}},
    {"turboquant_k8v4", {CacheFormat::Mode::kTurboquant, Dtype::kUint8, 8, 4}},
    {"turboquant_4bit_nc", {CacheFormat::Mode::kTurboquant, Dtype::kUint8, 4, 4}},
    {"turboquant_k3v4_nc", {CacheFormat::Mode::kTurboquant, Dtype::kUint8, 3, 4}},
    {"turboquant_3bit_nc", {CacheFormat::Mode::kTurboquant, Dtype::kUint8, 3, 3}},
};

// What counts as quantised: TurboQuant's kinds did not.
enum class Quantised { kByPrefix, kAllButFloats };
constexpr vllm::Step<Quantised> kQuantised[] = {
    {{}, Quantised::kByPrefix, "vllm v0.20.0 vllm/utils/torch_utils.py is_quantized_kv_cache"},
    {{2026, 11, 5}, Quantised::kAllButFloats, "~vllm v0.33.0 vllm/v1/kv_cache_interface.py is_quantized_kv_cache"},
};
static_assert(vllm::well_formed(kQuantised));

constexpr std::int64_t kScale = 4;  // a float32

/// 8-bit keys are stored as they are; fewer bits come with a 16-bit norm, values with a 16-bit scale and zero point.
/// The slot is even.
///   source  vllm/model_executor/layers/quantization/turboquant/config.py, slot_size_aligned
std::int64_t turboquant_slot(const CacheFormat& format, std::int64_t width) {
  const std::int64_t key = format.key_bits == 8 ? width : ceil_div(width * format.key_bits, 8) + 2;
  return round_up(key + ceil_div(width * format.value_bits, 8) + 4, 2);
}

std::int64_t nvfp4_side(std::int64_t width) { return width / 2 + width / 16; }

}  // namespace

CacheFormat cache_format(std::string_view cache_dtype, Dtype model_dtype) {
  if (cache_dtype == "auto") return {CacheFormat::Mode::kPlain, model_dtype};
  for (const Packed& packed : kPacked)
    if (packed.name == cache_dtype) return packed.format;
  return {CacheFormat::Mode::kPlain, Dtype::kUint8};
}

bool is_quantised_cache(std::string_view cache_dtype, vllm::Date as_of) {
  if (vllm::in_force(kQuantised, as_of) == Quantised::kByPrefix)
    return cache_dtype.starts_with("fp8") || cache_dtype.ends_with("per_token_head") ||
           cache_dtype.starts_with("nvfp4");
  const CacheFormat format = cache_format(cache_dtype, Dtype::kBfloat16);
  return cache_dtype != "auto" && (format.mode != CacheFormat::Mode::kPlain || width(format.element) == 1);
}

Bytes head_bytes(const CacheFormat& format, std::int64_t key_width, std::int64_t value_width) {
  switch (format.mode) {
    case CacheFormat::Mode::kPlain:
      return Bytes(width(format.element)) * (key_width + value_width);
    case CacheFormat::Mode::kPerTokenHead:
      return Bytes(key_width + value_width + 2 * kScale);
    case CacheFormat::Mode::kInt4PerTokenHead:
      return Bytes(key_width / 2 + value_width / 2 + 2 * kScale);
    case CacheFormat::Mode::kNvfp4:
      return Bytes(nvfp4_side(key_width) + nvfp4_side(value_width));
    case CacheFormat::Mode::kTurboquant:
      return Bytes(turboquant_slot(format, key_width));
  }
  return {};
}

Bytes latent_bytes(std::string_view cache_dtype, const CacheFormat& format, std::int64_t row) {
  if (cache_dtype == "fp8_ds_mla") return Bytes(656);    // 512 of fp8, 16 of scales, 64 of bf16
  if (cache_dtype == "nvfp4_ds_mla") return Bytes(352);  // 256 of fp4, 32 of scales, 64 of fp8
  return head_bytes(format, row, 0);
}

}  // namespace vram::memory
