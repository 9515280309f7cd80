#include "io/gguf_request.h"

#include <algorithm>
#include <filesystem>

#include "io/gguf_file.h"
#include "io/registry.h"
#include "vllm/release.h"

namespace vram::io {
namespace {

constexpr std::string_view kOllama = "ollama:";
// What Ollama starts a model with that says nothing else.
// source  Ollama's docs, faq: "default context window", OLLAMA_NUM_PARALLEL
constexpr Tokens kOllamaContext(4096);
constexpr std::int64_t kOllamaSequences = 1;

/// The settings, with what Ollama gives its models where nothing else is said.
Result<llamacpp::Settings> settings_of(const options::RequestForm& form, const GgufSource& source,
                                       const Machine& machine) {
  json::Object args = source.args;
  for (const auto& [name, value] : form.args.members()) args.set(name, value);
  auto settings = llamacpp::read_settings(args);
  if (settings && !settings->projector.empty() && machine.admit) {
    auto file = machine.admit(settings->projector);
    if (!file) return file.error();
    settings->projector = *std::move(file);
  }
  if (!settings || !source.ollama) return settings;
  if (!settings->context) settings->context = source.ollama->context.value_or(kOllamaContext);
  if (!settings->parallel) settings->parallel = kOllamaSequences;
  if (settings->projector.empty()) settings->projector = source.ollama->projector;
  return settings;
}

/// "hf.co/org/name:Q4_K_M" -> the hub's file that `ollama pull` takes.
std::optional<GgufName> pulled_from_hub(std::string_view name) {
  while (name.starts_with('/')) name.remove_prefix(1);
  for (const std::string_view host : {"hf.co/", "huggingface.co/"})
    if (name.starts_with(host)) {
      const std::string_view model = name.substr(host.size());
      return read_gguf_name(std::string(model) + (model.find(':') == std::string_view::npos ? ":" : ""));
    }
  return std::nullopt;
}

/// Of Ollama's store, or, where it is not there and the hub may be asked, what would be pulled.
Result<std::optional<GgufSource>> in_ollama(std::string_view name, const Reach& reach) {
  auto found = find_ollama(name);
  if (!found && found.error().code == ErrorCode::kNotFound && reach.hub)
    if (auto remote = pulled_from_hub(name))
      return std::optional(GgufSource{{}, *std::move(remote), OllamaModel{}, {}});
  if (!found) return found.error();
  GgufSource source{found->model, {}, *found, {}};
  return std::optional(std::move(source));
}

/// The model of an entry that Ollama serves and that is in its store here; another entry is not ours to answer.
Result<std::optional<GgufSource>> of_entry(const std::string& name, const Machine& machine) {
  const auto file = registry_file(machine.registry);
  const auto registry = file ? load_registry(*file) : Result<registry::Registry>(file.error());
  const auto entry = registry ? registry->find(name) : Result<const registry::Entry*>(registry.error());
  if (!entry || (*entry)->backend != registry::Backend::kOllama || !(*entry)->model_path.starts_with(kOllama))
    return std::optional<GgufSource>();
  auto source = in_ollama(std::string_view((*entry)->model_path).substr(kOllama.size()), machine.reach);
  if (!source || !*source) return source;
  auto words = llamacpp::read_words((*entry)->extra_args);
  if (!words) return words.error();
  (*source)->args = std::move(words->args);
  return source;
}

Result<HubGguf> fetch(const GgufName& name, bool projector, const Reach& reach) {
  const auto settings = reach.hub ? hub_of(reach)
                                  : Result<HubSettings>(Error{ErrorCode::kNotFound, "model \"" + name.hub.id + '"',
                                                              "it is no file here, and no hub is asked", ""});
  if (!settings) return settings.error();
  return hub_gguf(name, *settings, projector, reach.progress);
}

/// What is loaded: of a hub's model its own projector too, unless the settings name another one or want none.
Result<HubGguf> load_all(const GgufSource& source, const llamacpp::Settings& settings, const Reach& reach) {
  HubGguf loaded;
  if (source.remote) {
    auto fetched = fetch(*source.remote, settings.projector.empty() && settings.projector_beside, reach);
    if (!fetched) return fetched;
    loaded = *std::move(fetched);
  } else {
    auto file = load_gguf(source.file);
    if (!file) return file.error();
    loaded.model = *std::move(file);
  }
  if (settings.projector.empty()) return loaded;
  auto projector = load_gguf(settings.projector);
  if (!projector) return projector.error();
  loaded.projector = *std::move(projector);
  return loaded;
}

/// Whether GGUF is served without a plugin.
constexpr vllm::Step<bool> kServedByVllm[] = {
    {{}, true, "vllm v0.19.0 vllm/model_executor/model_loader/gguf_loader.py"},
    {{2026, 6, 23}, false, "vllm v0.24.0, https://github.com/vllm-project/vllm/pull/39612"},
};
static_assert(vllm::well_formed(kServedByVllm));

/// source  vllm v0.33.0 vllm/transformers_utils/config.py, get_config; there on several lines
std::string words_of_vllm(const std::string& source) {
  return "Invalid repository ID or local directory specified: '" + source +
         "'. Please verify the following requirements: 1. Provide a valid Hugging Face repository ID. 2. Specify a "
         "local "
         "directory that contains a recognized configuration file. - For Hugging Face models: ensure the presence of a "
         "'config.json'. - For Mistral models: ensure the presence of a 'params.json'.";
}

/// source  huggingface_hub src/huggingface_hub/utils/_validators.py, validate_repo_id
std::string words_of_hub(const std::string& source, bool file) {
  return file
             ? "Repo id must be in the form 'repo_name' or 'namespace/repo_name': '" + source +
                   "'. Use `repo_type` argument if needed."
             : "Repo id must use alphanumeric chars, '-', '_' or '.'. The name cannot start or end with '-' or '.' and "
               "the maximum length is 96: '" +
                   source + "'.";
}

}  // namespace

std::optional<Error> gguf_in_vllm(const std::string& source, const vllm::Engine& engine) {
  std::error_code ignored;
  const bool here = is_gguf(source);
  const auto remote = read_gguf_name(source);
  if (!here && (!remote || std::filesystem::exists(source, ignored))) return std::nullopt;
  const std::string instead = "`vram-estimator estimate " + source + "` says what llama.cpp makes of it";
  if (vllm::in_force(kServedByVllm, engine.as_of))
    return Error{ErrorCode::kUnsupported, source, "what this release of vLLM makes of a GGUF file is not modelled",
                 instead};
  return Error{ErrorCode::kRefused, "", here ? words_of_vllm(source) : words_of_hub(source, !remote->file.empty()),
               "since 0.24.0 vLLM serves GGUF files by a plugin, which is not modelled; " + instead};
}

Result<std::optional<GgufSource>> find_gguf(const std::string& source, const Machine& machine) {
  if (source.starts_with(kOllama)) return in_ollama(std::string_view(source).substr(kOllama.size()), machine.reach);
  if (const auto entry = registry_name(source)) return of_entry(*entry, machine);
  if (is_gguf(source)) return std::optional(GgufSource{source, {}, {}, {}});
  std::error_code ignored;
  auto remote = read_gguf_name(source);
  if (!remote || std::filesystem::exists(source, ignored)) return std::optional<GgufSource>();
  return std::optional(GgufSource{{}, *std::move(remote), {}, {}});
}

Result<gguf::File> load_source(const GgufSource& source, const Reach& reach) {
  if (!source.remote) return load_gguf(source.file);
  auto fetched = fetch(*source.remote, false, reach);
  if (!fetched) return fetched.error();
  return std::move(fetched->model);
}

Result<llamacpp::Request> complete_gguf(const options::RequestForm& form, const Machine& machine) {
  const auto source = find_gguf(form.model.source, machine);
  if (!source) return source.error();
  if (!*source) return Error{ErrorCode::kNotFound, form.model.source, "it is no GGUF file here", ""};
  auto settings = settings_of(form, **source, machine);
  if (!settings) return settings.error();
  const auto loaded = load_all(**source, *settings, machine.reach);
  if (!loaded) return loaded.error();
  return complete_loaded(form, *std::move(settings), *loaded, machine);
}

}  // namespace vram::io
