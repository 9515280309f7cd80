#include "memory/recurrent_state.h"

#include "units/match.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;
using vllm::Step;

// Which convolutions keep the rows of draft tokens too, so that a rejected one can be undone.
struct DraftRows {
  bool mamba2 = false, kda = false, short_conv = false;
};
constexpr Step<DraftRows> kDraftRows[] = {
    {{}, {}, "vllm v0.16.0 model_executor/layers/mamba/mamba_utils.py"},
    {{2026, 3, 4}, {.mamba2 = true}, "~vllm v0.17.0, the same"},
    {{2026, 8, 3}, {.mamba2 = true, .kda = true}, "~vllm v0.27.0, the same"},
    {{2026, 8, 31}, {.mamba2 = true, .kda = true, .short_conv = true}, "~vllm v0.29.0, the same"},
};

// Gated delta nets first kept both parts in one dtype.
constexpr Step<bool> kGatedDeltaOwnDtype[] = {
    {{}, false, "vllm v0.16.0 mamba_utils.py gated_delta_net_state_dtype"},
    {{2026, 3, 4}, true, "~vllm v0.17.0, the same"},
};

// Which classes hand over states from the middle of a prompt.
struct Exports {
  bool kda = false, kda_aligned = false, mamba2 = false, gated_delta = false;
};
constexpr Step<Exports> kExports[] = {
    {{}, {}, "vllm v0.28.0 model_executor/layers/mamba"},
    {{2026, 8, 31}, {.kda = true}, "~vllm v0.29.0 models/kimi_k3/nvidia/kda.py get_kv_cache_spec"},
    {{2026, 9, 14}, {.kda = true, .kda_aligned = true}, "~vllm v0.30.0, the same"},
    {{2026, 10, 20},
     {.kda = true, .kda_aligned = true, .mamba2 = true},
     "~vllm v0.32.0 model_executor/layers/mamba/mamba_mixer2.py get_kv_cache_spec"},
    {{2026, 11, 5},
     {.kda = true, .kda_aligned = true, .mamba2 = true, .gated_delta = true},
     "~vllm v0.33.0 model_executor/layers/mamba/gdn/qwen_gdn_linear_attn.py get_kv_cache_spec"},
};

// The chunks in which FlashKDA and FlashInfer's gated delta kernels run through a prompt.
constexpr std::int64_t kFlashKdaChunk = 16;
constexpr std::int64_t kFlashInferGatedDeltaChunk = 64;
static_assert(well_formed(kDraftRows) && well_formed(kGatedDeltaOwnDtype) && well_formed(kExports));

class Reader {
 public:
  Reader(std::int64_t tensor_ranks, const Platform& platform, const KvShape& settings)
      : ranks_(tensor_ranks),
        platform_(platform),
        settings_(settings),
        rows_(vllm::in_force(kDraftRows, platform.as_of)),
        exports_(vllm::in_force(kExports, platform.as_of)),
        conv_(settings.mamba_conv_dtype.value_or(settings.model_dtype)) {}

  RecurrentState operator()(const Mamba1State& m) const {
    const std::int64_t channels = m.intermediate / ranks_;
    return {Backend::kMamba1,
            convolution(channels, m.kernel, false) + matrices(channels, m.state, 1, state_dtype({})),
            false,
            {}};
  }

  RecurrentState operator()(const Mamba2State& m) const {
    // Groups that cannot be dealt out evenly are repeated, one a rank.
    const std::int64_t groups = m.groups % ranks_ == 0 ? m.groups : ranks_;
    const std::int64_t channels = (m.intermediate + 2 * groups * m.state) / ranks_;
    RecurrentState state{Backend::kMamba2,
                         convolution(channels, m.kernel, rows_.mamba2) +
                             matrices(m.heads / ranks_, m.head_width, m.state, state_dtype(m.state_dtype)),
                         false,
                         {}};
    if (exports_.mamba2) state.checkpoints = StateCheckpoints{};
    return state;
  }

  RecurrentState operator()(const GatedDeltaState& g) const {
    const std::int64_t channels = (2 * g.key_heads * g.key_width + g.value_heads * g.value_width) / ranks_;
    const bool own = vllm::in_force(kGatedDeltaOwnDtype, platform_.as_of);
    const Dtype dtype = own ? state_dtype(g.state_dtype) : conv_;
    RecurrentState state{
        Backend::kGatedDelta,
        convolution(channels, g.kernel, true) + matrices(g.value_heads / ranks_, g.value_width, g.key_width, dtype),
        false,
        {}};
    const bool qwen = g.implementation == GatedDeltaState::Class::kQwen;
    if (qwen && exports_.gated_delta && settings_.mamba_cache_mode == "align" && flashinfer_prefills(g))
      state.checkpoints = StateCheckpoints{kFlashInferGatedDeltaChunk, true};
    return state;
  }

  RecurrentState operator()(const KdaState& k) const {
    const bool any_dtype =
        k.implementation == KdaState::Class::kKimiK3 || k.implementation == KdaState::Class::kGlm5Next;
    const Dtype dtype = any_dtype ? settings_.mamba_state_dtype.value_or(Dtype::kFloat32) : Dtype::kFloat32;
    RecurrentState state{k.implementation == KdaState::Class::kKimiK3 ? Backend::kKimiK3Kda : Backend::kGatedDelta,
                         convolution(3 * k.heads * k.head_width / ranks_, k.kernel, rows_.kda) +
                             matrices(k.heads / ranks_, k.head_width, k.head_width, dtype),
                         false,
                         {}};
    if (any_dtype && exports_.kda && flashkda_prefills(k, dtype))
      state.checkpoints = StateCheckpoints{exports_.kda_aligned ? kFlashKdaChunk : 1, false};
    return state;
  }

  RecurrentState operator()(const LinearAttentionState& l) const {
    return {Backend::kLinear, matrices(l.heads / ranks_, l.head_width, l.head_width, conv_), false, {}};
  }

  RecurrentState operator()(const ShortConvState& s) const {
    const std::int64_t channels = s.whole ? s.width : s.width / ranks_;
    return {Backend::kShortConv, convolution(channels, s.kernel, rows_.short_conv), s.whole, {}};
  }

 private:
  [[nodiscard]] Bytes convolution(std::int64_t channels, std::int64_t kernel, bool drafts) const {
    return Bytes(width(conv_)) * channels * (kernel - 1 + (drafts ? settings_.speculative_tokens : 0));
  }

  static Bytes matrices(std::int64_t count, std::int64_t rows, std::int64_t columns, Dtype dtype) {
    return Bytes(width(dtype)) * count * rows * columns;
  }

  [[nodiscard]] Dtype state_dtype(const std::optional<Dtype>& own) const {
    if (settings_.mamba_state_dtype) return *settings_.mamba_state_dtype;
    return own.value_or(conv_);
  }

  ///   source  vllm v0.33.0 qwen_gdn_linear_attn.py, _resolve_gdn_prefill_backend; wheels are of CUDA 13
  [[nodiscard]] bool flashinfer_prefills(const GatedDeltaState& g) const {
    if (platform_.capability == 90) return true;
    return (platform_.capability / 10 == 10 || platform_.capability / 10 == 12) && g.key_width == 128;
  }

  ///   source  vllm v0.33.0 models/kimi_k3/nvidia/kda.py, resolve_kda_prefill_backend
  [[nodiscard]] bool flashkda_prefills(const KdaState& k, Dtype dtype) const {
    const int major = platform_.capability / 10;
    return (major == 9 || major == 10 || major == 12) && k.head_width == 128 && k.bounded_gate &&
           settings_.model_dtype == Dtype::kBfloat16 && (dtype == Dtype::kBfloat16 || dtype == Dtype::kFloat32);
  }

  std::int64_t ranks_;
  const Platform& platform_;
  const KvShape& settings_;
  DraftRows rows_;
  Exports exports_;
  Dtype conv_;
};

}  // namespace

std::optional<RecurrentState> recurrent_state(const LayerCache& cache, std::int64_t tensor_ranks,
                                              const Platform& platform, const KvShape& settings) {
  const Reader reader(tensor_ranks, platform, settings);
  return std::visit(
      [&](const auto& kind) -> std::optional<RecurrentState> {
        if constexpr (requires { reader(kind); })
          return reader(kind);
        else
          return std::nullopt;
      },
      cache);
}

}  // namespace vram::memory
