// A GPU as vLLM sees it: values only, from the catalogue or from the machine.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "units/quantity.h"

namespace vram::hardware {

enum class Vendor { kNvidia, kAmd, kIntel };

/// Whose memory it is decides what "free" means.
enum class MemoryKind {
  kDiscrete,  // the GPU's own
  kCoherent,  // the GPU's own, the host's within reach of it (GH200, GB200): free is still the driver's figure
  kUnified,   // one memory for host and GPU (GB10, Jetson, Strix Halo): free is what the host has available
};

/// How the GPUs of one machine usually talk to each other.
enum class Link { kNone, kPcie, kNvlink, kInfinityFabric, kXeLink };

/// CUDA's compute capability; HIP gives the gfx target in the same two numbers (gfx942: 9.4). 0.0 when unknown.
struct Capability {
  int major = 0, minor = 0;
  friend constexpr auto operator<=>(const Capability&, const Capability&) = default;
  [[nodiscard]] std::string text() const { return std::to_string(major) + '.' + std::to_string(minor); }
};

struct Gpu {
  std::string id;           // the catalogue's name, "RTX-4090"; empty when the catalogue has no such card
  std::string name;         // as people write it, "RTX 4090 24 GB"
  std::string driver_name;  // as the driver and torch call it: vLLM's defaults look for words in it
  Vendor vendor = Vendor::kNvidia;
  Bytes total;                // what CUDA or HIP gives out: gpu_memory_utilization is a share of this
  Bytes driver_total;         // what NVML and nvidia-smi print; larger by what the driver keeps for itself
  std::optional<Bytes> free;  // only of a GPU found in this machine
  Capability capability;
  std::string architecture;  // AMD's gfx target, "gfx942"; empty elsewhere
  MemoryKind memory = MemoryKind::kDiscrete;
  std::optional<std::int64_t> bandwidth;  // bytes a second
  std::optional<int> multiprocessors;     // SMs, or AMD's compute units
  Link link = Link::kNone;
  int per_node = 1;          // GPUs of a usual machine
  std::optional<int> year;   // of release
  std::optional<int> index;  // the driver's, of a GPU found in this machine
  std::string uuid;
  bool mig = false;  // a slice of a GPU: its figures are the slice's
};

/// What the existing tool lets a model use of the GPUs it finds: their totals, as nvidia-smi prints them, less 2 GiB a
/// GPU.
///   source  ImageWorks, vram_estimator, GPU detection
constexpr Bytes usable_vram(std::span<const Gpu> gpus) {
  Bytes usable;
  for (const Gpu& gpu : gpus) usable += gpu.driver_total - Bytes(2048 * kMiB);
  return usable;
}

std::string_view word(Vendor vendor);      // "nvidia", as the data files have it
std::string_view word(MemoryKind memory);  // "unified"
std::string_view word(Link link);          // "nvlink"

}  // namespace vram::hardware
