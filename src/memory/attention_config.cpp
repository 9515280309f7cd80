#include "memory/attention_config.h"

#include <algorithm>
#include <set>
#include <variant>

#include "memory/flash_attention.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// Gemma 4 has two head widths, and vLLM wants one kernel for both.
enum class TwoWidths { kAnything, kTriton, kFlashAttention4, kFlashAttention4ButFp8OnHopper };
constexpr Step<TwoWidths> kTwoWidths[] = {
    {{}, TwoWidths::kAnything, "vllm v0.18.0 model_executor/models/config.py"},
    {{2026, 3, 30}, TwoWidths::kTriton, "~vllm v0.19.0, the same, Gemma4Config"},
    {{2026, 6, 23}, TwoWidths::kFlashAttention4, "~vllm v0.24.0, the same"},
    {{2026, 10, 1}, TwoWidths::kFlashAttention4ButFp8OnHopper, "~vllm v0.31.0, the same"},
};
constexpr std::int64_t kWidestTriton = 256, kWidestFlashAttention4 = 512;

// What is put in place of MLA's backend on Blackwell.
enum class Blackwell { kNothing, kCutlassOn100, kCutlass, kFlashInfer };
constexpr Step<Blackwell> kBlackwell[] = {
    {{}, Blackwell::kNothing, "vllm v0.9.2 vllm/platforms/cuda.py check_and_update_config"},
    {{2025, 8, 16}, Blackwell::kCutlassOn100, "~vllm v0.10.1, the same"},
    {{2025, 12, 12}, Blackwell::kCutlass, "~vllm v0.13.0, the same"},
    {{2026, 2, 9}, Blackwell::kFlashInfer, "~vllm v0.16.0, the same"},
    {{2026, 3, 9}, Blackwell::kNothing, "https://github.com/vllm-project/vllm/commit/77a73458e3"},
};

// A block size that is a multiple of the forced one is left alone.
constexpr Step<bool> kMultiplesPass[] = {{{}, false, "vllm v0.11.0 vllm/platforms/cuda.py check_and_update_config"},
                                         {{2025, 11, 11}, true, "~vllm v0.11.1, the same"}};
static_assert(well_formed(kTwoWidths) && well_formed(kBlackwell) && well_formed(kMultiplesPass));

constexpr std::int64_t kFlashInferNope = 128;

const LatentAttention* latent_of(const Model& model) {
  for (const Layer& layer : model.kinds)
    for (const CacheLayer& cache : layer.caches)
      if (const auto* latent = std::get_if<LatentAttention>(&cache.cache)) return latent;
  return nullptr;
}

std::set<std::int64_t> head_widths(const Model& model) {
  std::set<std::int64_t> widths;
  for (const Layer& layer : model.kinds)
    for (const CacheLayer& cache : layer.caches) {
      if (const auto* full = std::get_if<FullAttention>(&cache.cache)) widths.insert(full->heads.key_width);
      if (const auto* window = std::get_if<SlidingWindow>(&cache.cache)) widths.insert(window->heads.key_width);
      if (const auto* shared = std::get_if<SharedCache>(&cache.cache)) widths.insert(shared->heads.key_width);
    }
  return widths;
}

/// TurboQuant's kernels, and UltraQuant's name, do not go with newer versions.
bool needs_flash_attention_2(std::string_view cache_dtype) {
  return cache_dtype.starts_with("turboquant_") || cache_dtype == "ultraquant_4bit";
}

void serve_two_widths(const Model& model, const Platform& platform, std::string_view cache_dtype,
                      AttentionConfig& config) {
  const bool gemma = model.architecture.starts_with("Gemma4") || model.architecture.starts_with("DiffusionGemma");
  const std::set<std::int64_t> widths = head_widths(model);
  const TwoWidths rule = vllm::in_force(kTwoWidths, platform.as_of);
  if (!gemma || widths.size() < 2 || rule == TwoWidths::kAnything) return;
  const std::int64_t widest = *widths.rbegin();
  if (rule != TwoWidths::kTriton && flash_attention_4_runs(platform) && widest <= kWidestFlashAttention4) {
    const bool by_layer = rule == TwoWidths::kFlashAttention4ButFp8OnHopper && platform.capability / 10 == 9 &&
                          cache_dtype.starts_with("fp8");
    if (!by_layer && (!config.backend || config.backend == Backend::kFlashAttn)) config.flash_attention = 4;
    return;
  }
  const bool wide = rule != TwoWidths::kTriton || widest > kWidestTriton;
  if (wide && !config.backend) config.backend = Backend::kTritonAttn;
}

void serve_latent(const LatentAttention& latent, const Platform& platform, AttentionConfig& config) {
  if (config.backend) return;
  const Blackwell rule = vllm::in_force(kBlackwell, platform.as_of);
  const bool family = platform.capability / 10 == 10 && !latent.sparse;
  if (rule == Blackwell::kCutlassOn100 && platform.capability == 100) config.backend = Backend::kCutlassMla;
  if (rule == Blackwell::kCutlass && family) config.backend = Backend::kCutlassMla;
  if (rule == Blackwell::kFlashInfer && family && latent.nope == kFlashInferNope)
    config.backend = Backend::kFlashInferMla;
}

}  // namespace

bool is_hybrid(const Model& model) {
  if (!model.recurrent) return false;
  return std::any_of(model.kinds.begin(), model.kinds.end(), [](const Layer& layer) {
    return std::any_of(layer.caches.begin(), layer.caches.end(),
                       [](const CacheLayer& cache) { return !is_recurrent_state(cache.cache); });
  });
}

Result<AttentionConfig> attention_config(const Model& model, const Platform& platform, const KvShape& settings) {
  AttentionConfig config;
  if (!settings.attention_backend.empty()) {
    config.backend = read_attention_backend(settings.attention_backend);
    if (!config.backend)
      return Error{ErrorCode::kBadInput, "attention_backend",
                   "vLLM has no backend \"" + settings.attention_backend + '"',
                   "for example FLASH_ATTN, FLASHINFER or TRITON_ATTN"};
  }
  if (needs_flash_attention_2(settings.cache_dtype)) config.flash_attention = 2;
  serve_two_widths(model, platform, settings.cache_dtype, config);
  if (const LatentAttention* latent = latent_of(model)) serve_latent(*latent, platform, config);
  return config;
}

Tokens forced_latent_block(const Model& model, const Platform& platform, const AttentionConfig& config, Tokens block) {
  const LatentAttention* latent = latent_of(model);
  if (!latent) return block;
  const auto forced = [&](std::int64_t size) {
    const bool passes =
        vllm::in_force(kMultiplesPass, platform.as_of) ? block.count() % size == 0 : block.count() == size;
    return passes ? block : Tokens(size);
  };
  if (latent->sparse) return Tokens(64);
  const bool cutlass_without_saying = vllm::in_force(kBlackwell, platform.as_of) == Blackwell::kFlashInfer &&
                                      platform.capability / 10 == 10 && !config.backend;
  if (config.backend == Backend::kCutlassMla || cutlass_without_saying) return forced(128);
  if (config.backend == Backend::kFlashInferMla) return block == Tokens(32) ? block : forced(64);
  const bool flashmla = !config.backend || config.backend == Backend::kFlashMla;
  return flashmla && platform.capability / 10 == 9 ? forced(64) : block;
}

}  // namespace vram::memory
