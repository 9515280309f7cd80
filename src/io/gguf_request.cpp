#include "io/gguf_request.h"

#include <algorithm>

#include "io/gguf_file.h"
#include "io/ollama.h"

namespace vram::io {
namespace {

constexpr std::string_view kOllama = "ollama:";
// What Ollama starts a model with that says nothing else.
// source  Ollama's docs, faq: "default context window", OLLAMA_NUM_PARALLEL
constexpr Tokens kOllamaContext(4096);
constexpr std::int64_t kOllamaSequences = 1;

/// The settings, with what Ollama gives its models where nothing else is said.
Result<llamacpp::Settings> settings_of(const options::RequestForm& form, const OllamaModel* ollama) {
  auto settings = llamacpp::read_settings(form.args);
  if (!settings || !ollama) return settings;
  if (!settings->context) settings->context = ollama->context.value_or(kOllamaContext);
  if (!settings->parallel) settings->parallel = kOllamaSequences;
  if (settings->projector.empty()) settings->projector = ollama->projector;
  return settings;
}

}  // namespace

bool names_gguf(const std::string& source) { return source.starts_with(kOllama) || is_gguf(source); }

Result<llamacpp::Request> complete_gguf(const options::RequestForm& form, const Machine& machine) {
  const std::string& source = form.model.source;
  std::optional<OllamaModel> ollama;
  if (source.starts_with(kOllama)) {
    auto found = find_ollama(std::string_view(source).substr(kOllama.size()));
    if (!found) return found.error();
    ollama = *std::move(found);
  }
  auto settings = settings_of(form, ollama ? &*ollama : nullptr);
  if (!settings) return settings.error();
  const auto file = load_gguf(ollama ? ollama->model : source);
  if (!file) return file.error();
  auto model = llamacpp::describe(*file, source);
  if (!model) return model.error();
  Bytes projector;
  if (!settings->projector.empty()) {
    const auto tower = load_gguf(settings->projector);
    if (!tower) return tower.error();
    const auto weights = llamacpp::projector_weights(*tower, settings->projector);
    if (!weights) return weights.error();
    projector = *weights;
  }
  auto gpu = gpu_for(form.gpu, machine);
  if (!gpu) return gpu.error();
  return llamacpp::Request{*std::move(model), *std::move(settings), projector, gpu->gpu,
                           std::max<std::int64_t>(gpu->count, 1)};
}

}  // namespace vram::io
