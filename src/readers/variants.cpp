#include "readers/variants.h"

#include <algorithm>
#include <span>

#include "readers/catalogue.h"
#include "units/text.h"

namespace vram {
namespace {

bool says_format(std::string_view word) {
  constexpr std::string_view kFormats[] = {"fp8",   "awq",   "gptq", "int4",      "int8",           "nvfp4",
                                           "fp4",   "mxfp4", "4bit", "8bit",      "bf16",           "fp16",
                                           "w8a8",  "w4a16", "bnb",  "autoround", "quantized.w8a8", "quantized.w4a16",
                                           "fp8kv", "w8a16", "nf4",  "dynamic",   "block",          "quantized.w8a16"};
  return std::ranges::find(kFormats, word) != std::end(kFormats);
}

std::string_view without_folders(std::string_view name) {
  while (name.ends_with('/')) name.remove_suffix(1);
  return name.substr(name.rfind('/') + 1);
}

/// The figures that a change of format leaves alone.
bool same_shape(const ModelSource& a, const ModelSource& b) {
  constexpr std::string_view kFigures[] = {"num_hidden_layers", "hidden_size", "vocab_size", "intermediate_size",
                                           "num_attention_heads"};
  const auto same = [&](std::string_view figure) {
    const json::Value *x = a.text().find(figure), *y = b.text().find(figure);
    return (!x && !y) || (x && y && *x == *y);
  };
  return a.architecture == b.architecture && std::ranges::all_of(kFigures, same);
}

}  // namespace

std::string model_stem(std::string_view name) {
  const std::string lowered = lower(without_folders(name));
  std::string stem;
  for (std::string_view rest = lowered; !rest.empty();) {
    const std::string_view word = rest.substr(0, rest.find('-'));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
    // Meta's own checkpoints of Llama 3 and 3.1 have the word in front, copies of them often not.
    if (says_format(word) || word == "meta") continue;
    stem += (stem.empty() ? "" : "-") + std::string(word);
  }
  return stem;
}

std::vector<ModelSource> variants_of(const ModelSource& model) {
  const std::string stem = model_stem(model.name);
  std::vector<ModelSource> variants;
  if (stem.empty()) return variants;
  for (const std::string& name : catalogue_names()) {
    if (name == model.name || model_stem(name) != stem) continue;
    auto source = catalogue_model(name);
    if (source && source->fingerprint != model.fingerprint && same_shape(model, *source))
      variants.push_back(*std::move(source));
  }
  return variants;
}

}  // namespace vram
