// What is unmistakable is read first: vLLM's own spelling, then phrases, cards, figures; the words that remain name the
// model. A rule takes whole words and never looks at words that another has taken.
#include "options/ask.h"

#include <algorithm>

#include "formula/profiles.h"
#include "hardware/catalogue.h"
#include "hardware/embedded.h"
#include "hardware/names.h"
#include "options/ask_model.h"
#include "options/ask_phrases.h"
#include "units/text.h"
#include "vllm/arguments.h"

namespace vram::options {
namespace {

using Part = Understood::Part;
constexpr std::size_t kMostText = 4000;
constexpr std::size_t kMostGpuWords = 5;

json::Value source(std::string name) {
  json::Object object;
  object.set("source", json::Value(std::move(name)));
  return json::Value(std::move(object));
}

/// "vllm serve Qwen/Qwen3-8B -tp 2", after whatever a shell had in front of it.
bool take_launch_line(Reading& reading) {
  Words& words = reading.words;
  std::size_t begin = words.size();
  for (std::size_t i = 0; i + 1 < words.size() && begin == words.size(); ++i)
    if (words.is(i, {"vllm"}) && words.is(i + 1, {"serve"})) begin = i;
  if (begin == words.size()) return false;
  std::vector<std::string> typed;
  for (std::size_t i = begin; i < words.size(); ++i) {
    std::string word = words[i].typed;
    std::erase(word, '\\');
    if (word.size() > 1 && (word.front() == '\'' || word.front() == '"') && word.back() == word.front())
      word = word.substr(1, word.size() - 2);
    if (!word.empty()) typed.push_back(word);
  }
  const auto line = vllm::read_launch_line(typed, reading.engine);
  if (!line) {
    reading.asked.hints.push_back(line.error().sentence());
    return false;
  }
  if (!line->model.empty()) {
    reading.asked.request.set("model", source(line->model));
    reading.asked.understood.push_back({Part::kModel, line->model, line->model});
  }
  for (const auto& [name, value] : line->arguments.members()) reading.args.set(name, value);
  reading.note(Part::kArgument, begin, words.size() - begin, "a launch line");
  return true;
}

/// "Qwen/Qwen3-8B", "https://huggingface.co/Qwen/Qwen3-8B/tree/main".
bool take_address(Reading& reading) {
  for (std::size_t i = 0; i < reading.words.size(); ++i) {
    if (!reading.words.unread(i)) continue;
    std::string_view name = reading.words[i].typed;
    const std::size_t scheme = name.find("://");
    if (scheme != std::string_view::npos) {
      name.remove_prefix(scheme + 3);
      name.remove_prefix(std::min(name.find('/'), name.size() - 1) + 1);
    }
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos || slash == 0 || slash + 1 == name.size()) continue;
    const std::size_t end = std::min(name.find_first_of("/?#", slash + 1), name.size());
    const std::string found(name.substr(0, end));
    reading.asked.request.set("model", source(found));
    reading.note(Part::kModel, i, 1, found);
    return true;
  }
  return false;
}

/// Whether a card could be meant: its letters and digits stand in an id of the catalogue.
bool could_be_gpu(const std::vector<std::string>& keys, const std::string& text) {
  for (const hardware::Reading& reading : hardware::readings(text)) {
    const std::string key = hardware::read_name(reading.name).key;
    if (key.size() < 2) continue;
    for (const std::string& known : keys)
      if (known.find(key) != std::string::npos) return true;
  }
  return false;
}

bool take_gpu(Reading& reading) {
  std::vector<std::string> keys;
  for (const auto& [id, text] : hardware::embedded_gpus()) keys.push_back(hardware::read_name(id).key);
  Words& words = reading.words;
  for (std::size_t count = std::min(kMostGpuWords, words.size()); count > 0; --count)
    for (std::size_t i = 0; i + count <= words.size(); ++i) {
      if (!words.unread(i, count) || is_filler(words[i].lowered) || is_filler(words[i + count - 1].lowered)) continue;
      const std::string text = words.joined(i, count);
      if (text.find_first_of("0123456789") == std::string::npos || !could_be_gpu(keys, text)) continue;
      const auto found = hardware::find_gpu(text, text);
      if (!found) {
        if (found.error().code == ErrorCode::kBadInput && reading.asked.hints.empty())
          reading.asked.hints.push_back(found.error().sentence());
        continue;
      }
      json::Object gpu;
      gpu.set("name", json::Value(found->gpu.id));
      if (found->count > 1) gpu.set("count", json::Value(found->count));
      reading.asked.request.set("gpu", json::Value(std::move(gpu)));
      reading.note(Part::kGpu, i, count, std::to_string(found->count) + " × " + found->gpu.name);
      return true;
    }
  return false;
}

/// "24 GB" by itself: a card of that size, as cards are sold.
void take_memory(Reading& reading) {
  Words& words = reading.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words.unread(i)) continue;
    const bool apart = words.is(i + 1, {"gb", "gib"});
    std::string_view number = words[i].lowered;
    if (!apart) {
      if (!number.ends_with("gb") && !number.ends_with("gib")) continue;
      number = number.substr(0, number.find('g'));
    }
    const auto size = read_number(number);
    constexpr double kMost = 1e5;
    if (!size || *size <= 0 || *size > kMost) continue;
    json::Object gpu;
    gpu.set("total_bytes", json::Value(std::int64_t(*size * double(kGiB))));
    reading.asked.request.set("gpu", json::Value(std::move(gpu)));
    reading.note(Part::kGpu, i, apart ? 2 : 1, "a card of " + fixed(*size, 2) + " GiB");
    return;
  }
}

/// What the earlier tool asks for, said in words: "8b fp8, 36 layers, 8 kv heads of 128".
struct Figure {
  std::string_view name;
  std::string_view words;  // after the number, joined by '+'
};
constexpr Figure kFigures[] = {{"layers", "layers"}, {"kv_heads", "kv+heads"}, {"kv_heads", "kv-heads"}};

std::optional<std::size_t> figure_at(const Words& words, std::size_t i, std::string_view names) {
  std::size_t count = 1;
  while (!names.empty()) {
    const std::string_view part = names.substr(0, names.find('+'));
    names.remove_prefix(std::min(part.size() + 1, names.size()));
    if (!words.is(i + count, {part})) return std::nullopt;
    ++count;
  }
  return count;
}

bool says_figures(const Words& words) {
  bool layers = false, heads = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    layers = layers || (words.is(i, {"layers"}) && i > 0 && read_integer(words[i - 1].typed));
    heads = heads || words.is(i, {"heads", "kv-heads"});
  }
  return layers && heads;
}

void take_figures(Reading& reading) {
  Words& words = reading.words;
  json::Object formula;
  const auto keep = [&](std::string_view name, json::Value value, std::size_t at, std::size_t count) {
    reading.note(Part::kFigure, at, count, std::string(name));
    formula.set(std::string(name), std::move(value));
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words.unread(i)) continue;
    const auto number = read_integer(words[i].typed);
    for (const Figure& figure : kFigures)
      if (const auto count = number && words.unread(i) ? figure_at(words, i, figure.words) : std::nullopt)
        keep(figure.name, json::Value(*number), i, *count);
    if (words.is(i, {"of", "dim"}) && words.unread(i + 1) && read_integer(words[i + 1].typed))
      keep("head_dim", json::Value(*read_integer(words[i + 1].typed)), i, 2);
    const std::string& word = words[i].lowered;
    const auto billion = word.ends_with('b') ? read_number(word.substr(0, word.size() - 1)) : std::nullopt;
    if (billion && words.unread(i)) keep("params_billion", json::Value(*billion), i, 1);
    if (words.is(i, {"fp16", "bf16", "fp8", "mxfp8", "int8", "int4", "fp4", "mxfp4"}))
      keep("quant", json::Value(word), i, 1);
  }
  if (const json::Value* kv = reading.args.find("kv_cache_dtype")) formula.set("kv_dtype", *kv);
  json::Object model;
  model.set("formula", json::Value(std::move(formula)));
  reading.asked.request.set("model", json::Value(std::move(model)));
  if (const json::Value* tokens = reading.args.find("max_model_len")) {
    json::Object workload;
    workload.set("concurrent_requests", json::Value(1));
    workload.set("context_tokens", *tokens);
    reading.asked.request.set("workload", json::Value(std::move(workload)));
  }
  reading.args = {};
}

void take_profile(Reading& reading) {
  for (std::size_t i = 0; i < reading.words.size(); ++i)
    for (const auto& [name, profile] : formula::built_in_profiles())
      if (name != formula::kDefaultProfile && reading.words.is(i, {name})) {
        reading.asked.request.set("profile", json::Value(name));
        reading.note(Part::kProfile, i, 1, name);
      }
}

void name_model(Reading& reading) {
  const auto model = take_model(reading.words);
  if (!model) return;
  reading.asked.request.set("model", source(model->name));
  reading.asked.understood.push_back({Part::kModel, model->words, model->name});
  if (model->quantization.empty()) return;
  reading.args.set("quantization", json::Value(model->quantization));
  reading.asked.understood.push_back({Part::kArgument, model->quantization, "--quantization " + model->quantization});
}

/// A model on N cards runs on N, unless the sizes were said.
void spread_over_cards(Reading& reading) {
  const json::Value* gpu = reading.asked.request.find("gpu");
  const json::Value* count = gpu ? gpu->find("count") : nullptr;
  for (const char* said : {"tensor_parallel_size", "pipeline_parallel_size", "data_parallel_size"})
    if (reading.args.find(said)) return;
  if (!count || !reading.asked.request.find("model")) return;
  reading.args.set("tensor_parallel_size", *count);
  reading.asked.understood.push_back(
      {Part::kArgument, "", "--tensor-parallel-size " + std::to_string(*count->integer())});
}

/// Requests without a length are of the length the set-up allows.
void complete_workload(Reading& reading) {
  const json::Value* workload = reading.asked.request.find("workload");
  if (!workload || workload->find("context_tokens")) return;
  json::Object object = *workload->object();
  if (const json::Value* tokens = reading.args.find("max_model_len")) {
    object.set("context_tokens", *tokens);
    reading.asked.request.set("workload", json::Value(std::move(object)));
    return;
  }
  reading.asked.request.erase("workload");
  reading.asked.hints.push_back("say how long each request is, as in 64 requests of 8K");
}

}  // namespace

std::string_view word(Part part) {
  switch (part) {
    case Part::kModel:
      return "model";
    case Part::kGpu:
      return "gpu";
    case Part::kEngine:
      return "engine";
    case Part::kArgument:
      return "argument";
    case Part::kWorkload:
      return "workload";
    case Part::kProfile:
      return "profile";
    case Part::kFigure:
      return "figure";
  }
  return "";
}

Asked ask(std::string_view text) {
  Reading reading{Words(text.substr(0, kMostText)), vllm::newest(), {}, {}};
  take_release(reading);
  if (!take_launch_line(reading)) {
    take_arguments(reading);
    take_workload(reading);
    take_phrases(reading);
    take_profile(reading);
    const bool address = take_address(reading);
    if (!take_gpu(reading)) take_memory(reading);
    take_bare_length(reading);
    if (!address && says_figures(reading.words))
      take_figures(reading);
    else if (!address)
      name_model(reading);
  }
  spread_over_cards(reading);
  complete_workload(reading);
  if (!reading.args.members().empty()) reading.asked.request.set("args", json::Value(reading.args));
  reading.asked.not_understood = reading.words.left();
  return std::move(reading.asked);
}

}  // namespace vram::options
