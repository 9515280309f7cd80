#include "diagnosis/question.h"

#include <algorithm>
#include <cmath>

#include "hardware/catalogue.h"
#include "units/text.h"
#include "vllm/arguments.h"

namespace vram::diagnosis {
namespace {

using logs::Fact;

// An argument line of vLLM 0.9 or newer has what was typed; a Namespace has every argument with its default.
constexpr std::size_t kMostTyped = 60;

// What of the engine's resolved configuration is an argument too, under the name that the argument has.
struct Resolved {
  std::string_view printed, argument;
};
constexpr Resolved kResolved[] = {{"max_seq_len", "max_model_len"},
                                  {"dtype", "dtype"},
                                  {"tensor_parallel_size", "tensor_parallel_size"},
                                  {"pipeline_parallel_size", "pipeline_parallel_size"},
                                  {"data_parallel_size", "data_parallel_size"},
                                  {"enforce_eager", "enforce_eager"},
                                  {"kv_cache_dtype", "kv_cache_dtype"}};

// Of a Namespace, whose other members are mostly defaults.
constexpr std::string_view kTaken[] = {"max_model_len",        "dtype",
                                       "tensor_parallel_size", "pipeline_parallel_size",
                                       "data_parallel_size",   "gpu_memory_utilization",
                                       "max_num_seqs",         "max_num_batched_tokens",
                                       "enforce_eager",        "kv_cache_dtype",
                                       "block_size",           "quantization",
                                       "enable_prefix_caching"};

// Members of a compilation configuration that people set; a log prints all of it.
constexpr std::string_view kCompilation[] = {"cudagraph_mode", "cudagraph_capture_sizes"};

bool is_set(const json::Value& value) {
  return !value.is_null() && !(value.array() && value.array()->empty()) && !(value.string() && value.string()->empty());
}

json::Value compilation(const json::Value& printed) {
  json::Object kept;
  for (const std::string_view name : kCompilation)
    if (const json::Value* value = printed.find(name); value && is_set(*value)) kept.set(std::string(name), *value);
  return json::Value(std::move(kept));
}

/// Adds `value` unless the release does not take it.
void add(Question& question, std::string_view name, json::Value value) {
  if (name == "compilation_config") value = compilation(value);
  if (!is_set(value) || (value.object() && value.object()->members().empty())) return;
  json::Object one;
  one.set(std::string(name), std::move(value));
  const auto checked = vllm::read_arguments(one, question.form.engine);
  if (!checked) {
    question.left_out.emplace_back(name.substr(0, 60));
    return;
  }
  for (const auto& [key, typed] : checked->members()) question.form.args.set(key, typed);
}

void add_typed(const logs::StartUp& start, Question& question) {
  const auto& members = start.args.members();
  const bool all = members.size() > kMostTyped;
  for (const auto& [name, value] : members) {
    if (name == "model" || name == "model_tag") continue;
    if (!all || std::find(std::begin(kTaken), std::end(kTaken), name) != std::end(kTaken)) add(question, name, value);
  }
}

void add_resolved(const logs::StartUp& start, Question& question) {
  for (const Resolved& resolved : kResolved) {
    const json::Value* value = start.config.find(resolved.printed);
    const bool trivial = value && value->string() && *value->string() == "auto";
    if (value && !trivial && !question.form.args.find(resolved.argument)) add(question, resolved.argument, *value);
  }
  const json::Value* draft = start.config.find("speculative_config");
  if (!draft || !draft->object() || question.form.args.find("speculative_config")) return;
  json::Object typed;
  for (const auto& [name, value] : draft->object()->members())
    if (is_set(value)) typed.set(name == "num_spec_tokens" ? "num_speculative_tokens" : name, value);
  add(question, "speculative_config", json::Value(std::move(typed)));
}

/// From the numbers, what no line of arguments says.
void add_stated(const logs::StartUp& start, Question& question) {
  const auto fill = [&](std::string_view name, Fact fact) {
    const auto stated = start.stated(fact);
    if (stated.size() != 1 || question.form.args.find(name)) return;
    const bool whole = stated[0] == std::floor(stated[0]) && fact != Fact::kUtilization;
    add(question, name, whole ? json::Value(std::int64_t(stated[0])) : json::Value(stated[0]));
  };
  fill("gpu_memory_utilization", Fact::kUtilization);
  fill("max_num_batched_tokens", Fact::kMaxBatchedTokens);
  if (start.config_line == 0) fill("max_model_len", Fact::kMaxModelLen);
  if (start.config_line == 0) fill("tensor_parallel_size", Fact::kTensorParallel);
}

bool could_be(const hardware::Gpu& gpu, const logs::StartUp& start) {
  // How much of the host's memory is the GPU's is a setting, so that any total fits such a card.
  return gpu.memory != hardware::MemoryKind::kUnified && (gpu.vendor == hardware::Vendor::kAmd) == start.rocm;
}

/// The catalogue's cards whose driver reports a total that prints as `total`.
std::vector<hardware::Record> cards_of(double total_gib, const logs::StartUp& start) {
  constexpr Bytes kPrinted(kGiB / 100);  // lines round to 0.01 GiB
  const Bytes total = logs::bytes_of(total_gib);
  std::vector<hardware::Record> found;
  for (const hardware::Record& record : hardware::catalogue())
    if (could_be(record.gpu, start) && record.lowest - kPrinted <= total && total <= record.highest + kPrinted)
      found.push_back(record);
  return found;
}

std::string with_blanks(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

void guess_by_total(double total_gib, const logs::StartUp& start, Question& question) {
  const std::vector<hardware::Record> cards = cards_of(total_gib, start);
  const std::string why = "a total of " + python_float(total_gib) + " GiB";
  question.form.gpu.total = logs::bytes_of(total_gib);
  if (cards.empty()) return;
  std::string names;
  for (const hardware::Record& card : cards) names += (names.empty() ? "" : ", ") + card.gpu.id;
  const bool same_kind = std::all_of(cards.begin(), cards.end(), [&](const hardware::Record& card) {
    return card.gpu.capability == cards.front().gpu.capability && card.gpu.vendor == cards.front().gpu.vendor;
  });
  if (cards.size() > 1 && !same_kind) {
    question.guesses.push_back({"gpu", "one of " + names, why + "; --gpu says which"});
    return;
  }
  question.form.gpu.name = cards.front().gpu.id;
  question.guesses.push_back({"gpu", question.form.gpu.name,
                              why + (cards.size() > 1 ? ", which " + names + " have" : ", which no other has")});
}

void add_gpu(const logs::StartUp& start, const Told& told, Question& question) {
  options::GpuForm& gpu = question.form.gpu;
  const auto total = start.first(Fact::kTotal) ? start.first(Fact::kTotal) : start.first(Fact::kOomTotal);
  if (told.gpu) {
    gpu = *told.gpu;
    if (!gpu.total && total) gpu.total = logs::bytes_of(*total);
  } else if (start.device_name) {
    const auto found = hardware::find_gpu(with_blanks(start.device_name.text));
    if (found) {
      gpu.name = found->gpu.id;
      question.guesses.push_back({"gpu", gpu.name,
                                  "line " + std::to_string(start.device_name.line) + " looks for tuning of " +
                                      with_blanks(start.device_name.text)});
    }
    if (total) gpu.total = logs::bytes_of(*total);
    if (!found && total) guess_by_total(*total, start, question);
  } else if (total) {
    guess_by_total(*total, start, question);
  }
  // The catalogue's figure is exact where the log's, of two decimals, agrees with it.
  constexpr Bytes kPrinted(kGiB / 100);
  const auto named = gpu.name.empty() ? Result<hardware::GpuChoice>(Error{}) : hardware::find_gpu(gpu.name);
  if (named && gpu.total && named->gpu.total - kPrinted <= *gpu.total && *gpu.total <= named->gpu.total + kPrinted)
    gpu.total.reset();
  if (const auto free = start.stated(Fact::kFree); !free.empty())
    gpu.free = logs::bytes_of(*std::min_element(free.begin(), free.end()));
}

}  // namespace

std::vector<std::string> model_names(std::string_view said) {
  std::vector<std::string> names;
  const auto offer = [&](std::string name) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
  };
  offer(std::string(said));
  constexpr std::string_view kCached = "models--";
  if (const std::size_t at = said.find(kCached); at != std::string_view::npos) {
    const std::string_view behind = said.substr(at + kCached.size());
    std::string name(behind.substr(0, behind.find('/')));
    if (const std::size_t organisation = name.find("--"); organisation != std::string::npos)
      name.replace(organisation, 2, "/");
    offer(std::move(name));
  }
  while (said.ends_with('/')) said.remove_suffix(1);
  // The Hub's own renaming of 2024.
  constexpr std::string_view kRenamed = "Meta-Llama-3";
  if (const std::size_t at = said.find(kRenamed); at != std::string_view::npos)
    offer("meta-llama/" + std::string(said.substr(at + 5)));
  const std::size_t last = said.rfind('/');
  if (last != std::string_view::npos && last > 0) {
    const std::size_t before = said.rfind('/', last - 1);
    if (before != std::string_view::npos) offer(std::string(said.substr(before + 1)));
    offer(std::string(said.substr(last + 1)));
  }
  return names;
}

std::optional<hardware::Gpu> nearest_card(double total_gib, double share, const logs::StartUp& start) {
  std::optional<hardware::Gpu> nearest;
  const auto apart = [&](const hardware::Gpu& gpu) { return std::abs(gib(gpu.total) - total_gib) / total_gib; };
  for (const hardware::Record& record : hardware::catalogue())
    if (could_be(record.gpu, start) && apart(record.gpu) <= share && (!nearest || apart(record.gpu) < apart(*nearest)))
      nearest = record.gpu;
  return nearest;
}

Question question_of(const logs::StartUp& start, const Told& told) {
  Question question;
  if (told.engine) {
    question.form.engine = *told.engine;
  } else if (const auto engine =
                 start.version ? vllm::read_engine(start.version.text) : Result<vllm::Engine>(Error{})) {
    question.form.engine = *engine;
  } else {
    question.guesses.push_back({"engine.version", question.form.engine.version,
                                start.version
                                    ? "\"" + start.version.text.substr(0, 40) + "\" is no version that is known"
                                    : "no line names one; --vllm-version does"});
  }
  question.form.model.source = told.model.empty() ? start.model.text : told.model;
  add_typed(start, question);
  add_resolved(start, question);
  add_stated(start, question);
  for (const auto& [name, value] : told.args.members()) question.form.args.set(name, value);
  add_gpu(start, told, question);
  return question;
}

}  // namespace vram::diagnosis
