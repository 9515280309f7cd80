// The machine as a probe may see it. Tests hand in a recorded tree, a stub driver library and a stub program.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace vram::probe {

struct System {
  std::filesystem::path root = "/";  // above proc and sys
  std::vector<std::string> nvml;     // names or paths of NVIDIA's library, the first that opens is used
  std::vector<std::filesystem::path> program_folders;  // where nvidia-smi is looked for
  std::chrono::milliseconds limit{5000};               // for a driver to answer
};

/// This machine: its library and the folders of PATH.
System this_machine();

}  // namespace vram::probe
