// A GGUF file as llama.cpp sees it: what each layer remembers and weighs, and what the rest weighs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "readers/gguf.h"
#include "units/quantity.h"
#include "units/result.h"

namespace vram::llamacpp {

/// What a layer keeps a token, in elements. Of a latent layer (MLA) there is no value.
struct Attention {
  std::int64_t key_width = 0, value_width = 0;
  bool window = false;  // keeps the window's tokens only
};

/// What a layer keeps a sequence, in elements of 32 bits: the convolution's last inputs, and the state.
struct State {
  std::int64_t convolution = 0, state = 0;
};

struct Layer {
  std::optional<Attention> attention;
  std::optional<State> state;
  Bytes weights;  // as a CUDA buffer keeps them
  Bytes experts;  // of them, those of experts
};

/// Widths of the activations, in elements a token.
struct Widths {
  std::int64_t embedding = 0, queries = 0, keys = 0;
  std::int64_t feed_forward = 0;  // of a layer without experts
  std::int64_t experts = 0;       // of all experts a token goes to
  std::int64_t experts_used = 0;
  std::int64_t recurrent = 0;      // what a recurrent layer's first projection makes
  std::int64_t convolution = 0;    // what its convolution runs over
  std::int64_t inner = 0;          // its width behind that
  std::int64_t latent_values = 0;  // of all heads, where they are read from a latent row
  std::int64_t heads = 0;
};

struct Model {
  std::string name, architecture, type;  // type: the one that most of the weights have
  std::int64_t parameters = 0;
  Tokens trained_context;
  std::int64_t vocabulary = 0;
  std::vector<Layer> layers;
  std::int64_t predicting = 0;  // layers at the end that predict further tokens: neither loaded nor run
  Tokens window;                // of the layers that have one; 0 where none has
  Bytes input;                  // embeddings: they stay with the host
  Bytes output;                 // final norm and head, tied embeddings a second time
  Widths widths;
};

///   errors  kBadInput where a key is missing or contradicts the tensors; kUnsupported for a cache that is not modelled
///   source  llama.cpp 0c1e57098b (2026-10-01): src/llama-model.cpp, src/llama-hparams.cpp, src/models
Result<Model> describe(const gguf::File& file, const std::string& name);

/// Weights of a vision tower and its projector, a file of its own: "clip".
Result<Bytes> projector_weights(const gguf::File& file, const std::string& name);

/// Bytes that a CUDA buffer gives a tensor: rows of quantised ones are made longer for the kernels, and each begins at
/// a multiple of 128.
///   source  the same, ggml/src/ggml-cuda/ggml-cuda.cu: get_alloc_size, get_alignment
Bytes on_cuda(const gguf::Type& type, std::int64_t row, std::int64_t rows);

}  // namespace vram::llamacpp
