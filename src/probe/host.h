// Small files of the kernel: /proc and /sys below the System's root.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "units/quantity.h"

namespace vram::probe {

/// The first 64 KiB of a file, without blanks at its ends; nothing when it cannot be read.
std::optional<std::string> read_small(const std::filesystem::path& path);
/// A file that holds one whole number.
std::optional<std::int64_t> read_number_in(const std::filesystem::path& path);

struct HostMemory {
  Bytes total, available;
};
/// MemTotal and MemAvailable of /proc/meminfo.
std::optional<HostMemory> host_memory(const std::filesystem::path& root);

}  // namespace vram::probe
