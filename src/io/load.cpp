#include "io/load.h"

#include <algorithm>
#include <filesystem>

#include "io/checkpoint_files.h"
#include "io/files.h"
#include "io/hub.h"
#include "io/model_folder.h"
#include "io/user_models.h"
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

Result<ModelSource> read_folder(const fs::path& folder) {
  const auto files = read_model_folder(folder.string());
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
  const auto files = read_model_folder(folder.string());
  if (!files) return files.error();
  auto source = read_model_files(*files, file.string(), folder.string());
  if (!source) return source;
  auto weights = read_checkpoint_file(file.string());
  if (!weights) return weights.error();
  source->weights = *std::move(weights);
  return source;
}

/// The nearest name of the catalogue is a better hint than the hub's, for a name that nobody has.
Error with_nearest(Error error, const Error& catalogue) {
  if (catalogue.hint.starts_with("did you mean")) error.hint = catalogue.hint;
  return error;
}

/// Of the user's catalogue, else of the built-in one, else of the hub.
Result<ModelSource> named_model(const std::string& typed, const Reach& reach) {
  if (const auto folder = user_models_folder(process_variable)) {
    auto own = user_model(*folder, typed);
    if (!own) return own.error();
    if (*own) return **std::move(own);
  }
  auto built_in = catalogue_model(typed);
  const auto name = reach.hub ? read_hub_name(typed) : std::nullopt;
  if (built_in || !name) return built_in;
  const auto settings = hub_of(reach);
  if (!settings) return settings.error();
  auto found = hub_model(*name, *settings, reach.progress);
  if (found) return found;
  return with_nearest(found.error(), built_in.error());
}

}  // namespace

Result<HubSettings> hub_of(const Reach& reach) {
  auto settings = hub_settings(process_variable);
  if (!settings || reach.patience_ms <= 0) return settings;
  settings->http.total_ms = std::min(settings->http.total_ms, reach.patience_ms);
  settings->http.connect_ms = std::min(settings->http.connect_ms, reach.patience_ms);
  settings->http.attempts = 2;
  return settings;
}

Result<std::shared_ptr<const ModelSource>> load(const std::string& typed, const Reach& reach) {
  if (typed.starts_with(kCatalogue)) return shared(catalogue_model(std::string_view(typed).substr(kCatalogue.size())));
  std::error_code ignored;
  const fs::path path(typed);
  if (fs::is_directory(path, ignored)) return shared(read_folder(path));
  if (!fs::exists(path, ignored)) return shared(named_model(typed, reach));
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
