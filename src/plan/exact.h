// What vLLM derives without touching a GPU: arguments, weights on each rank, layer caches.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "memory/kv_plan.h"
#include "memory/lora.h"
#include "plan/deployment.h"

namespace vram::plan {

struct Exact {
  Deployment deployment;
  Model model;
  std::optional<Model> draft;
  std::vector<memory::Stage> stages;
  std::vector<memory::Weights> weights;          // a stage, without the draft
  std::vector<memory::Weights> quantised;        // the same once vLLM has quantised them; empty when it does not
  std::optional<memory::Weights> draft_weights;  // on the last stage, less what it shares with the target
  std::vector<Bytes> lora_slots;                 // a stage; empty without --enable-lora
  std::vector<memory::KvSpecs> caches;           // a stage
};

/// The machine and the moment of a deployment.
memory::Platform platform_of(const Deployment& deployment);

/// errors  kRefused with vLLM's words, kUnsupported, kBadInput
Result<Exact> derive(const ModelSource& source, Deployment deployment);

/// The KV plan for `available` bytes a stage.
memory::KvPlan plan_kv(const Exact& exact, std::span<const Bytes> available);

}  // namespace vram::plan
