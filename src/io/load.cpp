#include "io/load.h"

#include <filesystem>

#include "io/files.h"
#include "readers/catalogue.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostConfig(4 * kMiB);
constexpr std::string_view kCatalogue = "catalog:";

Result<std::shared_ptr<const ModelSource>> shared(Result<ModelSource> source) {
  if (!source) return source.error();
  return std::make_shared<const ModelSource>(*std::move(source));
}

Result<ModelSource> read_folder(const fs::path& folder) {
  const std::string config = (folder / "config.json").string();
  auto text = read_file(config, kMostConfig);
  if (!text) return text.error();
  return read_config_json(*text, folder.string(), config);
}

}  // namespace

Result<std::shared_ptr<const ModelSource>> load(const std::string& typed) {
  if (typed.starts_with(kCatalogue)) return shared(catalogue_model(std::string_view(typed).substr(kCatalogue.size())));
  std::error_code ignored;
  const fs::path path(typed);
  if (fs::is_directory(path, ignored)) return shared(read_folder(path));
  if (!fs::exists(path, ignored)) return shared(catalogue_model(typed));
  const std::string extension = path.extension().string();
  if (extension == ".gguf" || extension == ".safetensors" || extension == ".bin")
    return Error{ErrorCode::kUnsupported, typed, "files of weights are not read yet",
                 "give the folder, for its config.json"};
  auto text = read_file(typed, kMostConfig);
  if (!text) return text.error();
  return shared(read_config_json(*text, typed, typed));
}

}  // namespace vram::io
