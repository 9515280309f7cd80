#include "llamacpp/settings.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "units/text.h"

namespace vram::llamacpp {
namespace {

enum class Kind { kCount, kCountOrAll, kType, kOnOff, kFlag, kText };

struct Row {
  std::string_view name;     // in JSON
  std::string_view aliases;  // on the command line, separated by blanks; a leading ! says the opposite
  Kind kind;
};

constexpr Row kRows[] = {
    {"batch_size", "-b --batch-size", Kind::kCount},
    {"cache_type_k", "-ctk --cache-type-k", Kind::kType},
    {"cache_type_v", "-ctv --cache-type-v", Kind::kType},
    {"ctx_size", "-c --ctx-size --num-ctx", Kind::kCount},
    {"fit", "-fit --fit", Kind::kOnOff},
    {"flash_attn", "-fa --flash-attn", Kind::kOnOff},
    {"kv_offload", "-kvo --kv-offload !-nkvo !--no-kv-offload", Kind::kFlag},
    {"kv_unified", "-kvu --kv-unified !-no-kvu !--no-kv-unified", Kind::kFlag},
    {"mmproj", "-mm --mmproj", Kind::kText},
    {"mmproj_auto", "--mmproj-auto !--no-mmproj !--no-mmproj-auto", Kind::kFlag},
    {"mmproj_offload", "--mmproj-offload !--no-mmproj-offload", Kind::kFlag},
    {"n_gpu_layers", "-ngl --n-gpu-layers --gpu-layers --num-gpu", Kind::kCountOrAll},
    {"parallel", "-np --parallel", Kind::kCount},
    {"swa_full", "--swa-full", Kind::kFlag},
    {"ubatch_size", "-ub --ubatch-size", Kind::kCount},
};

/// What the cache may be made of.
///   source  llama.cpp, common/arg.cpp: kv_cache_types
constexpr std::string_view kCacheTypes[] = {"f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"};
constexpr std::string_view kHubFlags[] = {"-hf", "-hfr", "--hf-repo"};
constexpr std::int64_t kMost = std::int64_t{1} << 31;
constexpr std::int64_t kMostSequences = 256;  // LLAMA_MAX_SEQ
constexpr std::int64_t kAllLayers = kMost;

Error bad(std::string_view place, std::string problem, std::string hint = "") {
  return {ErrorCode::kBadInput, std::string(place), std::move(problem), std::move(hint)};
}

struct Spelling {
  const Row* row = nullptr;
  bool negated = false;
};

Spelling spelled(std::string_view word) {
  for (const Row& row : kRows)
    for (std::string_view rest = row.aliases; !rest.empty();) {
      std::string_view alias = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(alias.size() + 1, rest.size()));
      const bool negated = alias.starts_with('!');
      if (negated) alias.remove_prefix(1);
      if (alias == word) return {&row, negated};
    }
  return {};
}

Error unknown(const std::string& word) {
  std::vector<std::string_view> known;
  for (const Row& row : kRows)
    for (std::string_view rest = row.aliases; !rest.empty();) {
      const std::string_view alias = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(alias.size() + 1, rest.size()));
      if (alias.starts_with("--")) known.push_back(alias);
    }
  const auto near = nearest(word, known);
  return bad(word, "llama.cpp has no such flag that counts for memory",
             near ? "did you mean " + std::string(*near) + '?' : "");
}

const Row* row_of(std::string_view name) {
  const auto found = std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& row) { return row.name == name; });
  return found == std::end(kRows) ? nullptr : found;
}

Result<std::int64_t> count_of(const json::Value& value, std::string_view place) {
  std::optional<std::int64_t> number;
  if (const std::int64_t* whole = value.integer()) number = *whole;
  if (const std::string* text = value.string()) {
    const auto read = read_count(*text, place);
    if (!read) return read.error();
    number = *read;
  }
  if (!number || *number < 0 || *number > kMost)
    return bad(place, "expected a whole number from 0 on, found " + json::describe(value));
  return *number;
}

Result<const gguf::Type*> type_of(const json::Value& value, std::string_view place) {
  const std::string* text = value.string();
  const bool known = text && std::find(std::begin(kCacheTypes), std::end(kCacheTypes), *text) != std::end(kCacheTypes);
  if (!known) return bad(place, "expected " + one_of(kCacheTypes) + ", found " + json::describe(value));
  return gguf::find_type(std::string_view(*text));
}

Result<bool> truth_of(const json::Value& value, std::string_view place) {
  if (const bool* truth = value.boolean()) return *truth;
  if (const std::string* text = value.string()) {
    if (*text == "on" || *text == "1" || *text == "true" || *text == "auto") return true;
    if (*text == "off" || *text == "0" || *text == "false") return false;
  }
  return bad(place, "expected on or off, found " + json::describe(value));
}

/// Fills one setting after the other and keeps the first problem.
class SettingsReader {
 public:
  void read(const std::string& name, const json::Value& value) {
    const Row* row = row_of(name);
    if (error_) return;
    if (!row) {
      std::vector<std::string_view> names;
      for (const Row& each : kRows) names.push_back(each.name);
      const auto near = nearest(name, names);
      error_ = bad("args: \"" + name.substr(0, 80) + '"', "llama.cpp has no such setting that counts for memory",
                   near ? "did you mean \"" + std::string(*near) + "\"?" : "known are " + one_of(names));
      return;
    }
    name_ = name;
    if (name == "ctx_size") {
      if (const std::int64_t tokens = count(value, 0)) settings_.context = Tokens(tokens);
    } else if (name == "parallel") {
      settings_.parallel = count(value, 1);
      if (*settings_.parallel > kMostSequences) refuse("expected at most 256 sequences");
    } else if (name == "batch_size") {
      settings_.batch = count(value, 1);
    } else if (name == "ubatch_size") {
      settings_.ubatch = count(value, 1);
    } else if (name == "n_gpu_layers") {
      read_layers(value);
    } else if (name == "cache_type_k" || name == "cache_type_v") {
      const auto type = type_of(value, name_);
      if (type)
        (name == "cache_type_k" ? settings_.type_k : settings_.type_v) = *type;
      else
        error_ = type.error();
    } else if (name == "mmproj") {
      if (value.string())
        settings_.projector = *value.string();
      else
        refuse("expected a file, found " + json::describe(value));
    } else {
      read_flag(value);
    }
  }

  Result<Settings> finish() {
    if (error_) return *std::move(error_);
    return std::move(settings_);
  }

 private:
  void refuse(std::string problem) {
    if (!error_) error_ = bad(name_, std::move(problem));
  }
  std::int64_t count(const json::Value& value, std::int64_t least) {
    const auto number = count_of(value, name_);
    if (!number && !error_) error_ = number.error();
    if (number && *number < least) refuse("expected a whole number from 1 on");
    return number && *number >= least ? *number : least;
  }
  void read_layers(const json::Value& value) {
    if (value.string() && *value.string() == "auto") return;
    if (value.string() && *value.string() == "all")
      settings_.gpu_layers = kAllLayers;
    else if (value.integer() && *value.integer() < 0)
      settings_.gpu_layers = *value.integer() == -1 ? std::nullopt : std::optional(kAllLayers);
    else
      settings_.gpu_layers = count(value, 0);
  }
  void read_flag(const json::Value& value) {
    const auto truth = truth_of(value, name_);
    if (!truth) {
      error_ = truth.error();
      return;
    }
    bool& flag = name_ == "fit"           ? settings_.fit
                 : name_ == "flash_attn"  ? settings_.flash_attention
                 : name_ == "kv_offload"  ? settings_.offload_cache
                 : name_ == "kv_unified"  ? settings_.unified
                 : name_ == "swa_full"    ? settings_.full_window
                 : name_ == "mmproj_auto" ? settings_.projector_beside
                                          : settings_.offload_projector;
    flag = *truth;
  }

  Settings settings_;
  std::string name_;
  std::optional<Error> error_;
};

}  // namespace

const gguf::Type& Settings::key_type() const { return type_k ? *type_k : *gguf::find_type("f16"); }
const gguf::Type& Settings::value_type() const { return type_v ? *type_v : *gguf::find_type("f16"); }

bool is_hub_flag(std::string_view word) { return std::ranges::find(kHubFlags, word) != std::end(kHubFlags); }

Result<LaunchWords> read_words(std::span<const std::string> words) {
  LaunchWords read;
  const auto serve = [&](const std::string& model) -> std::optional<Error> {
    if (!read.model.empty()) return bad('"' + model + '"', "one model is served, and \"" + read.model + "\" is it");
    read.model = model;
    return std::nullopt;
  };
  while (!words.empty()) {
    const std::string word = words.front();
    words = words.subspan(1);
    if (!word.starts_with('-')) {
      if (auto error = serve(word)) return *std::move(error);
      continue;
    }
    const std::size_t equals = word.find('=');
    // llama.cpp looks at the hub's models by a flag of their own, and chooses where no file is named.
    if (is_hub_flag(word)) {
      if (words.empty() || words.front().starts_with('-')) return bad(word, "expected org/name:Q4_K_M");
      const bool tagged = words.front().find(':') != std::string::npos;
      if (auto error = serve(words.front() + (tagged ? "" : ":"))) return *std::move(error);
      words = words.subspan(1);
      continue;
    }
    std::string name = word.substr(0, equals);
    if (name.starts_with("--")) std::replace(name.begin(), name.end(), '_', '-');
    const auto [row, negated] = spelled(name);
    if (!row) return unknown(name);
    if (row->kind == Kind::kFlag) {
      read.args.set(std::string(row->name), json::Value(!negated));
      continue;
    }
    std::optional<std::string> value;
    if (equals != std::string::npos) value = word.substr(equals + 1);
    if (!value && !words.empty()) {
      value = words.front();
      words = words.subspan(1);
    }
    if (!value) return bad(name, "expected a value, found nothing");
    const auto number = read_integer(*value);
    read.args.set(std::string(row->name), number ? json::Value(*number) : json::Value(*value));
  }
  return read;
}

Result<Settings> read_settings(const json::Object& given) {
  SettingsReader reader;
  for (const auto& [name, value] : given.members())
    if (!value.is_null()) reader.read(name, value);
  return reader.finish();
}

json::Object settings_json(const Settings& settings) {
  json::Object object;
  const auto maybe = [](const std::optional<std::int64_t>& number) {
    return number ? json::Value(*number) : json::Value();
  };
  object.set("ctx_size", settings.context ? json::Value(settings.context->count()) : json::Value());
  object.set("parallel", maybe(settings.parallel));
  object.set("batch_size", json::Value(settings.batch));
  object.set("ubatch_size", json::Value(settings.ubatch));
  object.set("cache_type_k", json::Value(settings.key_type().name));
  object.set("cache_type_v", json::Value(settings.value_type().name));
  object.set("n_gpu_layers", maybe(settings.gpu_layers));
  object.set("flash_attn", json::Value(settings.flash_attention));
  object.set("kv_unified", json::Value(settings.unified));
  object.set("swa_full", json::Value(settings.full_window));
  object.set("kv_offload", json::Value(settings.offload_cache));
  object.set("mmproj", settings.projector.empty() ? json::Value() : json::Value(settings.projector));
  return object;
}

}  // namespace vram::llamacpp
