// Which attention backend vLLM takes for a layer, or the sentence with which it finds none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "memory/attention_backends.h"
#include "units/result.h"

namespace vram::memory {

enum class AttentionType : std::uint8_t { kDecoder, kEncoder, kEncoderOnly, kEncoderDecoder };

/// One layer, as vLLM's AttentionSelectorConfig states it.
struct AttentionNeeds {
  std::int64_t head_size = 0;
  std::string_view cache_dtype = "auto";
  std::optional<Tokens> block_size;  // --block-size
  bool sinks = false;
  bool sliding_window = false;
  bool multimodal_prefix = false;  // bidirectional attention over images
  bool per_head_scales = false;    // the checkpoint's cache has a scale a head
  AttentionType type = AttentionType::kDecoder;

  /// MLA's widths; backends are particular about them.
  struct Latent {
    std::int64_t latent = 0, rope = 0, nope = 0, value = 0;
    bool sparse = false;
    std::int64_t index_topk = 0;
  };
  std::optional<Latent> latent;
};

/// The backend for a layer. `wanted` is --attention-backend or what vLLM's configuration put in its place.
///
///   errors  kRefused with vLLM's words: none takes the layer, or the wanted one does not
///   source  vllm/platforms/cuda.py, get_attn_backend_cls
Result<AttentionBackend> select_backend(const AttentionNeeds& needs, const AttentionContext& context,
                                        const std::optional<AttentionBackend>& wanted);

}  // namespace vram::memory
