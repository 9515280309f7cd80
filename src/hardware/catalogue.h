// The GPUs people serve on: data/gpus, a file a card, compiled in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardware/gpu.h"
#include "units/result.h"

namespace vram::hardware {

/// One file of data/gpus; data/gpus/README.md describes its keys.
struct Record {
  Gpu gpu;
  std::vector<std::string> driver_names;  // the first is gpu.driver_name
  std::vector<std::string> aliases;
  std::vector<int> marketed_gb;          // the first is the one in gpu.name
  Bytes lowest, highest;                 // totals that drivers of different age report
  bool measured = false;                 // else the total is estimated from the driver's figure
  std::vector<std::string> pci_devices;  // "0x74a1"
  std::vector<std::string> sources;
};

///   errors  kBadInput with the file and the key: one that is missing, mistyped or not in the closed set
Result<Record> read_record(std::string_view id, std::string_view text);

/// Every record, by id; read at the first call.
const std::vector<Record>& catalogue();

struct GpuChoice {
  Gpu gpu;
  int count = 1;
};

/// The GPU that `text` names and how many of it, as people and drivers write them.
///
///   errors  kNotFound, with the nearest name, for one that the catalogue has not, and for a size that the card has
///           not; kBadInput, with the candidates, for the name of several ("A100"), and for a count outside 1 to 1024
Result<GpuChoice> find_gpu(std::string_view text, std::string_view place = "--gpu");

/// What the catalogue knows of a GPU that a driver calls `driver_name` and gives `driver_total`; nothing when no card
/// of that name has about that size.
std::optional<Record> known_as(std::string_view driver_name, Bytes driver_total);
/// The same by PCI device, "0x74a1"; how much of the host's memory an APU has is a setting and tells nothing.
std::optional<Record> known_as_device(std::string_view pci_device, Bytes driver_total);

}  // namespace vram::hardware
