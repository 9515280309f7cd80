#include "arch/from_headers.h"

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <tuple>

#include "arch/plain_attention.h"
#include "json/fields.h"
#include "readers/checkpoint.h"
#include "units/text.h"

namespace vram::arch {
namespace {

/// Where a tensor is: "model.layers" and 7 of "model.layers.7.mlp.up_proj.weight", and what follows.
struct Place {
  std::string_view stack;
  std::int64_t layer = 0;
  std::string_view within;
};

std::optional<Place> place_of(std::string_view name) {
  for (std::size_t begin = 0; begin < name.size();) {
    const std::size_t dot = std::min(name.find('.', begin), name.size());
    const auto number = read_integer(name.substr(begin, dot - begin));
    if (number && *number >= 0 && begin > 0 && dot < name.size())
      return Place{name.substr(0, begin - 1), *number, name.substr(dot + 1)};
    begin = dot + 1;
  }
  return std::nullopt;
}

template <class Each>
void each_tensor(const Checkpoint& checkpoint, Each each) {
  for (const SafetensorsHeader& file : checkpoint.files)
    for (const StoredTensor& tensor : file.tensors) each(tensor);
}

/// The stack that has all of `layers` and belongs to no encoder: the decoder's.
std::optional<std::string_view> decoder_stack(const Checkpoint& checkpoint, std::int64_t layers) {
  std::map<std::string_view, std::vector<bool>> seen;
  each_tensor(checkpoint, [&](const StoredTensor& tensor) {
    const auto place = place_of(tensor.name);
    if (!place || place->layer >= layers) return;
    std::vector<bool>& numbers = seen[place->stack];
    numbers.resize(std::size_t(layers));
    numbers[std::size_t(place->layer)] = true;
  });
  std::optional<std::string_view> found;
  for (const auto& [stack, numbers] : seen) {
    if (std::ranges::find(numbers, false) != numbers.end()) continue;
    const bool encoder =
        std::ranges::any_of(std::initializer_list<std::string_view>{"vis", "audio", "encoder", "image"},
                            [&](auto word) { return stack.find(word) != std::string_view::npos; });
    if (encoder) continue;
    if (found) return std::nullopt;
    found = stack;
  }
  return found;
}

/// The plain float type that most bytes have: what vLLM turns into the model's dtype.
StoredType main_float(const Checkpoint& checkpoint) {
  StoredType most = StoredType::kBf16;
  for (const StoredType type : {StoredType::kF16, StoredType::kF32, StoredType::kF64})
    if (checkpoint.by_type[std::size_t(type)] > checkpoint.by_type[std::size_t(most)]) most = type;
  return most;
}

/// A type of as many bytes; elements of less than a byte are packed.
Dtype created_as(StoredType type) {
  switch (bits(type)) {
    case 16:
      return type == StoredType::kBf16 ? Dtype::kBfloat16 : Dtype::kFloat16;
    case 32:
      return type == StoredType::kF32 ? Dtype::kFloat32 : Dtype::kInt32;
    case 64:
      return Dtype::kInt64;
    default:
      return Dtype::kUint8;
  }
}

class FromHeaders {
 public:
  FromHeaders(const ModelSource& source, const BuildOptions& options, const PlainAttention& attention)
      : source_(source),
        checkpoint_(*source.weights),
        options_(options),
        attention_(attention),
        main_float_(main_float(checkpoint_)),
        vocabulary_(vocabulary()) {}

  Result<Model> run() {
    const auto stack = decoder_stack(checkpoint_, attention_.layers);
    if (!stack) return unclear("its tensors have no single stack of " + std::to_string(attention_.layers) + " layers");
    const std::int64_t layers = attention_.layers;
    blocks_.resize(std::size_t(layers) + 1);
    each_tensor(checkpoint_, [&](const StoredTensor& tensor) {
      const auto place = place_of(tensor.name);
      const bool within = place && place->stack == *stack;
      if (within && place->layer < layers)
        add(blocks_[std::size_t(place->layer)], tensor, place->within);
      else if (!within)
        add(blocks_.back(), tensor, tensor.name);
    });
    for (std::int64_t i = 0; i < layers; ++i)
      if (auto error = check_keys(i, blocks_[std::size_t(i)])) return *std::move(error);
    return assemble(*stack);
  }

 private:
  /// Equal tensors of a block, numbers in their names aside, are one with a dimension more: experts.
  using Key = std::tuple<std::string, std::vector<std::int64_t>, StoredType>;
  using Tensors = std::map<Key, std::int64_t>;

  [[nodiscard]] Error unclear(std::string problem) const {
    return {ErrorCode::kUnsupported, source_.place,
            "the architecture " + source_.architecture + " is not modelled, and " + std::move(problem),
            "`vram-estimator models --architectures` lists those that are modelled"};
  }

  [[nodiscard]] std::int64_t vocabulary() const {
    return json::Fields(source_.text(), source_.place).count_or("vocab_size", 0);
  }

  static void add(Tensors& block, const StoredTensor& tensor, std::string_view name) {
    std::string pattern;
    for (std::size_t begin = 0; begin <= name.size();) {
      const std::size_t dot = std::min(name.find('.', begin), name.size());
      const std::string_view part = name.substr(begin, dot - begin);
      if (begin > 0) pattern += '.';
      pattern += read_integer(part) ? "*" : part;
      begin = dot + 1;
    }
    const std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions);
    ++block[Key(std::move(pattern), shape, tensor.type)];
  }

  /// The rows of the key projection, where it has a usual name, are those that the config's heads make.
  [[nodiscard]] std::optional<Error> check_keys(std::int64_t layer, const Tensors& block) const {
    const Heads& heads = attention_.heads;
    const std::int64_t keys = heads.kv_heads * heads.key_width;
    const std::int64_t merged = attention_.query_heads * heads.key_width + 2 * keys;
    bool found = false;
    for (const auto& [key, count] : block) {
      const auto& [name, shape, type] = key;
      const auto is = [&, &tensor = name](std::string_view word) {
        return tensor.find(word) != std::string::npos && tensor.ends_with(".weight") && shape.size() == 2;
      };
      const bool own = is("k_proj") || is("wk."), one = is("qkv") || is("query_key_value") || is("c_attn");
      if (!own && !one) continue;
      found = true;
      const std::int64_t wanted = own ? keys : merged;
      if (shape[0] != wanted && shape[1] != wanted)
        return unclear("the keys of layer " + std::to_string(layer) + " have " + std::to_string(shape[0]) +
                       " rows where its config makes " + std::to_string(wanted) + ": its caches would be a guess");
    }
    if (found) return std::nullopt;
    return unclear("layer " + std::to_string(layer) +
                   " has no key projection of a usual name: its caches would be a guess");
  }

  [[nodiscard]] Dtype dtype_of(StoredType type) const {
    return type == main_float_ ? options_.dtype : created_as(type);
  }

  /// Matrices are dealt out along the dimension that more ranks divide; keys and values head by head.
  [[nodiscard]] Module module_of(const Key& key, std::int64_t count) const {
    const auto& [name, shape, type] = key;
    Tensor tensor{name, {}, {}, dtype_of(type)};
    std::vector<std::int64_t> sizes = shape;
    if (bits(type) < 8 && !sizes.empty()) sizes.back() = sizes.back() * bits(type) / 8;
    const Heads& heads = attention_.heads;
    if (sizes.size() == 1 && sizes[0] == vocabulary_) {
      constexpr std::int64_t kPadding = 64;  // the output head's bias is padded as its rows are
      tensor.rows = {{vocabulary_, 1, Columns::Split::kDivided, kPadding}};
    } else if (sizes.size() < 2) {
      tensor.rows = {{sizes.empty() ? 1 : sizes[0], 1, Columns::Split::kWhole}};
    } else if (sizes[0] == heads.kv_heads * heads.key_width &&
               (name.find("k_proj") != std::string::npos || name.find("v_proj") != std::string::npos)) {
      tensor.rows = {{heads.kv_heads, heads.key_width, Columns::Split::kReplicated}};
    } else {
      const auto twos = [](std::int64_t size) { return std::countr_zero(std::uint64_t(size)); };
      const auto widest = std::ranges::max_element(sizes, {}, twos);
      std::iter_swap(sizes.begin(), widest);
      constexpr int kEnough = 4;  // sixteen ranks
      tensor.rows = {{sizes[0], 1, twos(sizes[0]) < kEnough ? Columns::Split::kWhole : Columns::Split::kDivided}};
    }
    std::int64_t rest = count;
    for (std::size_t i = 1; i < sizes.size(); ++i) rest = saturated(Wide(rest) * sizes[i]);
    if (rest != 1) tensor.inner = {rest};
    return tensor;
  }

  [[nodiscard]] std::vector<Module> modules_of(const Tensors& block) const {
    std::vector<Module> modules;
    for (const auto& [key, count] : block) modules.push_back(module_of(key, count));
    return modules;
  }

  /// Embedding and output head have a row for each word.
  [[nodiscard]] bool is_vocabulary(const Key& key, std::int64_t count) const {
    const auto& [name, shape, type] = key;
    return count == 1 && shape.size() == 2 && shape[0] == vocabulary_ && vocabulary_ > 0;
  }

  [[nodiscard]] Model assemble(std::string_view stack) const {
    Model model;
    model.layer_prefix = stack;
    model.attention_heads = attention_.query_heads;
    model.kv_heads = attention_.heads.kv_heads;
    model.head_width = attention_.heads.key_width;
    model.vocabulary = vocabulary_;
    model.hidden = json::Fields(source_.text(), source_.place).count_or("hidden_size", 0);
    for (std::int64_t i = 0; i < attention_.layers; ++i) {
      Layer layer{modules_of(blocks_[std::size_t(i)]), {{"attention", FullAttention{attention_.heads}, false, false}}};
      const auto same = std::ranges::find(model.kinds, layer);
      model.layers.push_back(int(same - model.kinds.begin()));
      if (same == model.kinds.end()) model.kinds.push_back(std::move(layer));
    }
    Part rest;
    rest.name = "outside the layers";
    rest.place = Part::Place::kFirstAndLastStage;
    for (const auto& [key, count] : blocks_.back()) {
      if (!is_vocabulary(key, count)) {
        rest.modules.push_back(module_of(key, count));
        continue;
      }
      const auto& [name, shape, type] = key;
      const bool head = name.find("head") != std::string::npos || name.starts_with("output");
      Part part;
      part.name = head ? "head" : "embedding";
      part.place = head ? Part::Place::kLastStage : Part::Place::kFirstStage;
      part.modules.push_back(Embedding{name, shape[0], shape[1], head, false, {}, dtype_of(type)});
      model.parts.push_back(std::move(part));
    }
    model.parts.push_back(std::move(rest));
    return model;
  }

  const ModelSource& source_;
  const Checkpoint& checkpoint_;
  const BuildOptions& options_;
  const PlainAttention& attention_;
  const StoredType main_float_;
  const std::int64_t vocabulary_;
  std::vector<Tensors> blocks_;  // a layer, then what is outside
};

}  // namespace

Result<Model> build_from_headers(const ModelSource& source, const BuildOptions& options) {
  const auto attention = plain_attention(source);
  if (!attention) return attention.error();
  return FromHeaders(source, options, *attention).run();
}

}  // namespace vram::arch
