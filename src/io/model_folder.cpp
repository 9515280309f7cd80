#include "io/model_folder.h"

#include <filesystem>

#include "io/files.h"

namespace vram::io {

Result<ModelFiles> read_model_folder(const std::string& folder) {
  constexpr Bytes kMostFile(4 * kMiB);
  ModelFiles files;
  for (const std::string_view name : kModelFiles) {
    const std::string path = folder + '/' + std::string(name);
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) continue;
    auto text = read_file(path, kMostFile);
    if (!text) return text.error();
    files.emplace(name, *std::move(text));
  }
  return files;
}

}  // namespace vram::io
