#include "memory/hybrid_alignment.h"

#include <algorithm>
#include <numeric>

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// What the block of attention is a multiple of.
enum class Multiple {
  kSixteen,       // and nothing else
  kByHeads,       // 64 for MLA, 32 for FlashInfer's heads of 256 on the first Blackwell
  kByHeadsOn10x,  // the same on all data-centre Blackwells
  kLatentOnly,    // 64 for MLA, 16 for the rest
  kBackend,       // the first backend's smallest page
  kBackend128,    // at least 128 for MLA
  kAllBackends,   // and then rounded up to what every backend can split
};
constexpr Step<Multiple> kMultiple[] = {
    {{}, Multiple::kSixteen, "vllm v0.11.0 model_executor/models/config.py HybridAttentionMambaModelConfig"},
    {{2025, 11, 11}, Multiple::kByHeads, "~vllm v0.11.1, the same"},
    {{2026, 1, 13}, Multiple::kByHeadsOn10x, "~vllm v0.14.0, the same"},
    {{2026, 3, 9}, Multiple::kLatentOnly, "https://github.com/vllm-project/vllm/commit/77a73458e3"},
    {{2026, 4, 20}, Multiple::kBackend, "~vllm v0.20.0 vllm/platforms/interface.py _align_hybrid_block_size"},
    {{2026, 8, 3}, Multiple::kBackend128, "~vllm v0.27.0, the same"},
    {{2026, 10, 20}, Multiple::kAllBackends, "~vllm v0.32.0, the same"},
};

// Mode "all" first rounded blocks to the chunks of its kernels.
constexpr Step<bool> kChunks[] = {{{}, true, "vllm v0.31.0 vllm/platforms/interface.py _align_hybrid_block_size"},
                                  {{2026, 10, 20}, false, "~vllm v0.32.0, the same"}};

// Mode "align" rounds blocks to where states can be handed over.
constexpr Step<bool> kCheckpoints[] = {{{}, false, "vllm v0.32.0 vllm/platforms/interface.py _align_hybrid_block_size"},
                                       {{2026, 11, 5}, true, "~vllm v0.33.0, the same"}};
static_assert(well_formed(kMultiple) && well_formed(kChunks) && well_formed(kCheckpoints));

std::int64_t by_heads(const BlockQuestion& question, bool family) {
  const AttentionContext& context = question.context;
  if (question.latent) return question.settings.attention_backend == "CUTLASS_MLA" ? 128 : 64;
  const bool blackwell = family ? context.platform.capability / 10 == 10 : context.platform.capability == 100;
  const bool flashinfer =
      question.settings.attention_backend.empty() || question.settings.attention_backend == "FLASHINFER";
  return blackwell && flashinfer && context.head_size == 256 ? 32 : 16;
}

std::int64_t multiple(const BlockQuestion& question, Tokens block) {
  const Multiple rule = vllm::in_force(kMultiple, question.context.platform.as_of);
  switch (rule) {
    case Multiple::kSixteen:
      return 16;
    case Multiple::kByHeads:
    case Multiple::kByHeadsOn10x:
      return by_heads(question, rule == Multiple::kByHeadsOn10x);
    case Multiple::kLatentOnly:
      return question.latent ? 64 : 16;
    case Multiple::kBackend:
    case Multiple::kBackend128:
    case Multiple::kAllBackends:
      break;
  }
  const std::int64_t kernel =
      std::max(smallest_kernel_block(question.backends.front(), question.context), block.count());
  return question.latent && rule != Multiple::kBackend ? std::max<std::int64_t>(kernel, 128) : kernel;
}

std::int64_t rounded_to_all(const BlockQuestion& question, std::int64_t block) {
  if (vllm::in_force(kMultiple, question.context.platform.as_of) != Multiple::kAllBackends) return block;
  std::int64_t all = 1;
  for (const Backend backend : question.backends) all = std::lcm(all, smallest_kernel_block(backend, question.context));
  return round_up(block, all);
}

}  // namespace

void align_hybrid(const BlockQuestion& question, BlockSizes& sizes) {
  const vllm::Date day = question.context.platform.as_of;
  const std::string_view mode = mamba_cache_mode(question.settings, day);
  const RecurrentPages& recurrent = *question.recurrent;
  const Bytes token = question.pages.beside_states;
  if (recurrent.state == Bytes(0)) return;
  std::int64_t step = multiple(question, sizes.block);
  if (mode == "align" && vllm::in_force(kCheckpoints, day)) step = std::lcm(step, recurrent.checkpoint_alignment);

  std::int64_t block = 0;
  if (mode == "all" && vllm::in_force(kChunks, day)) {
    const auto& asked = question.settings.mamba_block_size;
    const std::int64_t chunk = std::lcm(asked ? asked->count() : recurrent.chunk, step);
    block = chunk * ceil_div(ceil_div(recurrent.state.count(), token.count()), chunk);
    sizes.mamba_block = Tokens(block);
  } else {
    block = rounded_to_all(question, step * ceil_div(recurrent.state.count(), (token * step).count()));
  }
  sizes.block = std::max(sizes.block, Tokens(block));
  if (mode == "align") sizes.mamba_block = sizes.block;
  const Bytes page = token * sizes.block.count();
  if (page != recurrent.state) sizes.mamba_page = page;
}

}  // namespace vram::memory
