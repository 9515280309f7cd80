#include "llamacpp/windows.h"

namespace vram::llamacpp {
namespace {

/// An architecture's rule: of every `period` layers one, the first or the last, sees everything.
struct Rule {
  std::string_view architecture;
  std::int64_t period;        // 0: the metadata's pattern says it for each layer; 1: no layer has a window
  bool dense_first = false;   // the one that sees everything is the first
  std::int64_t fallback = 0;  // window where the metadata states none; 0: then no layer has one
  std::int64_t always = 0;    // window whatever the metadata states, unless it states 0
};

constexpr std::int64_t kEvery = std::int64_t{1} << 30;  // a period that no model reaches: every layer has a window

constexpr Rule kRules[] = {
    {"afmoe", 4},
    {"cohere2", 4},
    {"cohere2moe", 4, true},
    {"exaone-moe", 4, false, 128},
    {"exaone4", 4, false, 4096},
    {"gemma2", 2, false, 4096},
    {"gemma3", 6},
    {"gemma3n", 5},
    {"gemma4", 0},
    {"gpt-oss", 2},
    {"granite_swa", 0},
    {"laguna", 4, true},
    {"lfm2", kEvery},
    {"llama4", 4, false, 8192, 8192},
    {"mellum", 4},
    {"mimo2", 0},
    {"muse-glimmer", 4},
    {"olmo2", 4},
    {"plamo3", 8},
    {"smallthinker", 4, true, 0, 4096},
    {"step35", 0},
};

const Rule* rule_of(std::string_view architecture) {
  for (const Rule& rule : kRules)
    if (rule.architecture == architecture) return &rule;
  return nullptr;
}

/// EXAONE 4's small model has none: the large one is told by its layers.
constexpr std::size_t kLargeExaone4 = 64;

}  // namespace

Result<Windows> windows_of(const gguf::File& file, std::size_t layers) {
  const std::string architecture = file.text("general.architecture");
  const auto key = [&](const char* name) { return architecture + ".attention." + name; };
  const auto stated = file.integer(key("sliding_window"));
  Windows windows{Tokens(0), std::vector<bool>(layers, false)};
  const Rule* rule = rule_of(architecture);
  if (!rule || (architecture == "exaone4" && layers != kLargeExaone4)) return windows;
  if (stated ? *stated <= 0 : rule->fallback == 0) return windows;
  windows.size = Tokens(rule->always ? rule->always : stated.value_or(rule->fallback));

  const gguf::Field* pattern = file.find(key("sliding_window_pattern"));
  if (const json::Array* each = pattern ? pattern->value.array() : nullptr) {
    if (each->size() < layers)
      return Error{ErrorCode::kBadInput, key("sliding_window_pattern"),
                   "it has " + std::to_string(each->size()) + " layers, the model " + std::to_string(layers), ""};
    for (std::size_t i = 0; i < layers; ++i) {
      const bool* flag = (*each)[i].boolean();
      const std::int64_t* number = (*each)[i].integer();
      windows.layers[i] = flag ? *flag : number && *number != 0;
    }
    return windows;
  }
  const std::int64_t period = file.integer(key("sliding_window_pattern")).value_or(rule->period);
  if (period <= 0) return Windows{Tokens(0), std::move(windows.layers)};
  for (std::size_t i = 0; i < layers; ++i) {
    const std::int64_t place = std::int64_t(i) % period;
    windows.layers[i] = rule->dense_first ? place != 0 : place < period - 1;
  }
  return windows;
}

}  // namespace vram::llamacpp
