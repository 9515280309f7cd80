// The tables behind vllm/architecture_facts.h.
#pragma once

#include <span>

#include "vllm/architecture_facts.h"

namespace vram::vllm::architectures {

inline constexpr unsigned kDecoder = kGenerates | kPipeline;
inline constexpr unsigned kVlm = kGenerates | kMultimodal | kPipeline;

std::span<const ArchitectureFacts> text();
std::span<const ArchitectureFacts> multimodal();
std::span<const ArchitectureFacts> pooling();
std::span<const ArchitectureFacts> draft();

}  // namespace vram::vllm::architectures
