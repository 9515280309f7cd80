// Each phrase is a row: the words that name it, on either side of its value. The value's kind tells "fp8 kv" from
// "64 kv".
#include "options/ask_phrases.h"

#include <algorithm>
#include <array>
#include <span>

#include "json/write.h"
#include "units/text.h"
#include "vllm/arguments.h"

namespace vram::options {
namespace {

enum class Value : std::uint8_t { kTokens, kShare, kCount, kFormat };

struct Phrase {
  std::string_view argument;
  Value value;
  std::string_view names;  // separated by blanks; several words of one name joined by '+'
};

constexpr Phrase kPhrases[] = {
    {"max_num_batched_tokens", Value::kTokens, "batched+tokens batched batch+tokens mbt"},
    {"max_model_len", Value::kTokens,
     "max+context max+model+len max+len context+length context+window ctx context length len tokens"},
    {"gpu_memory_utilization", Value::kShare,
     "gpu+memory+utilization memory+utilization utilization utilisation util mem gmu"},
    {"tensor_parallel_size", Value::kCount, "tensor+parallel tp"},
    {"pipeline_parallel_size", Value::kCount, "pipeline+parallel pp"},
    {"data_parallel_size", Value::kCount, "data+parallel dp"},
    {"max_num_seqs", Value::kCount, "max+num+seqs max+seqs seqs sequences"},
    {"block_size", Value::kCount, "block+size"},
    {"kv_cache_dtype", Value::kFormat, "kv+cache+dtype kv+cache kv+dtype kv"},
};

constexpr std::string_view kFormats[] = {"fp8", "fp8_e4m3", "fp8_e5m2", "fp8_inc", "auto", "bf16", "bfloat16", "nvfp4"};

/// The value that `typed` is for a phrase of that kind.
std::optional<json::Value> value_of(Value kind, const Word& word) {
  switch (kind) {
    case Value::kTokens:
      if (const auto tokens = tokens_in(word.typed)) return json::Value(*tokens);
      return std::nullopt;
    case Value::kShare:
      if (const auto share = share_in(word.typed)) return json::Value(*share);
      return std::nullopt;
    case Value::kCount:
      if (const auto count = read_integer(word.typed); count && *count >= 1 && *count <= 1'000'000)
        return json::Value(*count);
      return std::nullopt;
    case Value::kFormat:
      if (std::ranges::find(kFormats, word.lowered) == std::end(kFormats)) return std::nullopt;
      return json::Value(word.lowered == "bf16" ? std::string("bfloat16") : word.lowered);
  }
  return std::nullopt;
}

/// How many words from `i` on are the name "batched+tokens"; 0 when they are not.
std::size_t name_at(const Words& words, std::size_t i, std::string_view name) {
  std::size_t count = 0;
  while (!name.empty()) {
    const std::string_view part = name.substr(0, name.find('+'));
    name.remove_prefix(std::min(part.size() + 1, name.size()));
    if (!words.is(i + count, {part})) return 0;
    ++count;
  }
  return count;
}

std::string flag(std::string_view argument) {
  std::string text = "--";
  for (const char c : argument) text += c == '_' ? '-' : c;
  return text;
}

void set(Reading& reading, std::string_view argument, const json::Value& value, std::size_t at, std::size_t count) {
  const std::string* text = value.string();
  reading.note(Understood::Part::kArgument, at, count, flag(argument) + ' ' + (text ? *text : json::write_line(value)));
  reading.args.set(std::string(argument), value);
}

/// 32k is 32,000: most people who write it mean the other.
void hint_small_k(Reading& reading, std::size_t at) {
  const std::string& typed = reading.words[at].typed;
  if (typed.size() < 2 || typed.back() != 'k') return;
  const std::string number = typed.substr(0, typed.size() - 1);
  const auto small = tokens_in(typed), large = tokens_in(number + 'K');
  if (small && large)
    reading.asked.hints.push_back(typed + " is " + with_commas(*small) + " as vLLM reads it; " + number + "K is " +
                                  with_commas(*large));
}

bool take_named(Reading& reading, const Phrase& phrase, std::string_view name) {
  Words& words = reading.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t count = name_at(words, i, name);
    if (count == 0) continue;
    const bool before = i > 0 && words.unread(i - 1), after = words.unread(i + count);
    const std::size_t filler = after && words.is(i + count, {"of", "at", "to", "="}) ? 1 : 0;
    const auto front = before ? value_of(phrase.value, words[i - 1]) : std::nullopt;
    const auto back =
        words.unread(i + count, filler + 1) ? value_of(phrase.value, words[i + count + filler]) : std::nullopt;
    if (front) {
      if (phrase.value == Value::kTokens) hint_small_k(reading, i - 1);
      set(reading, phrase.argument, *front, i - 1, count + 1);
      return true;
    }
    if (back) {
      if (phrase.value == Value::kTokens) hint_small_k(reading, i + count + filler);
      set(reading, phrase.argument, *back, i, count + filler + 1);
      return true;
    }
  }
  return false;
}

/// "tp2", "tp=2": the name and its number in one word.
bool take_glued(Reading& reading, const Phrase& phrase, std::string_view name) {
  for (std::size_t i = 0; i < reading.words.size(); ++i) {
    const std::string& word = reading.words[i].lowered;
    if (!reading.words.unread(i) || !word.starts_with(name) || name.find('+') != std::string_view::npos) continue;
    std::string_view rest = std::string_view(word).substr(name.size());
    if (rest.starts_with('=')) rest.remove_prefix(1);
    const auto value = value_of(phrase.value, {std::string(rest), std::string(rest)});
    if (!value) continue;
    set(reading, phrase.argument, *value, i, 1);
    return true;
  }
  return false;
}

/// "0.19" -> "0.19.0", the release that it means; dev builds and dates stay as they are.
std::string in_full(const vllm::Engine& engine) {
  const std::string_view version = std::string_view(engine.version).substr(engine.version.starts_with('v') ? 1 : 0);
  for (const vllm::Release& release : vllm::releases())
    if (release.version == version || release.version == std::string(version) + ".0")
      return std::string(release.version);
  return std::string(version);
}

/// The words of one argument in vLLM's spelling from `i` on: how many, and what they set.
struct Spelled {
  std::size_t count;
  vllm::LaunchLine line;
};

std::optional<Spelled> spelled_at(const Reading& reading, std::size_t i) {
  const Words& words = reading.words;
  std::string first = words[i].typed;
  if (!first.starts_with('-')) {
    const std::string_view name = std::string_view(first).substr(0, first.find('='));
    const bool several = name.find_first_of("-_") != std::string_view::npos || first.find('=') != std::string::npos;
    if (!several || !vllm::find_argument(name)) return std::nullopt;
    first = "--" + first;
  }
  for (const std::size_t count : {std::size_t{2}, std::size_t{1}}) {
    if (!words.unread(i, count)) continue;
    std::vector<std::string> line = {first};
    if (count == 2) line.push_back(words[i + 1].typed);
    const auto read = vllm::read_launch_line(line, reading.engine);
    if (read && read->model.empty() && !read->arguments.members().empty()) return Spelled{count, *read};
  }
  return std::nullopt;
}

}  // namespace

void Reading::note(Understood::Part part, std::size_t at, std::size_t count, std::string meaning) {
  asked.understood.push_back({part, words.take(at, count), std::move(meaning)});
}

void take_release(Reading& reading) {
  Words& words = reading.words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i].lowered;
    const bool named = words.is(i, {"vllm", "version"});
    const bool glued = words.unread(i) && word.size() > 3 && word[0] == 'v' && word[1] == '0' && word[2] == '.';
    if (!glued && !(named && words.unread(i + 1))) continue;
    const std::size_t at = glued ? i : i + 1;
    auto engine = vllm::read_engine(words[at].lowered);
    if (!engine) continue;
    reading.engine = *engine;
    const std::string version = in_full(*engine);
    json::Object object;
    object.set("version", json::Value(version));
    reading.asked.request.set("engine", json::Value(std::move(object)));
    reading.note(Understood::Part::kEngine, i, at - i + 1, version);
    return;
  }
}

void take_arguments(Reading& reading) {
  for (std::size_t i = 0; i < reading.words.size(); ++i) {
    if (!reading.words.unread(i)) continue;
    const auto spelled = spelled_at(reading, i);
    if (!spelled) continue;
    std::string meaning;
    for (const auto& [name, value] : spelled->line.arguments.members()) {
      const std::string* text = value.string();
      const bool* yes = value.boolean();
      meaning = flag(name) + (yes && *yes ? "" : ' ' + (text ? *text : json::write_line(value)));
      reading.args.set(name, value);
    }
    reading.note(Understood::Part::kArgument, i, spelled->count, meaning);
  }
}

void take_workload(Reading& reading) {
  Words& words = reading.words;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words.is(i, {"longest", "max", "maximum"}) && words.is(i + 1, {"context", "ctx"}) &&
        !(words.unread(i + 2) && tokens_in(words[i + 2].typed))) {
      reading.note(Understood::Part::kWorkload, i, 2, "the longest context");
      continue;
    }
    const auto requests = words.unread(i) ? read_integer(words[i].typed) : std::nullopt;
    std::size_t at = i + 1;
    if (words.is(at, {"concurrent", "parallel"})) ++at;
    const bool named = words.is(at, {"requests", "request", "users", "user", "sessions"}) || at > i + 1;
    if (!requests || *requests < 1 || !named) continue;
    if (words.is(at, {"requests", "request", "users", "user", "sessions"})) ++at;
    const std::size_t link = words.is(at, {"of", "at", "x", "×", "with"}) ? 1 : 0;
    const auto tokens = words.unread(at, link + 1) ? tokens_in(words[at + link].typed) : std::nullopt;
    json::Object workload;
    workload.set("concurrent_requests", json::Value(*requests));
    std::string meaning = with_commas(*requests) + " requests";
    if (tokens) {
      hint_small_k(reading, at + link);
      workload.set("context_tokens", json::Value(*tokens));
      meaning += " of " + with_commas(*tokens) + " tokens";
      at += link + 1;
      if (words.is(at, {"tokens", "ctx", "context"})) ++at;
    }
    reading.asked.request.set("workload", json::Value(std::move(workload)));
    reading.note(Understood::Part::kWorkload, i, at - i, meaning);
    return;
  }
}

void take_phrases(Reading& reading) {
  for (const Phrase& phrase : kPhrases) {
    bool taken = reading.args.find(phrase.argument) != nullptr;
    for (std::string_view rest = phrase.names; !rest.empty() && !taken;) {
      const std::string_view name = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(name.size() + 1, rest.size()));
      taken = take_named(reading, phrase, name) || take_glued(reading, phrase, name);
    }
  }
  for (std::size_t i = 0; i < reading.words.size(); ++i) {
    const std::string& word = reading.words[i].typed;
    if (!reading.words.unread(i) || !word.ends_with('%') || reading.args.find("gpu_memory_utilization")) continue;
    if (const auto share = share_in(word)) set(reading, "gpu_memory_utilization", json::Value(*share), i, 1);
  }
}

void take_bare_length(Reading& reading) {
  for (std::size_t i = 0; i < reading.words.size(); ++i) {
    const std::string& word = reading.words[i].typed;
    if (!reading.words.unread(i) || reading.args.find("max_model_len")) continue;
    if (word.size() < 2 || std::string_view("kKM").find(word.back()) == std::string_view::npos) continue;
    const auto tokens = tokens_in(word);
    if (!tokens) continue;
    hint_small_k(reading, i);
    set(reading, "max_model_len", json::Value(*tokens), i, 1);
  }
}

}  // namespace vram::options
