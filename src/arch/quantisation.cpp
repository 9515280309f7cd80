#include "arch/quantisation.h"

#include <algorithm>
#include <array>

#include "arch/quantisations.h"

namespace vram::arch {
namespace {

constexpr std::string_view kQkv[] = {"q_proj", "k_proj", "v_proj"};
constexpr std::string_view kGateUp[] = {"gate_proj", "up_proj"};
constexpr std::string_view kExpert[] = {"gate_proj", "up_proj", "down_proj"};
constexpr ModelNames::Packed kCommon[] = {{"qkv_proj", kQkv}, {"gate_up_proj", kGateUp}};

const json::Value kNoConfig{json::Object()};

constexpr vllm::Step<bool> kLatentApart[] = {
    {{}, false, "vllm v0.10.2 vllm/attention/layer.py: MLA layers are Attention too"},
    {{2025, 11, 11}, true, "~vllm v0.11.2 vllm/attention/layer.py MLAAttention"},
};
static_assert(vllm::well_formed(kLatentApart));

}  // namespace

namespace quantisations {

std::vector<std::string> Reading::names(std::string_view key) const {
  std::vector<std::string> found = config.texts(key);
  for (std::string& name : found) name = renamed(std::move(name), rules);
  return found;
}

KvScales attention_scales(bool latent, vllm::Date as_of) {
  if (latent && vllm::in_force(kLatentApart, as_of)) return {};
  return {KvScales::Kind::kScalars, false};
}

}  // namespace quantisations

Result<Quantisation> Quantisation::read(const ModelSource& source, const BuildOptions& options,
                                        const ModelNames& names) {
  const json::Value* config = quantisation_config(source);
  Quantisation result;
  result.packed_.assign(names.packed.begin(), names.packed.end());
  for (const ModelNames::Packed& common : kCommon)
    if (std::ranges::none_of(result.packed_, [&](const auto& own) { return own.name == common.name; }))
      result.packed_.push_back(common);
  if (!config && options.quantization.empty()) return result;
  auto name = quantisation_name(config, source, options);
  if (!name) return name.error();
  result.name_ = *std::move(name);
  if (result.name_.empty()) return result;
  const json::Fields fields(config ? *config : kNoConfig, source.place + ": \"quantization_config\"");
  for (const quantisations::Entry* entry : quantisations::all())
    if (std::ranges::find(entry->names, std::string_view(result.name_)) != entry->names.end()) {
      if (auto refusal = unmet_needs(result.name_, options)) return *refusal;
      auto method = entry->read({fields, source, options, names.rules, result.name_});
      if (fields.error()) return *fields.error();
      if (!method) return method.error();
      result.method_ = *std::move(method);
      return result;
    }
  return Error{ErrorCode::kUnsupported, source.place + ": \"quantization_config\"",
               "the quantisation method " + result.name_ + " is not modelled", "give the unquantised model"};
}

void Quantisation::complete(LayerName& layer) const {
  if (!layer.shards.empty()) return;
  for (const ModelNames::Packed& packed : packed_)
    if (packed.name == layer.last()) layer.shards = packed.shards;
}

Packing Quantisation::keep(Result<Packing> packing) const {
  if (packing) return *packing;
  if (!*error_) *error_ = packing.error();
  return Unquantised{};
}

std::int64_t Quantisation::parts(LayerName layer) const {
  complete(layer);
  return std::max<std::int64_t>(std::int64_t(layer.shards.size()), 1);
}

Packing Quantisation::linear(LayerName layer) const {
  if (!method_) return Unquantised{};
  complete(layer);
  return keep(method_->linear(layer));
}

Packing Quantisation::experts(LayerName layer) const {
  if (!method_) return Unquantised{};
  if (layer.shards.empty()) layer.shards = kExpert;
  return keep(method_->experts(layer));
}

Packing Quantisation::head(LayerName layer) const {
  if (!method_) return Unquantised{};
  layer.type = "ParallelLMHead";
  return keep(method_->head(layer));
}

Packing Quantisation::embedding(LayerName layer) const {
  if (!method_) return Unquantised{};
  layer.type = "VocabParallelEmbedding";
  return keep(method_->embedding(layer));
}

KvScales Quantisation::attention(LayerName layer, bool latent) const {
  return method_ ? method_->attention(layer, latent) : KvScales{};
}

}  // namespace vram::arch
