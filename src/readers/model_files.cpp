#include "readers/model_files.h"

#include "readers/adapter.h"
#include "readers/mistral_params.h"

namespace vram {
namespace {

std::string path(const std::string& place, std::string_view file) { return place + '/' + std::string(file); }

/// Nobody serves an adapter by itself.
Error adapter_alone(std::string_view text, const std::string& place) {
  const auto adapter = read_adapter_config(text, path(place, "adapter_config.json"));
  if (!adapter) return adapter.error();
  const std::string rank = std::to_string(adapter->rank);
  return {ErrorCode::kBadInput, place, "it holds a LoRA adapter of rank " + rank + ", not a model",
          "plan for its base model" + (adapter->base.empty() ? "" : ' ' + adapter->base) +
              " with --enable-lora --max-lora-rank " + rank};
}

}  // namespace

Result<ModelSource> read_model_files(const ModelFiles& files, std::string name, const std::string& place) {
  const auto text = [&](std::string_view file) -> const std::string* {
    const auto found = files.find(file);
    return found == files.end() ? nullptr : &found->second;
  };
  const std::string* config = text("config.json");
  const std::string* params = text("params.json");
  if (!config && !params) {
    if (const std::string* adapter = text("adapter_config.json")) return adapter_alone(*adapter, place);
    return Error{ErrorCode::kNotFound, place, "it has no config.json",
                 "give the folder of a model as it was downloaded"};
  }
  auto source = config ? read_config_json(*config, std::move(name), path(place, "config.json"))
                       : read_mistral_params(*params, std::move(name), path(place, "params.json"));
  if (!source) return source;
  if (const std::string* quantisation = text("hf_quant_config.json")) {
    auto value = json::parse(*quantisation, path(place, "hf_quant_config.json"));
    if (!value) return value.error();
    source->quantisation = *std::move(value);
  }
  return source;
}

}  // namespace vram
