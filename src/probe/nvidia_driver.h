// What NVIDIA's driver says of its GPUs, by its library or by its program.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hardware/gpu.h"
#include "probe/system.h"

namespace vram::probe {

/// One GPU or one MIG slice, in the driver's words. Integrated parts have no memory of their own and give none.
struct DriverGpu {
  int index = 0;
  std::string name, uuid;
  std::optional<Bytes> total, free;
  std::optional<Bytes> reserved;  // kept by the driver and part of `total`; known from NVML's second memory call on
  hardware::Capability capability;
  std::optional<int> multiprocessors;
  bool mig = false;
};

struct Answered {
  std::vector<DriverGpu> gpus;
  std::vector<std::string> warnings;
};
struct Absent {
  std::string why;  // empty: nothing of the kind is installed
};
struct Failed {
  std::string sentence;
  bool hung = false;
};
using DriverAnswer = std::variant<Answered, Absent, Failed>;

/// NVML, opened at run time. MIG slices stand in place of the GPU that is cut into them. Symbols that newer drivers
/// brought are used where they are there.
///   source  NVML API reference, https://docs.nvidia.com/deploy/nvml-api/
DriverAnswer ask_nvml(const System& system);

/// nvidia-smi --query-gpu, for machines where only the program is at hand. It knows no slices and no reserve.
DriverAnswer ask_nvidia_smi(const System& system);

/// Its lines: index, name, total and free MiB, capability, uuid. One with fewer than six fields, or with an index that
/// is no number, is left out with a warning; a capability that cannot be read is 0.0.
///   source  ImageWorks, vram_estimator, GPU detection
Answered read_nvidia_smi(std::string_view output);

}  // namespace vram::probe
