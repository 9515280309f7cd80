#include "arch/build.h"

#include <algorithm>

#include "arch/families.h"
#include "arch/from_headers.h"
#include "arch/pooling.h"
#include "readers/checkpoint.h"
#include "units/text.h"

namespace vram::arch {

std::vector<std::string_view> architectures() {
  std::vector<std::string_view> names;
  for (const families::Entry* family : families::all())
    names.insert(names.end(), family->architectures.begin(), family->architectures.end());
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

const families::Entry* find_family(std::string_view architecture) {
  for (const families::Entry* family : families::all())
    for (const std::string_view name : family->architectures)
      if (name == architecture) return family;
  return nullptr;
}

/// A model whose class vLLM turns into one that embeds or classifies.
Result<Model> build_converted(const ModelSource& source, const BuildOptions& options, const Converted& into) {
  ModelSource base = source;
  base.architecture = into.architecture;
  BuildOptions pooling = options;
  pooling.pooling = true;
  auto model = find_family(into.architecture)->build(base, pooling);
  if (!model || !options.classify.value_or(into.classify)) return model;
  auto builder = Builder::start(base, pooling);
  if (!builder) return builder.error();
  builder->model = *std::move(model);
  add_score_head(*builder);
  return builder->finish();
}

}  // namespace

bool is_modelled(std::string_view architecture) { return find_family(architecture) || converted(architecture); }

Result<Model> build(const ModelSource& source, const BuildOptions& options) {
  const families::Entry* family = find_family(source.architecture);
  const auto into = !family                            ? converted(source.architecture)
                    : options.classify.value_or(false) ? std::optional(Converted{source.architecture, true})
                                                       : std::nullopt;
  const bool headers = source.weights && source.weights->has_headers();
  if (family || into || headers) {
    auto model = into     ? build_converted(source, options, *into)
                 : family ? family->build(source, options)
                          : build_from_headers(source, options);
    if (model) {
      model->name = source.name;
      model->architecture = source.architecture;
      if (model->language_class.empty()) model->language_class = source.architecture;
      model->dtype = options.dtype;
    }
    return model;
  }
  const auto names = architectures();
  const auto near = nearest(source.architecture, names);
  return Error{
      ErrorCode::kUnsupported, source.place + ": \"architectures\"",
      "the architecture " + source.architecture + " is not modelled yet: its layers and caches would be a guess",
      near ? "the nearest that is modelled is " + std::string(*near)
           : "give a folder with its safetensors files, for their headers; `vram-estimator models --architectures` "
             "lists "
             "those that are"};
}

bool follows_batch(std::string_view architecture) { return architecture.starts_with("Qwen4Exp"); }

bool follows_max_model_len(const Model& model) {
  constexpr std::string_view kBeginnings[] = {"MiniMaxFor", "MiniMaxM1", "MiniMaxText01", "NomicBert", "Plamo2"};
  return std::ranges::any_of(kBeginnings, [&](std::string_view beginning) {
    return model.architecture.starts_with(beginning) || model.language_class.starts_with(beginning);
  });
}

}  // namespace vram::arch
