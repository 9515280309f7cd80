// NVIDIA: the driver's library, else its program, else the device tree of a Jetson, which may have neither.
#include <algorithm>
#include <string_view>
#include <utility>

#include "hardware/catalogue.h"
#include "probe/host.h"
#include "probe/nvidia_driver.h"
#include "probe/vendors.h"
#include "units/match.h"

namespace vram::probe::vendors {
namespace {

using hardware::Gpu;
using hardware::MemoryKind;
using hardware::Record;

/// What CUDA gives out of what the driver reports: the driver's own reserve is not in it.
///   source  nvidia-smi -q on idle cards: an H100 has 81559 MiB, 480 of them reserved, and CUDA prints 81079
Bytes cuda_total(const DriverGpu& seen, Bytes driver_total, const std::optional<Record>& known) {
  Bytes total = driver_total;
  if (seen.reserved && *seen.reserved < driver_total)
    total -= *seen.reserved;
  else if (known && !seen.reserved)
    total -= known->gpu.driver_total - known->gpu.total;
  return std::max(total, std::min(seen.free.value_or(Bytes(0)), driver_total));
}

/// One memory for host and GPU. CUDA's total is the host's, but for what firmware and kernel keep back before the host
/// counts: where the host's is a little outside of what start-ups on that board printed, their figure holds. Free is
/// what the host has available.
///   source  vllm/utils/mem_utils.py, MemorySnapshot.measure
void share_host_memory(const HostMemory& host, const std::optional<Record>& known, Gpu& gpu) {
  gpu.memory = MemoryKind::kUnified;
  gpu.total = host.total;
  if (known && known->measured && (host.total < known->lowest || host.total > known->highest))
    gpu.total = known->gpu.total;
  gpu.driver_total = gpu.total;
  gpu.free = std::min(host.available, gpu.total);
}

/// The GPU in the catalogue's words where it knows it, and with the driver's figures; nothing when nobody knows how
/// much memory it has.
std::optional<Gpu> described(const DriverGpu& seen, const std::optional<HostMemory>& host) {
  const std::optional<Bytes> size = seen.total ? seen.total : host ? std::optional(host->total) : std::nullopt;
  if (!size) return std::nullopt;
  const std::optional<Record> known = seen.mig ? std::nullopt : hardware::known_as(seen.name, *size);
  Gpu gpu = known ? known->gpu : Gpu{};
  if (!known) gpu.name = seen.name;
  gpu.vendor = hardware::Vendor::kNvidia;
  gpu.driver_name = seen.name;
  gpu.capability = seen.capability;
  gpu.index = seen.index;
  gpu.uuid = seen.uuid;
  gpu.mig = seen.mig;
  if (seen.multiprocessors) gpu.multiprocessors = seen.multiprocessors;
  const bool unified = !seen.total || gpu.memory == MemoryKind::kUnified;
  if (unified && host) {
    share_host_memory(*host, known, gpu);
  } else if (seen.total) {
    gpu.driver_total = *seen.total;
    gpu.total = cuda_total(seen, *seen.total, known);
    gpu.free = seen.free;
  } else {
    return std::nullopt;
  }
  return gpu;
}

Detection described(Answered answer, const System& system) {
  Detection detection;
  detection.warnings = std::move(answer.warnings);
  const std::optional<HostMemory> host = host_memory(system.root);
  for (const DriverGpu& seen : answer.gpus) {
    if (auto gpu = described(seen, host))
      detection.gpus.push_back(*std::move(gpu));
    else
      detection.warnings.push_back("GPU " + std::to_string(seen.index) + ", " + seen.name +
                                   ", is left out: its driver does not say how much memory it has");
  }
  return detection;
}

/// A Jetson whose driver answers neither way still says what board it is.
std::optional<Answered> from_device_tree(const System& system) {
  struct Family {
    std::string_view word, name;  // in the board's name; what CUDA calls the GPU
    hardware::Capability capability;
  };
  static constexpr Family kFamilies[] = {
      {"Orin", "Orin", {8, 7}}, {"Thor", "NVIDIA Thor", {11, 0}}, {"Xavier", "Xavier", {7, 2}}};
  const auto model = read_small(system.root / "proc/device-tree/model");
  if (!model || model->find("Jetson") == std::string::npos) return std::nullopt;
  for (const Family& family : kFamilies) {
    if (model->find(family.word) == std::string::npos) continue;
    DriverGpu gpu;
    gpu.name = family.name;
    gpu.capability = family.capability;
    return Answered{{std::move(gpu)}, {}};
  }
  return std::nullopt;
}

/// No driver, as far as one can tell; `why` says what is left of one.
Result<Detection> none(const System& system, const std::string& why) {
  if (auto board = from_device_tree(system)) return described(*std::move(board), system);
  Detection detection;
  if (!why.empty()) detection.warnings.push_back(why);
  return detection;
}

Result<Detection> detect(const System& system) {
  const auto unavailable = [](std::string sentence) {
    return Error{ErrorCode::kUnavailable, "", std::move(sentence), "name the GPU with --gpu"};
  };
  DriverAnswer by_library = ask_nvml(system);
  if (auto* answer = std::get_if<Answered>(&by_library)) return described(std::move(*answer), system);
  const auto* failed = std::get_if<Failed>(&by_library);
  // The program asks the same driver and would hang as well.
  if (failed && failed->hung) return unavailable(failed->sentence);
  const std::string why = failed ? failed->sentence : std::get_if<Absent>(&by_library)->why;

  const auto answered = [&](Answered answer) -> Result<Detection> {
    if (!why.empty()) answer.warnings.insert(answer.warnings.begin(), why);
    return described(std::move(answer), system);
  };
  const auto absent = [&](const Absent&) -> Result<Detection> {
    if (failed) return unavailable(failed->sentence);
    return none(system, why);
  };
  const auto program_failed = [&](const Failed& program) -> Result<Detection> {
    if (auto board = from_device_tree(system)) return described(*std::move(board), system);
    return unavailable(why.empty() ? program.sentence : program.sentence + "; " + why);
  };
  return match(ask_nvidia_smi(system), answered, absent, program_failed);
}

}  // namespace

extern const Entry nvidia;
const Entry nvidia{detect};

}  // namespace vram::probe::vendors
