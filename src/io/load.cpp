#include "io/load.h"

#include <filesystem>

#include "io/checkpoint_files.h"
#include "io/files.h"
#include "readers/catalogue.h"
#include "readers/model_files.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostConfig(4 * kMiB);
constexpr std::string_view kCatalogue = "catalog:";

Result<std::shared_ptr<const ModelSource>> shared(Result<ModelSource> source) {
  if (!source) return source.error();
  return std::make_shared<const ModelSource>(*std::move(source));
}

/// The small files of a folder.
Result<ModelFiles> read_small_files(const fs::path& folder) {
  ModelFiles files;
  for (const std::string_view name : kModelFiles) {
    std::error_code ignored;
    const fs::path path = folder / name;
    if (!fs::exists(path, ignored)) continue;
    auto text = read_file(path.string(), kMostConfig);
    if (!text) return text.error();
    files.emplace(name, *std::move(text));
  }
  return files;
}

Result<ModelSource> read_folder(const fs::path& folder) {
  const auto files = read_small_files(folder);
  if (!files) return files.error();
  auto source = read_model_files(*files, folder.string(), folder.string());
  if (!source) return source;
  auto weights = read_checkpoint(folder.string());
  if (!weights) return weights.error();
  source->weights = *std::move(weights);
  return source;
}

/// A file of weights with the config.json beside it.
Result<ModelSource> read_weights_file(const fs::path& file) {
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const auto files = read_small_files(folder);
  if (!files) return files.error();
  auto source = read_model_files(*files, file.string(), folder.string());
  if (!source) return source;
  auto weights = read_checkpoint_file(file.string());
  if (!weights) return weights.error();
  source->weights = *std::move(weights);
  return source;
}

}  // namespace

Result<std::shared_ptr<const ModelSource>> load(const std::string& typed) {
  if (typed.starts_with(kCatalogue)) return shared(catalogue_model(std::string_view(typed).substr(kCatalogue.size())));
  std::error_code ignored;
  const fs::path path(typed);
  if (fs::is_directory(path, ignored)) return shared(read_folder(path));
  if (!fs::exists(path, ignored)) return shared(catalogue_model(typed));
  const std::string extension = path.extension().string();
  if (extension == ".safetensors") return shared(read_weights_file(path));
  if (extension == ".gguf")
    return Error{ErrorCode::kUnsupported, typed, "what vLLM makes of a GGUF file is not modelled",
                 "`vram-estimator estimate " + typed + "` says what llama.cpp makes of it"};
  if (extension == ".bin")
    return Error{ErrorCode::kUnsupported, typed, "a file of PyTorch says nothing about the model",
                 "give the folder, for its config.json"};
  auto text = read_file(typed, kMostConfig);
  if (!text) return text.error();
  return shared(read_config_json(*text, typed, typed));
}

}  // namespace vram::io
