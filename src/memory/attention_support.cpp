#include "memory/attention_support.h"

#include <algorithm>
#include <array>
#include <span>

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// Cache dtypes as a set --------------------------------------------------------------------------------------------

using Caches = std::uint32_t;
constexpr std::string_view kCacheNames[] = {"auto",
                                            "float16",
                                            "bfloat16",
                                            "fp8",
                                            "fp8_e4m3",
                                            "fp8_e5m2",
                                            "fp8_ds_mla",
                                            "nvfp4",
                                            "nvfp4_4over6",
                                            "nvfp4_ds_mla",
                                            "int8_per_token_head",
                                            "fp8_per_token_head",
                                            "int4_per_token_head"};
constexpr Caches kAuto = 1, kF16 = 1 << 1, kBf16 = 1 << 2, kFp8 = 1 << 3, kE4m3 = 1 << 4, kE5m2 = 1 << 5,
                 kFp8DsMla = 1 << 6, kNvfp4 = 1 << 7, kNvfp4Other = 1 << 8, kNvfp4DsMla = 1 << 9,
                 kBytesPerTokenHead = (1 << 10) | (1 << 11), kInt4PerTokenHead = 1 << 12, kTurbo = 1 << 13;
constexpr Caches kTwo = kFp8 | kE4m3, kThree = kTwo | kE5m2, kFloats = kAuto | kF16 | kBf16;

Caches cache_bit(std::string_view name) {
  if (name.starts_with("turboquant_")) return kTurbo;
  for (std::size_t i = 0; i < std::size(kCacheNames); ++i)
    if (kCacheNames[i] == name) return Caches(1) << i;
  return 0;
}

constexpr vllm::Date kFirst{}, k016{2026, 2, 9}, k018{2026, 3, 16}, k020{2026, 4, 20}, k021{2026, 5, 9},
    k022{2026, 5, 25}, k024{2026, 6, 23}, k025{2026, 7, 5}, k028{2026, 8, 18}, k030{2026, 9, 14}, k031{2026, 10, 1};

// The explicit names of 16-bit caches came with 0.16 (bfloat16) and 0.18 (float16).
constexpr Step<Caches> kFloatCaches[] = {
    {kFirst, kAuto, "~vllm v0.11.1 v1/attention/backends, supported_kv_cache_dtypes"},
    {k016, kAuto | kBf16, "~vllm v0.16.0, the same"},
    {k018, kFloats, "~vllm v0.18.0, the same"}};
constexpr Step<Caches> kFp8Caches[] = {{kFirst, kAuto | kTwo, "~vllm v0.11.1, the same"},
                                       {k016, kAuto | kBf16 | kTwo, "~vllm v0.16.0, the same"},
                                       {k018, kFloats | kTwo, "~vllm v0.18.0, the same"}};
constexpr Step<Caches> kFlashInferCaches[] = {
    {kFirst, kAuto | kThree, "~vllm v0.11.1 v1/attention/backends/flashinfer.py"},
    {k016, kAuto | kBf16 | kThree, "~vllm v0.16.0, the same"},
    {k018, kFloats | kThree, "~vllm v0.18.0, the same"},
    {k021, kFloats | kThree | kNvfp4, "~vllm v0.21.0, the same"},
    {k028, kFloats | kThree | kNvfp4 | kNvfp4Other, "~vllm v0.28.0, the same"}};
constexpr Step<Caches> kTritonCaches[] = {
    {kFirst, kAuto | kThree, "~vllm v0.11.1 v1/attention/backends/triton_attn.py"},
    {k016, kAuto | kBf16 | kThree, "~vllm v0.16.0, the same"},
    {k018, kFloats | kThree, "~vllm v0.18.0, the same"},
    {k020, kFloats | kThree | kBytesPerTokenHead, "~vllm v0.20.0, the same"},
    {k025, kFloats | kThree | kBytesPerTokenHead | kInt4PerTokenHead, "~vllm v0.25.0, the same"}};
// FlashAttention asks its version besides.
constexpr Step<Caches> kFlashCaches[] = {
    {kFirst, kAuto | kThree | kFp8DsMla, "~vllm v0.11.1 v1/attention/backends/flash_attn.py"},
    {k016, kAuto | kBf16 | kThree | kFp8DsMla, "~vllm v0.16.0, the same"},
    {k018, kFloats | kThree | kFp8DsMla, "~vllm v0.18.0, the same"},
    {k020, kFloats | kThree | kFp8DsMla | kBytesPerTokenHead | kNvfp4, "~vllm v0.20.0, the same"},
    {k022, kFloats | kTwo, "~vllm v0.22.0, the same"}};
constexpr Step<Caches> kTritonMlaCaches[] = {{kFirst, kAuto, "~vllm v0.11.1 v1/attention/backends/mla/triton_mla.py"},
                                             {k016, kAuto | kBf16, "~vllm v0.16.0, the same"},
                                             {k018, kFloats | kTwo, "~vllm v0.18.0, the same"}};
constexpr Step<Caches> kFlashMlaSparseCaches[] = {
    {kFirst, kAuto | kFp8DsMla, "~vllm v0.11.1 v1/attention/backends/mla/flashmla_sparse.py"},
    {k016, kAuto | kBf16 | kFp8DsMla, "~vllm v0.16.0, the same"},
    {k018, kAuto | kBf16 | kFp8DsMla | kFp8, "~vllm v0.18.0, the same"},
    {k030, kAuto | kBf16 | kFp8DsMla | kFp8 | kNvfp4DsMla, "~vllm v0.30.0, the same"}};
constexpr Step<Caches> kFlashInferSparseCaches[] = {
    {kFirst, kAuto | kBf16, "~vllm v0.17.0 v1/attention/backends/mla/flashinfer_mla_sparse.py"},
    {k018, kFloats | kTwo, "~vllm v0.18.0, the same"}};
constexpr Step<Caches> kTurboCaches[] = {{kFirst, kTurbo, "vllm v0.20.0 v1/attention/backends/turboquant_attn.py"}};
constexpr Step<Caches> kTokenspeedCaches[] = {
    {kFirst, kTwo, "vllm v0.21.0 v1/attention/backends/mla/tokenspeed_mla.py"}};
constexpr Step<Caches> kFa4SparseCaches[] = {
    {kFirst, kAuto | kBf16, "vllm v0.33.0 v1/attention/backends/mla/flashattn_mla_sparse.py"}};
constexpr Step<Caches> kSm90SparseCaches[] = {
    {kFirst, kAuto | kBf16 | kTwo, "vllm v0.30.0 v1/attention/backends/mla/flashinfer_mla_sparse_sm90.py"}};
constexpr Step<Caches> kSm120SparseCaches[] = {
    {kFirst, kAuto | kTwo | kFp8DsMla, "vllm v0.24.0 v1/attention/backends/mla/flashinfer_mla_sparse.py"}};

// Head sizes -------------------------------------------------------------------------------------------------------

struct HeadSizes {
  enum class Rule : std::uint8_t { kListed, kAny, kAtLeast32, kEighths, kFlashAttention4 } rule = Rule::kListed;
  std::array<std::int16_t, 8> listed{};
};
constexpr HeadSizes kAnyHead{HeadSizes::Rule::kAny, {}};
constexpr Step<HeadSizes> kAnyHeads[] = {{kFirst, kAnyHead, "vllm v0.33.0 v1/attention/backends/flex_attention.py"}};
constexpr Step<HeadSizes> kTritonHeads[] = {
    {kFirst, {HeadSizes::Rule::kAtLeast32, {}}, "vllm v0.11.1 v1/attention/backends/triton_attn.py"}};
constexpr Step<HeadSizes> kFlashHeads[] = {{kFirst,
                                            {HeadSizes::Rule::kListed, {32, 64, 96, 128, 160, 192, 224, 256}},
                                            "~vllm v0.11.1 v1/attention/backends/flash_attn.py"},
                                           {{2025, 11, 30}, {HeadSizes::Rule::kEighths, {}}, "~vllm v0.12.0, the same"},
                                           {k020, {HeadSizes::Rule::kFlashAttention4, {}}, "~vllm v0.20.0, the same"}};
constexpr Step<HeadSizes> kFlashInferHeads[] = {
    {kFirst, {HeadSizes::Rule::kListed, {64, 128, 256}}, "~vllm v0.11.1 v1/attention/backends/flashinfer.py"},
    {k022, {HeadSizes::Rule::kListed, {64, 128, 256, 512}}, "~vllm v0.22.0, the same"}};
constexpr Step<HeadSizes> kLatentHeads[] = {
    {kFirst, {HeadSizes::Rule::kListed, {576}}, "vllm v0.8.5 v1/attention/backends/mla/common.py"},
    {k018, {HeadSizes::Rule::kListed, {320, 576}}, "~vllm v0.18.0 model_executor/layers/attention/mla_attention.py"},
    {k030, {HeadSizes::Rule::kListed, {320, 512, 576}}, "~vllm v0.30.0, the same"}};
constexpr Step<HeadSizes> kTritonMlaHeads[] = {
    {kFirst, {HeadSizes::Rule::kListed, {576}}, "vllm v0.8.5 v1/attention/backends/mla/common.py"},
    {k018, kAnyHead, "~vllm v0.18.0 v1/attention/backends/mla/triton_mla.py"}};
constexpr Step<HeadSizes> kSparseHeads[] = {
    {kFirst, {HeadSizes::Rule::kListed, {576}}, "~vllm v0.11.1 v1/attention/backends/mla/flashmla_sparse.py"},
    {k020, {HeadSizes::Rule::kListed, {512, 576}}, "~vllm v0.20.0, the same"},
    {k022, {HeadSizes::Rule::kListed, {576}}, "~vllm v0.22.0, the same"},
    {k031, {HeadSizes::Rule::kListed, {576, 512}}, "~vllm v0.31.0, the same"}};
constexpr Step<HeadSizes> kFlashInferSparseHeads[] = {
    {kFirst, {HeadSizes::Rule::kListed, {576}}, "~vllm v0.17.0 v1/attention/backends/mla/flashinfer_mla_sparse.py"},
    {k030, {HeadSizes::Rule::kListed, {512, 576}}, "~vllm v0.30.0, the same"}};
constexpr Step<HeadSizes> k576[] = {
    {kFirst, {HeadSizes::Rule::kListed, {576}}, "vllm v0.33.0 v1/attention/backends/mla/flashattn_mla_sparse.py"}};

// Capabilities, both ends included ---------------------------------------------------------------------------------

struct Capabilities {
  int from = 0, to = 999;
};
constexpr Step<Capabilities> kEvery[] = {{kFirst, {}, "vllm v0.11.1 vllm/attention/backends/abstract.py"}};
constexpr Step<Capabilities> kAmpere[] = {{kFirst, {80, 999}, "vllm v0.11.1 v1/attention/backends/flash_attn.py"}};
constexpr Step<Capabilities> kFlashInferRuns[] = {
    {kFirst, {75, 121}, "vllm v0.11.1 v1/attention/backends/flashinfer.py"},
    {k024, {80, 121}, "https://github.com/flashinfer-ai/flashinfer/issues/3620"}};
constexpr Step<Capabilities> kHopper[] = {
    {kFirst, {90, 99}, "vllm v0.11.1 v1/attention/backends/mla/flashattn_mla.py"}};
constexpr Step<Capabilities> kHopperAndBlackwell[] = {
    {kFirst, {90, 109}, "vllm v0.11.1 v1/attention/backends/mla/flashmla.py"}};
constexpr Step<Capabilities> kBlackwell[] = {
    {kFirst, {100, 109}, "vllm v0.11.1 v1/attention/backends/mla/flashinfer_mla.py"}};
constexpr Step<Capabilities> kConsumerBlackwell[] = {
    {kFirst, {120, 129}, "vllm v0.24.0 v1/attention/backends/mla/flashinfer_mla_sparse.py"}};

// The table --------------------------------------------------------------------------------------------------------

enum class Floats : std::uint8_t { k16, kBfloat16, kAll };

struct Row {
  Backend backend;
  bool mla, sparse;
  Floats dtypes;
  std::span<const Step<Caches>> caches;
  std::span<const Step<HeadSizes>> heads;
  std::span<const Step<Capabilities>> capabilities;
  bool context_parallel;
};
constexpr Row kRows[] = {
    {Backend::kFlashAttn, false, false, Floats::k16, kFlashCaches, kFlashHeads, kAmpere, true},
    {Backend::kFlashInfer, false, false, Floats::k16, kFlashInferCaches, kFlashInferHeads, kFlashInferRuns, true},
    {Backend::kTritonAttn, false, false, Floats::kAll, kTritonCaches, kTritonHeads, kEvery, false},
    {Backend::kFlexAttention, false, false, Floats::kAll, kFloatCaches, kAnyHeads, kEvery, false},
    {Backend::kTurboquant, false, false, Floats::k16, kTurboCaches, kAnyHeads, kEvery, false},
    {Backend::kFlashAttnMla, true, false, Floats::k16, kFloatCaches, kLatentHeads, kHopper, true},
    {Backend::kFlashMla, true, false, Floats::k16, kFp8Caches, kLatentHeads, kHopperAndBlackwell, true},
    {Backend::kFlashInferMla, true, false, Floats::k16, kFp8Caches, kLatentHeads, kBlackwell, true},
    {Backend::kTokenspeedMla, true, false, Floats::k16, kTokenspeedCaches, kLatentHeads, kBlackwell, true},
    {Backend::kCutlassMla, true, false, Floats::k16, kFp8Caches, kLatentHeads, kBlackwell, true},
    {Backend::kTritonMla, true, false, Floats::k16, kTritonMlaCaches, kTritonMlaHeads, kEvery, true},
    {Backend::kFlashAttnMlaSparse, true, true, Floats::k16, kFloatCaches, kAnyHeads, kHopper, false},
    {Backend::kFlashAttnMlaSparseFa4, true, true, Floats::kBfloat16, kFa4SparseCaches, k576, kBlackwell, true},
    {Backend::kFlashMlaSparse, true, true, Floats::kBfloat16, kFlashMlaSparseCaches, kSparseHeads, kHopperAndBlackwell,
     true},
    {Backend::kFlashInferMlaSparse, true, true, Floats::k16, kFlashInferSparseCaches, kFlashInferSparseHeads,
     kBlackwell, true},
    {Backend::kFlashInferMlaSparseSm90, true, true, Floats::kBfloat16, kSm90SparseCaches, kFlashInferSparseHeads,
     kHopper, false},
    {Backend::kFlashInferMlaSparseSm120, true, true, Floats::kBfloat16, kSm120SparseCaches, kFlashInferSparseHeads,
     kConsumerBlackwell, true},
};

bool takes(const HeadSizes& heads, std::int64_t size, const Platform& platform) {
  switch (heads.rule) {
    case HeadSizes::Rule::kListed:
      return size > 0 && std::find(heads.listed.begin(), heads.listed.end(), size) != heads.listed.end();
    case HeadSizes::Rule::kAny:
      return true;
    case HeadSizes::Rule::kAtLeast32:
      return size >= 32;
    case HeadSizes::Rule::kEighths:
      return size % 8 == 0 && size <= 256;
    case HeadSizes::Rule::kFlashAttention4:
      return size % 8 == 0 && (size <= 256 || (size <= 512 && flash_attention_4_runs(platform)));
  }
  return false;
}

bool takes(Floats floats, Dtype dtype) {
  if (dtype == Dtype::kBfloat16) return true;
  return floats == Floats::kAll || (floats == Floats::k16 && dtype == Dtype::kFloat16);
}

/// FlashInfer's nvfp4 caches: TRT-LLM's kernels on Blackwell, FlashAttention 2's elsewhere.
enum class Nvfp4 { kEverywhere, kOnBlackwell, kAndPlainElsewhere };
constexpr Step<Nvfp4> kFlashInferNvfp4[] = {
    {kFirst, Nvfp4::kEverywhere, "~vllm v0.21.0 v1/attention/backends/flashinfer.py supports_kv_cache_dtype"},
    {k025, Nvfp4::kOnBlackwell, "~vllm v0.25.0, the same"},
    {{2026, 10, 20}, Nvfp4::kAndPlainElsewhere, "~vllm v0.32.0, the same"}};
static_assert(well_formed(kFlashInferNvfp4));

bool flashinfer_takes(std::string_view cache_dtype, bool listed, const Platform& platform) {
  const Nvfp4 rule = vllm::in_force(kFlashInferNvfp4, platform.as_of);
  if (!cache_dtype.starts_with("nvfp4") || rule == Nvfp4::kEverywhere) return listed;
  const int major = platform.capability / 10;
  if (rule == Nvfp4::kAndPlainElsewhere && (major == 8 || major == 9 || major == 12)) return cache_dtype == "nvfp4";
  return major == 10;
}

}  // namespace

Support support(AttentionBackend backend, Dtype dtype, std::string_view cache_dtype, std::int64_t head_size,
                const Platform& platform) {
  const vllm::Date day = platform.as_of;
  for (const Row& row : kRows) {
    if (row.backend != backend) continue;
    const Capabilities& gpus = vllm::in_force(row.capabilities, day);
    bool cache = (vllm::in_force(row.caches, day) & cache_bit(cache_dtype)) != 0;
    if (backend == Backend::kFlashInfer) cache = flashinfer_takes(cache_dtype, cache, platform);
    return {row.mla,
            row.sparse,
            takes(row.dtypes, dtype),
            cache,
            takes(vllm::in_force(row.heads, day), head_size, platform),
            platform.capability >= gpus.from && platform.capability <= gpus.to,
            row.context_parallel};
  }
  return {};
}

}  // namespace vram::memory
