// What vLLM derives without touching a GPU: arguments, weights on each rank, layer caches.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "memory/activations.h"
#include "memory/kv_plan.h"
#include "memory/loading.h"
#include "memory/lora.h"
#include "memory/overheads.h"
#include "plan/deployment.h"
#include "plan/recent.h"

namespace vram::plan {

/// The model and its draft as vLLM would build them.
struct Built {
  Model model;
  std::optional<Model> draft;
  Tokens max_model_len;    // that it was built for, where that matters
  Tokens encoder_input;    // the longest; 0 without an encoder
  bool recurrent = false;  // a layer of the model or its draft keeps a state
};

/// Where its tensors are, a stage.
struct Placed {
  std::vector<memory::Stage> stages;
  std::int64_t elements = 0;                     // parameters of the whole model; 0 where it does not fit one rank
  std::vector<memory::Weights> weights;          // without the draft
  std::vector<memory::Weights> quantised;        // the same once vLLM has quantised them; empty when it does not
  std::optional<memory::Weights> draft_weights;  // on the last stage, less what it shares with the target
  std::vector<Bytes> lora_slots;                 // empty without --enable-lora
  std::vector<Bytes> offloaded;                  // to the host: --cpu-offload-gb
  std::vector<Bytes> loading;                    // through torch's allocator, without the draft and adapters
  std::vector<memory::Breakdown> roles;          // the weights by what they do
  memory::ActivationShape activations;
};

/// Its layers' memory: what vLLM knows before it knows how much there is.
struct Caches {
  std::vector<memory::KvSpecs> specs;  // a stage
  memory::KvGrouping grouping;
};

/// The parts are immutable and may be shared by many deployments.
struct Exact {
  Deployment deployment;
  std::shared_ptr<const Built> built;
  std::shared_ptr<const Placed> placed;
  std::shared_ptr<const Caches> caches;

  std::shared_ptr<const memory::Overheads> overheads;  // empty: those that are compiled in

  [[nodiscard]] const memory::Overheads& measured() const {
    return overheads ? *overheads : memory::built_in_overheads();
  }
  [[nodiscard]] const Model& model() const { return built->model; }
  [[nodiscard]] const std::vector<memory::Stage>& stages() const { return placed->stages; }
};

/// The machine and the moment of a deployment.
memory::Platform platform_of(const Deployment& deployment);

/// Derives, and keeps the last few of each part for the next deployment that agrees in all that decides it. One for a
/// thread; what it hands out, any thread may read.
class Deriver {
 public:
  /// `most`: values of each part that are kept.
  explicit Deriver(std::size_t most = 8) : built_(most), placed_(most), caches_(most) {}

  /// errors  kRefused with vLLM's words, kUnsupported, kBadInput
  Result<Exact> derive(std::shared_ptr<const ModelSource> source, Deployment deployment);

 private:
  struct BuiltKey {
    std::shared_ptr<const ModelSource> source;
    std::optional<DraftSource> draft;
    arch::BuildOptions options;
  };
  struct PlacedKey {
    std::shared_ptr<const Built> built;
    memory::Parallel parallel;
    memory::Platform platform;
    memory::Towers towers;
    std::optional<Deployment::Lora> lora;
    Bytes cpu_offload;
    friend bool operator==(const PlacedKey&, const PlacedKey&) = default;
  };
  struct CachesKey {
    std::shared_ptr<const Placed> placed;
    memory::Platform platform;
    memory::KvShape shape;
    Tokens max_model_len;
    friend bool operator==(const CachesKey&, const CachesKey&) = default;
  };

  Result<std::shared_ptr<const Built>> built(const Deployment& deployment);
  Result<std::shared_ptr<const Placed>> placed(const Deployment& deployment, const std::shared_ptr<const Built>& built);
  Result<std::shared_ptr<const Caches>> caches(const Deployment& deployment, const Built& built,
                                               const std::shared_ptr<const Placed>& placed);

  Recent<BuiltKey, Built> built_;
  Recent<PlacedKey, Placed> placed_;
  Recent<CachesKey, Caches> caches_;
};

/// One deployment's alone.
Result<Exact> derive(const ModelSource& source, Deployment deployment);

/// The KV plan for `available` bytes a stage.
memory::KvPlan plan_kv(const Exact& exact, std::span<const Bytes> available);

}  // namespace vram::plan
