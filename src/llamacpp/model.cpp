#include "llamacpp/model.h"

#include <algorithm>
#include <map>

#include "llamacpp/windows.h"
#include "units/text.h"

namespace vram::llamacpp {
namespace {

constexpr std::int64_t kRowPadding = 512, kAlignment = 128;
constexpr std::int64_t kMostLayers = 1024;

/// Architectures whose cache is of a kind of its own: indexer keys, compressed rows, several memories at once.
constexpr std::string_view kOtherCaches[] = {"deepseek32", "deepseek4", "glm-dsa",  "glm5-next", "minimax-m3",
                                             "hy-v4",      "dots3note", "qwen4exp", "kimi-k3",   "bailingmoe3",
                                             "t5",         "t5encoder", "dflash",   "minimax-01"};
/// Those that look at a whole text at once and so remember nothing, though they need not say that they are not causal.
///   source  llama.cpp, src/llama-model.cpp: create_memory
constexpr std::string_view kWithoutCache[] = {
    "bert",      "dream",       "eurobert", "gemma-embedding", "jina-bert-v2",   "jina-bert-v3", "llada",
    "llada-moe", "modern-bert", "neo-bert", "nomic-bert",      "nomic-bert-moe", "rnd1",         "wavtokenizer-dec"};

template <std::size_t N>
bool among(const std::string_view (&names)[N], std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// "blk.12.attn_k.weight" -> 12.
std::optional<std::int64_t> layer_of(std::string_view name) {
  if (!name.starts_with("blk.")) return std::nullopt;
  name.remove_prefix(4);
  return read_integer(name.substr(0, name.find('.')));
}

std::int64_t rows_of(const gguf::Tensor& tensor) {
  return tensor.shape[0] == 0 ? 0 : tensor.elements() / tensor.shape[0];
}

/// What the metadata says of layer after layer: one number for all of them, or a list.
class Numbers {
 public:
  Numbers(const gguf::File& file, std::string prefix) : file_(file), prefix_(std::move(prefix)) {}
  [[nodiscard]] std::optional<std::int64_t> find(const std::string& name) const {
    return file_.integer(prefix_ + name);
  }
  [[nodiscard]] std::int64_t or_zero(const std::string& name) const { return find(name).value_or(0); }
  [[nodiscard]] std::optional<std::int64_t> of_layer(const std::string& name, std::size_t layer) const {
    const gguf::Field* field = file_.find(prefix_ + name);
    const json::Array* items = field ? field->value.array() : nullptr;
    if (!items) return find(name);
    if (layer >= items->size()) return std::nullopt;
    if (const bool* flag = (*items)[layer].boolean()) return std::int64_t(*flag);
    const std::int64_t* number = (*items)[layer].integer();
    return number ? std::optional(*number) : std::nullopt;
  }

 private:
  const gguf::File& file_;
  std::string prefix_;
};

/// What the tensors of a layer give away about it.
struct Parts {
  bool keys = false, recurrent = false;
  std::int64_t first_projection = 0;
};

bool is_recurrent(std::string_view part) {
  return part.starts_with("ssm_") || part.starts_with("shortconv.") || part.starts_with("time_mix_");
}

bool has_keys(std::string_view part) {
  return part.starts_with("attn_k.") || part.starts_with("attn_qkv.") || part.starts_with("attn_kv_a_mqa.") ||
         part.starts_with("attn_kv.");
}

class Describer {
 public:
  Describer(const gguf::File& file, const std::string& name)
      : file_(file), architecture_(file.text("general.architecture")), numbers_(file, architecture_ + ".") {
    model_.name = name;
    model_.architecture = architecture_;
  }

  Result<Model> describe() {
    if (architecture_.empty()) return bad("general.architecture", "it is missing");
    if (architecture_ == "clip")
      return bad("general.architecture", "it is a vision tower and its projector, not a language model");
    if (among(kOtherCaches, architecture_) || numbers_.or_zero("attention.indexer.head_count") > 0)
      return Error{ErrorCode::kUnsupported, model_.name,
                   "the cache of architecture \"" + architecture_ + "\" is not modelled", ""};
    const auto layers = numbers_.find("block_count"), context = numbers_.find("context_length"),
               embedding = numbers_.find("embedding_length");
    if (!layers || *layers < 1 || *layers > kMostLayers) return bad("block_count", "expected a number of layers");
    if (!context || *context < 1) return bad("context_length", "expected a number of tokens");
    if (!embedding || *embedding < 1 || *embedding > (1 << 24)) return bad("embedding_length", "expected a width");
    model_.trained_context = Tokens(*context);
    model_.widths.embedding = *embedding;
    model_.layers.resize(std::size_t(*layers));
    parts_.resize(std::size_t(*layers));
    model_.predicting = std::clamp<std::int64_t>(numbers_.or_zero("nextn_predict_layers"), 0, *layers);
    for (const gguf::Tensor& tensor : file_.tensors)
      if (auto error = take_tensor(tensor)) return *std::move(error);
    if (tied_) model_.output += embeddings_;
    if (auto error = read_layers()) return *std::move(error);
    read_widths();
    return std::move(model_);
  }

 private:
  [[nodiscard]] Error bad(const std::string& key, std::string problem) const {
    return {ErrorCode::kBadInput, model_.name + ": " + key, std::move(problem), ""};
  }

  std::optional<Error> take_tensor(const gguf::Tensor& tensor) {
    model_.parameters = saturated(Wide(model_.parameters) + tensor.elements());
    const Bytes bytes = on_cuda(*tensor.type, tensor.shape[0], rows_of(tensor));
    by_type_[std::string(tensor.type->name)] += tensor.bytes;
    const auto number = layer_of(tensor.name);
    if (!number) {
      take_outer(tensor, bytes);
      return std::nullopt;
    }
    if (*number < 0 || *number >= std::int64_t(model_.layers.size()))
      return bad(tensor.name, "the model has " + std::to_string(model_.layers.size()) + " layers");
    // A layer that predicts further tokens is loaded only for that.
    if (*number >= std::int64_t(model_.layers.size()) - model_.predicting) return std::nullopt;
    Layer& layer = model_.layers[std::size_t(*number)];
    layer.weights += bytes;
    const std::string_view part = std::string_view(tensor.name).substr(tensor.name.find('.', 4) + 1);
    if (part.find("_exps.") != std::string_view::npos) layer.experts += bytes;
    Parts& parts = parts_[std::size_t(*number)];
    parts.recurrent = parts.recurrent || is_recurrent(part);
    parts.keys = parts.keys || has_keys(part);
    if (part == "ssm_in.weight" || part == "attn_qkv.weight" || part == "shortconv.in_proj.weight")
      parts.first_projection = std::max(parts.first_projection, rows_of(tensor));
    return std::nullopt;
  }

  /// Embeddings of tokens, positions and layers are looked up by the host; what is done to them is done with the first
  /// layer. LFM2 calls its final norm after the embeddings.
  ///   source  llama.cpp, src/llama-arch.cpp: LLM_TENSOR_INFOS
  void take_outer(const gguf::Tensor& tensor, Bytes bytes) {
    static constexpr std::string_view kInput[] = {"token_embd", "position_embd", "token_types", "per_layer_token_embd"};
    static constexpr std::string_view kFirst[] = {"token_embd_norm", "per_layer_model_proj", "per_layer_proj_norm",
                                                  "rope_freqs",      "rope_factors_long",    "rope_factors_short"};
    const std::string_view name = std::string_view(tensor.name).substr(0, tensor.name.find('.'));
    if (tensor.name == "output.weight") tied_ = false;
    if (tensor.name == "token_embd.weight") {
      embeddings_ = bytes;
      model_.vocabulary = rows_of(tensor);
    }
    if (among(kInput, name))
      model_.input += tensor.bytes;
    else if (among(kFirst, name) && !architecture_.starts_with("lfm2"))
      model_.layers.front().weights += bytes;
    else
      model_.output += bytes;
  }

  std::optional<Error> read_layers() {
    const auto windows = windows_of(file_, model_.layers.size());
    if (!windows) return windows.error();
    model_.window = windows->size;
    const std::int64_t all = std::int64_t(model_.layers.size());
    std::int64_t with_cache = all - model_.predicting;
    // The last layers of Gemma 3n and 4 read the cache of earlier ones.
    if (architecture_ == "gemma3n") with_cache = std::min<std::int64_t>(with_cache, 20);
    if (const auto shared = numbers_.find("attention.shared_kv_layers"))
      with_cache = std::min(with_cache, all - std::clamp<std::int64_t>(*shared, 0, all));
    const gguf::Field* causal = file_.find(architecture_ + ".attention.causal");
    const bool remembers =
        !(causal && causal->value.boolean() && !*causal->value.boolean()) && !among(kWithoutCache, architecture_);
    for (std::size_t i = 0; remembers && i < model_.layers.size(); ++i) {
      const bool both = architecture_ == "falcon-h1";
      if (parts_[i].recurrent) model_.layers[i].state = state();
      if (parts_[i].keys && std::int64_t(i) < with_cache && (both || !parts_[i].recurrent)) {
        auto attention = attention_of(i, windows->layers[i]);
        if (!attention) return attention.error();
        model_.layers[i].attention = *attention;
      }
    }
    return std::nullopt;
  }

  Result<Attention> attention_of(std::size_t layer, bool window) const {
    const auto heads = numbers_.of_layer("attention.head_count", layer);
    const auto kv_heads = numbers_.of_layer("attention.head_count_kv", layer).value_or(heads.value_or(0));
    if (!heads || *heads < 1 || *heads > 1 << 20 || kv_heads < 0 || kv_heads > 1 << 20)
      return bad("attention.head_count", "expected the heads of layer " + std::to_string(layer));
    const std::int64_t whole = model_.widths.embedding / *heads;
    const auto width = [&](const char* name) {
      const std::int64_t full = numbers_.find(std::string("attention.") + name).value_or(whole);
      return window ? numbers_.find(std::string("attention.") + name + "_swa").value_or(full) : full;
    };
    const std::int64_t key = width("key_length"), value = width("value_length");
    if (key < 1 || key > 1 << 20 || value < 0 || value > 1 << 20)
      return bad("attention.key_length", "expected the width of a head");
    const bool latent = numbers_.or_zero("attention.key_length_mla") > 0;
    return Attention{key * kv_heads, latent ? 0 : value * kv_heads, window};
  }

  /// source  llama.cpp, src/llama-hparams.cpp: n_embd_r, n_embd_s
  [[nodiscard]] State state() const {
    const std::int64_t embedding = model_.widths.embedding;
    if (const auto head = numbers_.find("wkv.head_size"))
      return {numbers_.find("token_shift_count").value_or(2) * embedding, embedding * *head};
    if (const auto cached = numbers_.find("shortconv.l_cache"))
      return {embedding * std::max<std::int64_t>(*cached - 1, 0), 0};
    const std::int64_t taps = std::max<std::int64_t>(numbers_.or_zero("ssm.conv_kernel") - 1, 0);
    const std::int64_t heads = numbers_.or_zero("attention.head_count");
    if (const auto head = numbers_.find("kda.head_dim")) return {3 * taps * heads * *head, *head * *head * heads};
    const std::int64_t inner = numbers_.or_zero("ssm.inner_size"), size = numbers_.or_zero("ssm.state_size");
    return {taps * (inner + 2 * numbers_.or_zero("ssm.group_count") * size), size * inner};
  }

  void read_widths() {
    Widths& widths = model_.widths;
    for (std::size_t i = 0; i < model_.layers.size(); ++i) {
      const std::int64_t heads = numbers_.of_layer("attention.head_count", i).value_or(0);
      widths.heads = std::max(widths.heads, heads);
      widths.feed_forward = std::max(widths.feed_forward, numbers_.of_layer("feed_forward_length", i).value_or(0));
      if (model_.layers[i].state) widths.recurrent = std::max(widths.recurrent, parts_[i].first_projection);
      if (!model_.layers[i].attention) continue;
      const std::int64_t head = widths.embedding / std::max<std::int64_t>(heads, 1);
      widths.queries = std::max(widths.queries, heads * numbers_.find("attention.key_length").value_or(head));
      widths.keys = std::max(widths.keys, model_.layers[i].attention->key_width);
    }
    if (numbers_.or_zero("attention.key_length_mla") > 0)
      widths.latent_values = widths.heads * numbers_.or_zero("attention.value_length");
    if (widths.recurrent > 0) {
      widths.inner = numbers_.find("ssm.inner_size").value_or(widths.embedding);
      widths.convolution = widths.inner + 2 * numbers_.or_zero("ssm.group_count") * numbers_.or_zero("ssm.state_size");
    }
    widths.experts_used = numbers_.or_zero("expert_used_count");
    if (numbers_.or_zero("expert_count") > 0)
      widths.experts = widths.experts_used * numbers_.find("expert_feed_forward_length").value_or(widths.feed_forward);
    const bool all_experts = std::all_of(model_.layers.begin(), model_.layers.end(),
                                         [](const Layer& layer) { return layer.experts > Bytes(0); });
    if (all_experts) widths.feed_forward = 0;
    const auto most = std::max_element(by_type_.begin(), by_type_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != by_type_.end()) model_.type = most->first;
  }

  const gguf::File& file_;
  std::string architecture_;
  Numbers numbers_;
  Model model_;
  std::vector<Parts> parts_;
  std::map<std::string, Bytes> by_type_;
  Bytes embeddings_;
  bool tied_ = true;
};

}  // namespace

Bytes on_cuda(const gguf::Type& type, std::int64_t row, std::int64_t rows) {
  Bytes bytes = gguf::size_of(type, saturated(Wide(row) * rows));
  if (type.block > 1 && row % kRowPadding != 0) bytes += gguf::size_of(type, kRowPadding - row % kRowPadding);
  return Bytes(round_up(bytes.count(), kAlignment));
}

Result<Model> describe(const gguf::File& file, const std::string& name) { return Describer(file, name).describe(); }

Result<Bytes> projector_weights(const gguf::File& file, const std::string& name) {
  if (file.text("general.architecture") != "clip")
    return Error{ErrorCode::kBadInput, name, "it is no vision tower with a projector", "give the mmproj file"};
  Bytes bytes;
  for (const gguf::Tensor& tensor : file.tensors) bytes += on_cuda(*tensor.type, tensor.shape[0], rows_of(tensor));
  return bytes;
}

}  // namespace vram::llamacpp
