#include "registry/prefill.h"

#include <algorithm>
#include <cmath>

#include "formula/names.h"
#include "units/text.h"

namespace vram::registry {
namespace {

std::optional<double> number_of(const json::Value& object, std::string_view name) {
  const json::Value* found = object.find(name);
  const auto number = found ? found->number() : std::nullopt;
  return number && *number > 0 ? number : std::nullopt;
}

/// The first of `names` that is there.
std::optional<Figure> figure(const json::Value& object, std::string_view where,
                             std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (const auto number = number_of(object, name)) return Figure{*number, std::string(where) + std::string(name)};
  return std::nullopt;
}

/// "q4_k_m" -> "int4". A name that the formula knows is taken as it is.
std::string quant_of(std::string_view quantization) {
  const std::string name = lower(quantization);
  if (formula::width_of(name, formula::quants())) return name;
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (has("fp8")) return "fp8";
  if (has("bf16")) return "bf16";
  if (has("f16") || has("fp16")) return "fp16";
  if (has("q4") || has("int4")) return "int4";
  if (has("q8") || has("int8")) return "int8";
  return "bf16";
}

/// "8.2B" -> 8.2; "270M" -> 0.27.
std::optional<double> billions(const json::Value* text) {
  if (!text || !text->string() || text->string()->size() < 2) return std::nullopt;
  const std::string& word = *text->string();
  const auto number = read_number(std::string_view(word).substr(0, word.size() - 1));
  if (!number || *number <= 0) return std::nullopt;
  if (word.back() == 'B') return *number;
  return word.back() == 'M' ? std::optional(*number / 1000) : std::nullopt;
}

std::optional<Figure> params_of(const Entry& entry, const std::string& quant) {
  if (auto stated = figure(entry.architecture(), "architecture.", {"params_billion"})) return stated;
  const json::Value* metadata = entry.whole.find("metadata");
  if (const auto size = billions(metadata ? metadata->find("ollama_parameter_size") : nullptr))
    return Figure{*size, "metadata.ollama_parameter_size"};
  const auto width = formula::width_of(quant, formula::quants());
  if (!entry.download_bytes || *entry.download_bytes <= 0 || !width) return std::nullopt;
  return Figure{double(*entry.download_bytes) / *width / 1e9, "download_size_bytes, at " + quant};
}

std::optional<Figure> head_dim_of(const json::Value& architecture) {
  if (auto stated = figure(architecture, "architecture.", {"head_dim"})) return stated;
  const auto hidden = number_of(architecture, "hidden_size"), heads = number_of(architecture, "num_attention_heads");
  if (!hidden || !heads || std::fmod(*hidden, *heads) != 0) return std::nullopt;
  return Figure{*hidden / *heads, "architecture.hidden_size / num_attention_heads"};
}

}  // namespace

double guessed_vision_gib(const json::Value& vision) {
  const double layers = number_of(vision, "num_layers").value_or(24);
  const double hidden = number_of(vision, "hidden_size").value_or(number_of(vision, "projection_dim").value_or(1024));
  const double side = number_of(vision, "image_size").value_or(448) / number_of(vision, "patch_size").value_or(14);
  const double guess = 0.60 + 0.015 * layers + 0.00005 * hidden + 0.0002 * side * side;
  return std::round(std::clamp(guess, 0.5, 2.5) * 100) / 100;
}

Prefill prefill(const Entry& entry) {
  const json::Value& architecture = entry.architecture();
  Prefill found;
  found.quant = quant_of(entry.quantization);
  found.params_billion = params_of(entry, found.quant);
  found.layers = figure(architecture, "architecture.", {"num_layers"});
  found.kv_heads = figure(architecture, "architecture.", {"num_kv_heads", "num_attention_heads"});
  found.head_dim = head_dim_of(architecture);
  found.context_tokens = figure(architecture, "architecture.", {"context_length", "max_position_embeddings"});
  if (const json::Value* kv = architecture.find("kv_precision"); kv && kv->string()) found.kv_dtype = *kv->string();
  if (const json::Value* vision = architecture.find("vision"); vision && vision->object())
    found.vision_gib = Figure{guessed_vision_gib(*vision), "architecture.vision"};
  return found;
}

void take_config(Prefill& prefill, const ModelSource& source) {
  static constexpr std::string_view kFrom = "config.json: ";
  const json::Value& text = source.text();
  if (auto layers = figure(text, kFrom, {"num_hidden_layers", "n_layer"})) prefill.layers = layers;
  if (auto heads = figure(text, kFrom, {"num_key_value_heads", "num_attention_heads", "n_head"}))
    prefill.kv_heads = heads;
  if (auto width = figure(text, kFrom, {"head_dim"})) {
    prefill.head_dim = width;
    return;
  }
  const auto hidden = number_of(text, "hidden_size"), heads = number_of(text, "num_attention_heads");
  if (hidden && heads && std::fmod(*hidden, *heads) == 0)
    prefill.head_dim = Figure{*hidden / *heads, "config.json: hidden_size / num_attention_heads"};
}

std::vector<std::string> Prefill::missing() const {
  std::vector<std::string> names;
  if (!params_billion) names.emplace_back("params_billion");
  if (!layers) names.emplace_back("layers");
  if (!kv_heads) names.emplace_back("kv_heads");
  if (!head_dim) names.emplace_back("head_dim");
  return names;
}

formula::Request Prefill::request(const formula::Profile& profile) const {
  formula::Request request;
  request.params_billion = params_billion->value;
  request.layers = std::int64_t(layers->value);
  request.kv_heads = std::int64_t(kv_heads->value);
  request.head_dim = std::int64_t(head_dim->value);
  request.quant = quant;
  request.kv_dtype = kv_dtype;
  request.profile = profile;
  if (vision_gib) request.profile.vision_gib = vision_gib->value;
  return request;
}

}  // namespace vram::registry
