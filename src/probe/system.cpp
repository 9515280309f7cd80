#include "probe/system.h"

#include <cstdlib>
#include <string_view>

namespace vram::probe {

System this_machine() {
  System system;
  // Under WSL the library stands outside the loader's path on some distributions.
  system.nvml = {"libnvidia-ml.so.1", "/usr/lib/wsl/lib/libnvidia-ml.so.1"};
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/bin:/bin";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0) system.program_folders.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  system.program_folders.emplace_back("/usr/lib/wsl/lib");
  return system;
}

}  // namespace vram::probe
