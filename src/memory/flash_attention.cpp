#include "memory/flash_attention.h"

#include "memory/cache_format.h"
#include "vllm/release.h"

namespace vram::memory {
namespace {

using vllm::Step;

// FlashAttention 4 is the default on sm100.
constexpr Step<bool> kFour[] = {{{}, false, "vllm v0.11.1 vllm/attention/utils/fa_utils.py"},
                                {{2026, 3, 4}, true, "~vllm v0.17.0 v1/attention/backends/fa_utils.py"}};
static_assert(well_formed(kFour));

// On Hopper 4 takes over what 3 does not run.
struct Upgrade {
  bool unlike_values_with_sinks, wide_heads;
};
constexpr Step<Upgrade> kUpgrade[] = {{{}, {false, false}, "vllm v0.19.0 v1/attention/backends/fa_utils.py"},
                                      {{2026, 4, 20}, {true, false}, "~vllm v0.20.0, the same"},
                                      {{2026, 5, 9}, {true, true}, "~vllm v0.21.0, the same"}};
static_assert(well_formed(kUpgrade));

// Heads above 128 that 4 runs on Blackwell.
enum class Wide { kNone, k192, k192With128And256, k192With128, kOwnKernelFor256 };
constexpr Step<Wide> kWide[] = {{{}, Wide::kNone, "~vllm v0.17.0 v1/attention/backends/fa_utils.py"},
                                {{2026, 3, 16}, Wide::k192, "~vllm v0.18.0, the same"},
                                {{2026, 8, 3}, Wide::k192With128And256, "~vllm v0.27.0, the same"},
                                {{2026, 8, 18}, Wide::k192With128, "~vllm v0.28.0, the same"},
                                {{2026, 8, 31}, Wide::kOwnKernelFor256, "~vllm v0.29.0, the same"}};
static_assert(well_formed(kWide));

// What reads an fp8 cache.
enum class Fp8 { kThreeOnHopper, kAndFourOnBlackwell, kAndFourOnHopperFor512 };
constexpr Step<Fp8> kFp8[] = {
    {{}, Fp8::kThreeOnHopper, "vllm v0.11.1 vllm/attention/utils/fa_utils.py"},
    {{2026, 8, 3}, Fp8::kAndFourOnBlackwell, "~vllm v0.27.0 v1/attention/backends/fa_utils.py"},
    {{2026, 10, 1}, Fp8::kAndFourOnHopperFor512, "~vllm v0.31.0, the same"}};
static_assert(well_formed(kFp8));

// Pages of their own for some heads.
enum class Pages { kNone, k256OnBlackwell, kAndFp8OnHopper };
constexpr Step<Pages> kPages[] = {{{}, Pages::kNone, "vllm v0.28.0 v1/attention/backends/flash_attn.py"},
                                  {{2026, 8, 31}, Pages::k256OnBlackwell, "~vllm v0.29.0, the same"},
                                  {{2026, 10, 1}, Pages::kAndFp8OnHopper, "~vllm v0.31.0, the same"}};
static_assert(well_formed(kPages));

constexpr std::int64_t kPageOf256 = 128;

bool own_kernel_for_256(const Platform& platform, std::int64_t key, std::int64_t value) {
  const int major = platform.capability / 10;
  return key == 256 && (value == 0 || value == 256) && (major == 10 || major == 11);
}

/// Whether the kernel for heads of 256 takes the model. source  fa_utils.py, _fa4_hd256_fallback_reason
bool takes_model(const AttentionContext& context, const FlashAttentionHeads& heads) {
  return !heads.sinks && !context.logit_softcap && !is_quantised_cache(context.cache_dtype, context.platform.as_of) &&
         !(heads.block_size && heads.block_size->count() % kPageOf256 != 0) && !context.multimodal_prefix &&
         context.decode_context_parallel == 1;
}

/// Whether 4 runs such heads on Blackwell.
bool four_runs(const AttentionContext& context, const FlashAttentionHeads& heads) {
  const Wide wide = vllm::in_force(kWide, context.platform.as_of);
  const bool latent = heads.key == 192 && heads.value == 128;
  switch (wide) {
    case Wide::kNone:
      return heads.key <= 128;
    case Wide::k192:
      return heads.key <= 128 || heads.key == 192;
    case Wide::k192With128And256:
      return heads.key <= 128 || heads.key == 256 || latent;
    case Wide::k192With128:
      return heads.key <= 128 || latent;
    case Wide::kOwnKernelFor256:
      if (own_kernel_for_256(context.platform, heads.key, heads.value))
        return heads.takes_256 && takes_model(context, heads);
      return heads.key <= 128 || (heads.key == 256 && (heads.value == 0 || heads.value == 256)) || latent;
  }
  return false;
}

bool runs(int version, const Platform& platform) {
  const int major = platform.capability / 10;
  if (version == 2) return platform.capability >= 80;
  if (version == 3) return major == 9;
  return flash_attention_4_runs(platform);
}

}  // namespace

bool flash_attention_4_runs(const Platform& platform) {
  const int major = platform.capability / 10;
  return major == 9 || major == 10 || major == 11;
}

std::optional<int> flash_attention_version(const AttentionContext& context, const FlashAttentionHeads& heads) {
  const Platform& platform = context.platform;
  const int major = platform.capability / 10;
  int version = 2;
  if (major == 9) version = 3;
  if (major == 10 && vllm::in_force(kFour, platform.as_of)) version = 4;
  if (context.flash_attention) version = *context.flash_attention;
  if (major >= 10 && version == 3)
    version = vllm::in_force(kFour, platform.as_of) && flash_attention_4_runs(platform) ? 4 : 2;
  const Upgrade& upgrade = vllm::in_force(kUpgrade, platform.as_of);
  if (version == 3 && major == 9) {
    const bool unlike = heads.sinks && heads.key && heads.value && heads.key != heads.value;
    if ((upgrade.wide_heads && heads.key > 256) || (upgrade.unlike_values_with_sinks && unlike)) version = 4;
  }
  if (version == 4 && major >= 10 && heads.key > 0 && !four_runs(context, heads)) version = 2;
  if (!runs(version, platform)) return std::nullopt;
  return version;
}

bool flash_attention_reads_fp8(const AttentionContext& context, std::string_view cache_dtype,
                               const FlashAttentionHeads& heads) {
  const Fp8 rule = vllm::in_force(kFp8, context.platform.as_of);
  const int major = context.platform.capability / 10;
  if (rule == Fp8::kThreeOnHopper) return major == 9 && flash_attention_version(context) == 3;
  if (cache_dtype == "fp8_e5m2") return false;
  const auto version = flash_attention_version(context, heads);
  if (major == 10) return version == 4;
  if (major != 9) return false;
  const bool four = rule == Fp8::kAndFourOnHopperFor512 && (heads.key == 0 || heads.key == 512);
  return version == 3 || (version == 4 && four);
}

std::optional<Tokens> flash_attention_page(const AttentionContext& context, std::int64_t key, std::int64_t value,
                                           bool fp8_cache) {
  const Pages pages = vllm::in_force(kPages, context.platform.as_of);
  if (pages == Pages::kNone) return std::nullopt;
  const int major = context.platform.capability / 10;
  if (pages == Pages::kAndFp8OnHopper && major == 9 && fp8_cache && key == 512 &&
      flash_attention_version(context, {.key = key}) == 4)
    return Tokens(64);
  if (own_kernel_for_256(context.platform, key, value) &&
      flash_attention_version(context, {.key = key, .value = value, .takes_256 = true}) == 4)
    return Tokens(kPageOf256);
  return std::nullopt;
}

}  // namespace vram::memory
