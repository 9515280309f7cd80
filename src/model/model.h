// A model as vLLM would build it, before it is placed on any GPU. Every reader and every architecture ends here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/layer_cache.h"
#include "model/module.h"

namespace vram {

/// One decoder layer; equal layers are stored once.
struct Layer {
  std::vector<Module> modules;
  std::vector<CacheLayer> caches;
  friend bool operator==(const Layer&, const Layer&) = default;
};

/// Modules outside the stack of decoder layers.
struct Part {
  enum class Place { kFirstStage, kLastStage, kFirstAndLastStage, kEveryStage };
  enum class Role { kText, kVision, kImages, kChunks, kAudio };  // kVision: images and video
  std::string name;                                              // "embedding", "vision tower"
  std::string prefix;                                            // of its modules' names: "model", or empty
  Place place = Place::kEveryStage;
  Role role = Role::kText;        // towers may be left out or replicated by vLLM's arguments
  std::int64_t repeat = 1;        // the layers of a tower are alike
  bool skippable = true;          // false: created though its modalities are limited to none
  bool whole_with_data = false;   // every rank holds all of it with mm_encoder_tp_mode "data"
  std::int64_t whole_unless = 0;  // and where the ranks do not divide so many heads; 0: never for that
  std::vector<Module> modules;
};

struct Model {
  std::string name;
  std::string architecture;
  std::string language_class;  // of the language model inside: the architecture itself where the model is one
  Dtype dtype = Dtype::kBfloat16;

  std::vector<Layer> kinds;  // distinct decoder layers
  std::vector<int> layers;   // index into kinds, in order: what pipeline parallelism splits
  std::string layer_prefix;  // "model.layers"
  std::vector<Part> parts;

  std::int64_t attention_heads = 0;  // must divide by tp
  std::int64_t kv_heads = 0;         // model-wide, as vLLM's model config counts them
  std::int64_t head_width = 0;       // the widest layer's, as vLLM's model config counts it
  std::int64_t hidden = 0;
  std::int64_t vocabulary = 0;
  bool latent_attention = false;  // MLA
  bool recurrent = false;         // has layers with a fixed-size state: vLLM's "hybrid" or attention-free
  bool pipeline_parallel = true;  // the model class implements SupportsPP
  bool logit_softcap = false;     // attn_logit_softcapping: FlashAttention picks another kernel
};

}  // namespace vram
