#include "arch/builder.h"

#include <algorithm>

#include "units/match.h"

namespace vram::arch {
namespace {

std::vector<Columns> dealt(const std::vector<std::int64_t>& outputs, Columns::Split split) {
  std::vector<Columns> columns;
  for (const std::int64_t output : outputs) columns.push_back({output, 1, split});
  return columns;
}

std::int64_t kv_heads_of(const LayerCache& cache) {
  return match(cache, [](const auto& kind) -> std::int64_t {
    if constexpr (requires { kind.heads.kv_heads; }) return kind.heads.kv_heads;
    return 1;
  });
}

}  // namespace

std::string Block::path(std::string_view name) const {
  return prefix_.empty() ? std::string(name) : prefix_ + '.' + std::string(name);
}

Block& Block::embedding(std::string name, std::int64_t rows, std::int64_t width, bool quantised) {
  const Packing packing = quantised ? builder_->quantisation().embedding({path(name)}) : Packing(Unquantised{});
  modules.push_back(Embedding{std::move(name), rows, width, false, false, packing, {}});
  return *this;
}

Block& Block::head(std::string name, std::int64_t rows, std::int64_t width, bool bias, std::optional<Dtype> dtype) {
  const Packing packing = builder_->quantisation().head({path(name)});
  modules.push_back(Embedding{std::move(name), rows, width, true, bias, packing, dtype});
  return *this;
}

Block& Block::add_linear(std::string_view type, std::string name, std::int64_t input, std::vector<Columns> outputs,
                         Linear::Input split, const LinearOptions& options) {
  const Quantisation& quantisation = builder_->quantisation();
  const Packing packing = options.quantised && !quantisation.method().empty()
                              ? quantisation.linear({path(name), options.shards, type})
                              : Packing(Unquantised{});
  // Adapters split a merged layer into its outputs, where the checkpoint does or where there are three and more.
  const bool split_up = quantisation.parts({name, options.shards, type}) > 1 ||
                        (outputs.size() > 2 && type == "MergedColumnParallelLinear");
  const std::int64_t adapters = split_up ? std::int64_t(outputs.size()) : 1;
  modules.push_back(Linear{std::move(name), input, std::move(outputs), split, options.bias, packing, options.dtype,
                           options.tokens, options.aligned_rows, adapters});
  return *this;
}

Block& Block::linear(std::string name, std::int64_t input, std::vector<Columns> outputs, Linear::Input split,
                     const LinearOptions& options) {
  const std::string_view type = split == Linear::Input::kDivided ? "RowParallelLinear" : "MergedColumnParallelLinear";
  return add_linear(type, std::move(name), input, std::move(outputs), split, options);
}

Block& Block::column(std::string name, std::int64_t input, std::vector<std::int64_t> outputs,
                     const LinearOptions& options) {
  const auto split = options.whole ? Columns::Split::kWhole : Columns::Split::kDivided;
  const std::string_view type = outputs.size() > 1 ? "MergedColumnParallelLinear" : "ColumnParallelLinear";
  return add_linear(type, std::move(name), input, dealt(outputs, split), Linear::Input::kWhole, options);
}

Block& Block::row(std::string name, std::int64_t input, std::int64_t output, const LinearOptions& options) {
  const auto split = options.whole ? Linear::Input::kWhole : Linear::Input::kDivided;
  return add_linear("RowParallelLinear", std::move(name), input, dealt({output}, Columns::Split::kWhole), split,
                    options);
}

Block& Block::replicated(std::string name, std::int64_t input, std::vector<std::int64_t> outputs,
                         const LinearOptions& options) {
  return add_linear("ReplicatedLinear", std::move(name), input, dealt(outputs, Columns::Split::kWhole),
                    Linear::Input::kWhole, options);
}

Block& Block::qkv(std::string name, std::int64_t input, const QkvHeads& heads, const LinearOptions& options) {
  const auto query = options.whole ? Columns::Split::kWhole : Columns::Split::kDivided;
  const auto kv = options.whole ? Columns::Split::kWhole : Columns::Split::kReplicated;
  return add_linear("QKVParallelLinear", std::move(name), input,
                    {{heads.query, heads.width, query},
                     {heads.kv, heads.width, kv},
                     {heads.kv, heads.value_width ? heads.value_width : heads.width, kv}},
                    Linear::Input::kWhole, options);
}

Block& Block::experts(Experts experts, const LinearOptions& options) {
  experts.packing = options.quantised ? builder_->quantisation().experts({path(experts.name), options.shards})
                                      : Packing(Unquantised{});
  modules.push_back(std::move(experts));
  return *this;
}

Block& Block::tensor(std::string name, std::vector<std::int64_t> shape, std::optional<Dtype> dtype) {
  const std::vector<Columns> rows = dealt({shape.empty() ? 1 : shape.front()}, Columns::Split::kWhole);
  if (!shape.empty()) shape.erase(shape.begin());
  return divided(std::move(name), rows, std::move(shape), dtype);
}

Block& Block::buffer(std::string name, std::vector<std::int64_t> shape, Dtype dtype) {
  return tensor(std::move(name), std::move(shape), dtype).as_buffer();
}

Block& Block::as_buffer(OnlyForShares only) {
  Tensor& tensor = *std::get_if<Tensor>(&modules.back());
  tensor.kind = Tensor::Kind::kBuffer;
  tensor.only = std::move(only);
  return *this;
}

Block& Block::as_view() {
  std::get_if<Tensor>(&modules.back())->kind = Tensor::Kind::kView;
  return *this;
}

Block& Block::divided(std::string name, std::vector<Columns> rows, std::vector<std::int64_t> inner,
                      std::optional<Dtype> dtype) {
  modules.push_back(Tensor{std::move(name), std::move(rows), std::move(inner), dtype.value_or(builder_->dtype()),
                           Tensor::Kind::kParameter});
  return *this;
}

Block& Block::rms_norm(std::string name, std::int64_t width) { return tensor(std::move(name) + ".weight", {width}); }

Block& Block::layer_norm(std::string name, std::int64_t width, bool bias) {
  tensor(name + ".weight", {width});
  if (bias) tensor(name + ".bias", {width});
  return *this;
}

Block& Block::rotary(RotaryTable table) {
  modules.push_back(std::move(table));
  return *this;
}

Block& Block::attention(std::string name, LayerCache cache, bool sinks, bool quantised) {
  const KvScales scales =
      quantised && !builder_->quantisation().method().empty()
          ? builder_->quantisation().attention({path(name)}, std::holds_alternative<LatentAttention>(cache))
          : KvScales{};
  modules.push_back(AttentionScales{name, scales, scales.per_head ? kv_heads_of(cache) : 0});
  caches.push_back({std::move(name), std::move(cache), sinks, false});
  return *this;
}

Block& Block::attention_in_model_dtype(std::string name, LayerCache cache) {
  attention(std::move(name), std::move(cache));
  caches.back().model_dtype = true;
  return *this;
}

Block& Block::cache(std::string name, LayerCache cache) {
  caches.push_back({std::move(name), std::move(cache), false, false});
  return *this;
}

Builder::Builder(const ModelSource& source, const BuildOptions& options, Quantisation quantisation)
    : config_(source.config, source.place),
      text_(source.text(), source.place),
      options_(options),
      quantisation_(std::move(quantisation)) {}

Result<Builder> Builder::start(const ModelSource& source, const BuildOptions& options, const ModelNames& names) {
  auto quantisation = Quantisation::read(source, options, names);
  if (!quantisation) return quantisation.error();
  Builder builder(source, options, *std::move(quantisation));
  builder.model.architecture = source.architecture;
  return builder;
}

std::int64_t Builder::layers(std::string_view name) const {
  constexpr std::int64_t kMost = 4096;
  const std::int64_t layers = text_.count(name);
  if (layers > kMost)
    text_.refuse(name, std::to_string(layers) + " layers are more than any model has", "", ErrorCode::kTooLarge);
  return std::min(layers, kMost);
}

void Builder::add_layer(Block block) {
  Layer layer{std::move(block.modules), std::move(block.caches)};
  // The layer before, or the one a period back, is nearly always the match: search from the newest kind.
  const auto found = std::find(model.kinds.rbegin(), model.kinds.rend(), layer);
  if (found != model.kinds.rend()) {
    model.layers.push_back(int(model.kinds.rend() - found) - 1);
    return;
  }
  model.layers.push_back(int(model.kinds.size()));
  model.kinds.push_back(std::move(layer));
}

void Builder::add_part(std::string name, Part::Place place, Block block, Part::Role role, std::int64_t repeat) {
  Part& part = model.parts.emplace_back();
  part.name = std::move(name);
  part.prefix = block.prefix();
  part.place = place;
  part.role = role;
  part.repeat = repeat;
  part.modules = std::move(block.modules);
}

Result<Model> Builder::finish() {
  if (config_.error()) return *config_.error();
  if (text_.error()) return *text_.error();
  if (quantisation_.error()) return *quantisation_.error();
  return std::move(model);
}

std::int64_t head_width(const json::Fields& config) {
  if (const auto given = config.maybe_count("head_dim"); given && *given > 0) return *given;
  const std::int64_t hidden = config.count("hidden_size"), heads = config.count("num_attention_heads");
  return hidden / heads;
}

std::int64_t kv_heads(const json::Fields& config) {
  return config.has("num_key_value_heads") ? config.count("num_key_value_heads") : config.count("num_attention_heads");
}

void gated_mlp(Block& block, const std::string& name, std::int64_t hidden, std::int64_t intermediate,
               const LinearOptions& options) {
  LinearOptions down = options;
  down.shards = {};
  block.column(name + ".gate_up_proj", hidden, {intermediate, intermediate}, options);
  block.row(name + ".down_proj", intermediate, hidden, down);
}

}  // namespace vram::arch
