// golden_test [--known FILE] [--given] [--arch NAME] [--config PREFIX] [--version V] [--field NAME] [--show N]
// [--configs DIR]... FILE...
//
// Re-plans every golden line (answers of vLLM's own code) and compares field by field. Prints a table of
// architectures against fields; a line passes when every field that it states is equal.
//   --known  lines that differ, an id and its fields each: the test fails when another differs, or when one of them
//            no longer does
//   --given  takes vLLM's own derived defaults from the line instead of resolving them, so that weights and caches can
//   be judged alone
#include <cstdio>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "json/fields.h"
#include "json/write.h"
#include "memory/kv_groups.h"
#include "plan/exact.h"
#include "units/text.h"
#include "vllm/release.h"

namespace vram {
namespace {

struct Options {
  bool given = false, table = true;
  std::string architecture, config, version, field, known;
  int show = 0;
  std::vector<std::string> config_folders, files;
};

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::optional<ModelSource> source_of(const std::string& name, const Options& options) {
  for (const std::string& folder : options.config_folders) {
    const std::string text = read_file(folder + '/' + name + ".json");
    if (text.empty()) continue;
    auto source = read_config_json(text, name, "config.json");
    if (source) {
      source->without_weights = true;  // the lines were made from config.json alone
      return *std::move(source);
    }
    std::fprintf(stderr, "%s\n", source.error().sentence().c_str());
  }
  return std::nullopt;
}

/// What a line states, and what we answer, by field name; both as text, so that a mismatch can be shown.
using Answers = std::map<std::string, std::string>;

std::string text_of(const json::Value* value) { return value ? json::write_line(*value) : "absent"; }

void expect(Answers& answers, const std::string& field, const json::Value* value) {
  if (value) answers[field] = json::write_line(*value);
}

constexpr const char* kDerived[] = {"max_model_len",
                                    "max_num_batched_tokens",
                                    "max_num_seqs",
                                    "enable_chunked_prefill",
                                    "enable_prefix_caching",
                                    "quantization",
                                    "cache_dtype",
                                    "gpu_memory_utilization",
                                    "async_scheduling",
                                    "mamba_cache_mode",
                                    "model_runner_v2",
                                    "max_concurrent_batches",
                                    "cudagraph_mode",
                                    "max_cudagraph_capture_size",
                                    "cudagraph_capture_sizes_count",
                                    "dtype"};

std::string group_text(const json::Value& group) {
  std::string kind = *group.find("kind")->string();
  if (kind.starts_with("Uniform")) kind = "Uniform";
  std::string text = kind + ' ' + text_of(group.find("layers")) + " x " + text_of(group.find("page_size_bytes")) +
                     " / " + text_of(group.find("block_size"));
  if (const json::Value* window = group.find("sliding_window")) text += " window " + text_of(window);
  if (const json::Value* chunk = group.find("attention_chunk_size")) text += " chunk " + text_of(chunk);
  return text;
}

Answers expected_answers(const json::Value& line) {
  Answers answers;
  const json::Value* refused_early = line.find("refused_before_planning");
  const json::Value& kv = *line.find("kv");
  if (refused_early) {
    answers["refusal"] = text_of(kv.find("error"));
    return answers;
  }
  expect(answers, "weights", line.find("weights_bytes_per_rank"));
  expect(answers, "weights_pp", line.find("weights_bytes_by_pp_rank"));
  expect(answers, "parameters", line.find("num_parameters_per_rank"));
  expect(answers, "draft_weights", line.find("draft_weights_bytes_per_rank"));
  expect(answers, "lora", line.find("lora_slot_bytes_per_rank"));
  expect(answers, "quantised_weights", line.find("weights_bytes_after_quantising_per_rank"));
  if (const json::Value* derived = line.find("derived")) {
    for (const char* field : kDerived) {
      const json::Value* value = derived->find(field);
      if (value && value->string() && *value->string() == "None") continue;  // 0.9.2 has no cudagraph_mode
      expect(answers, std::string("derived.") + field, value);
    }
    if (const json::Value* backends = derived->find("attention_backends");
        backends && !backends->object()->members().empty())
      expect(answers, "backends", backends);
    expect(answers, "layout", derived->find("kv_cache_layout"));
    expect(answers, "block_after_backend", derived->find("block_size_after_backend"));
  }
  if (const json::Value* groups = kv.find("groups")) {
    std::string text;
    for (const json::Value& group : *groups->array()) text += (text.empty() ? "" : ", ") + group_text(group);
    answers["groups"] = text;
  }
  if (kv.find("refused") && *kv.find("refused")->boolean()) answers["refusal"] = text_of(kv.find("error"));
  expect(answers, "num_blocks", kv.find("num_blocks"));
  expect(answers, "block_size", kv.find("block_size"));
  expect(answers, "tokens", kv.find("tokens"));
  expect(answers, "concurrency", kv.find("max_concurrency"));
  expect(answers, "printed", kv.find("max_concurrency_printed"));
  expect(answers, "len_used", kv.find("max_model_len_used"));
  expect(answers, "per_request", kv.find("blocks_per_request_by_group"));
  expect(answers, "needed", kv.find("bytes_needed_for_max_model_len"));
  expect(answers, "estimated", kv.find("estimated_max_model_len"));
  expect(answers, "bytes_per_block", kv.find("bytes_per_block_per_pp_rank"));
  expect(answers, "pool", kv.find("kv_pool_bytes_per_pp_rank"));
  expect(answers, "messages", kv.find("planner_messages"));
  return answers;
}

const char* vllm_kind(memory::KvSpec::Kind kind) {
  using Kind = memory::KvSpec::Kind;
  switch (kind) {
    case Kind::kFull:
      return "FullAttentionSpec";
    case Kind::kSinkFull:
      return "SinkFullAttentionSpec";
    case Kind::kReferenceWindow:
      return "RSWASpec";
    case Kind::kMla:
      return "MLAAttentionSpec";
    case Kind::kHiddenState:
      return "HiddenStateCacheSpec";
    case Kind::kSlidingWindow:
      return "SlidingWindowSpec";
    case Kind::kSlidingWindowMla:
      return "SlidingWindowMLASpec";
    case Kind::kChunkedLocal:
      return "ChunkedLocalAttentionSpec";
    case Kind::kCircularBuffer:
      return "CircularBufferSpec";
    case Kind::kCross:
      return "CrossAttentionSpec";
    case Kind::kMamba:
      return "MambaSpec";
  }
  return "";
}

std::string group_text(const memory::KvGroup& group) {
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  std::string text = std::string(group.uniform_type ? "Uniform" : vllm_kind(group.spec.kind)) + ' ' +
                     number(group.layers) + " x " + number(group.page.count()) + " / " +
                     number(group.spec.block_size.count());
  if (!group.uniform_type && group.spec.window) text += " window " + number(group.spec.window->count());
  if (!group.uniform_type && group.spec.chunk) text += " chunk " + number(group.spec.chunk->count());
  return text;
}

template <class Items, class Each>
std::string list(const Items& items, Each each) {
  json::Array array;
  for (const auto& item : items) array.push_back(json::Value(each(item)));
  return json::write_line(json::Value(std::move(array)));
}

std::string one_or_list(const std::vector<Bytes>& bytes) {
  bool alike = true;
  for (const Bytes b : bytes) alike = alike && b == bytes.front();
  if (bytes.empty()) return "[]";
  return alike ? std::to_string(bytes.front().count()) : list(bytes, [](Bytes b) { return b.count(); });
}

void add_kv(const memory::KvPlan& plan, bool groups_heard, Answers& answers) {
  std::string groups;
  for (const memory::KvGroup& group : plan.groups) groups += (groups.empty() ? "" : ", ") + group_text(group);
  answers["groups"] = groups;
  if (plan.refusal) answers["refusal"] = json::write_line(json::Value(*plan.refusal));
  const auto number = [](std::int64_t n) { return std::to_string(n); };
  answers["num_blocks"] = number(plan.num_blocks);
  answers["block_size"] = number(plan.block_size.count());
  answers["tokens"] = number(plan.tokens.count());
  answers["concurrency"] = json::write_line(json::Value(plan.max_concurrency));
  answers["printed"] = json::write_line(json::Value(memory::printed_concurrency(plan.max_concurrency)));
  answers["len_used"] = number(plan.max_model_len.count());
  answers["per_request"] = list(plan.blocks_per_request, [](std::int64_t n) { return n; });
  answers["needed"] = one_or_list(plan.needed);
  answers["estimated"] = plan.estimated_max_model_len ? number(plan.estimated_max_model_len->count()) : "absent";
  answers["bytes_per_block"] = list(plan.bytes_per_block, [](Bytes b) { return b.count(); });
  answers["pool"] = list(plan.pool, [](Bytes b) { return b.count(); });
  // The oracle of 0.33 groups the layers before it begins to listen.
  std::vector<std::string> messages = groups_heard ? plan.grouping_log : std::vector<std::string>{};
  messages.insert(messages.end(), plan.log.begin(), plan.log.end());
  answers["messages"] = list(messages, [](const std::string& s) { return s; });
}

/// A tower is left out when its modalities are limited to nothing.
memory::Towers given_towers(const json::Fields& args) {
  const json::Fields limits = args.inner("limit_mm_per_prompt");
  const bool text_only = args.flag_or("language_model_only", false);
  const auto served = [&](std::string_view modality) { return !text_only && limits.count_or(modality, 1) > 0; };
  return {.image = served("image"),
          .video = served("video"),
          .vision_chunk = served("vision_chunk"),
          .audio = served("audio")};
}

/// The deployment as the line's own "derived" states it.
plan::Deployment given_deployment(const json::Value& line, const vllm::Engine& engine, const hardware::Gpu& gpu) {
  const json::Fields args(*line.find("deployment"), "deployment"), derived(*line.find("derived"), "derived");
  plan::Deployment d;
  d.engine = engine;
  d.gpu = gpu;
  d.parallel.tensor = args.count_or("tensor_parallel_size", 1, 1);
  d.parallel.pipeline = args.count_or("pipeline_parallel_size", 1, 1);
  d.parallel.data = args.count_or("data_parallel_size", 1, 1);
  d.parallel.expert = args.flag_or("enable_expert_parallel", false);
  d.build.dtype = read_dtype(derived.text_or("dtype", "bfloat16")).value_or(Dtype::kBfloat16);
  d.build.as_of = engine.as_of;
  d.build.capability = gpu.capability.major * 10 + gpu.capability.minor;
  d.build.quantization = args.text_or("quantization", "");
  if (args.flag_or("enable_lora", false)) d.lora.emplace();
  d.build.pooling = args.text_or("runner", "") == "pooling";
  d.model_runner_v2 = derived.flag_or("model_runner_v2", false);
  d.towers = given_towers(args);
  d.build.disable_sliding_window = args.flag_or("disable_sliding_window", false);
  memory::KvSettings& kv = d.kv;
  kv.model_dtype = d.build.dtype;
  kv.cache_dtype = derived.text_or("cache_dtype", "auto");
  kv.cache_dtype_skip_layers = args.texts("kv_cache_dtype_skip_layers");
  if (args.has("block_size")) kv.block_size = Tokens(args.count("block_size"));
  kv.max_model_len = Tokens(derived.count_or("max_model_len", 0));
  d.build.max_model_len = kv.max_model_len.count();
  kv.fit_max_model_len = args.has("max_model_len") && *args.find("max_model_len")->integer() == -1;
  kv.max_num_batched_tokens = derived.count_or("max_num_batched_tokens", 0);
  kv.max_num_seqs = derived.count_or("max_num_seqs", 0);
  kv.max_concurrent_batches = derived.count_or("max_concurrent_batches", 1);
  kv.prefix_caching = derived.flag_or("enable_prefix_caching", false);
  kv.hybrid_manager = !derived.flag_or("disable_hybrid_kv_cache_manager", false);
  kv.mamba_cache_mode = derived.text_or("mamba_cache_mode", "");
  kv.mamba_conv_dtype = read_dtype(args.text_or("mamba_cache_dtype", ""));
  kv.mamba_state_dtype = read_dtype(args.text_or("mamba_ssm_cache_dtype", ""));
  kv.decode_context_parallel = args.count_or("decode_context_parallel_size", 1);
  const json::Fields speculative = args.inner("speculative_config");
  kv.speculative_tokens = speculative.count_or("num_speculative_tokens", 0);
  kv.speculative_method = speculative.text_or("method", "");
  kv.num_gpu_blocks_override = args.maybe_count("num_gpu_blocks_override");
  return d;
}

void add_derived(const plan::Deployment& d, Answers& answers) {
  const auto flag = [](bool b) { return std::string(b ? "true" : "false"); };
  const auto text = [](const std::string& s) { return s.empty() ? std::string("absent") : '"' + s + '"'; };
  answers["derived.max_model_len"] = std::to_string(d.kv.max_model_len.count());
  answers["derived.max_num_batched_tokens"] = std::to_string(d.kv.max_num_batched_tokens);
  answers["derived.max_num_seqs"] = std::to_string(d.kv.max_num_seqs);
  answers["derived.enable_chunked_prefill"] = flag(d.chunked_prefill);
  answers["derived.enable_prefix_caching"] = flag(d.kv.prefix_caching);
  answers["derived.quantization"] = text(d.quantization);
  answers["derived.cache_dtype"] = text(d.kv.cache_dtype);
  answers["derived.gpu_memory_utilization"] = python_float(d.gpu_memory_utilization);
  answers["derived.async_scheduling"] = flag(d.async_scheduling);
  answers["derived.mamba_cache_mode"] = text(d.kv.mamba_cache_mode);
  answers["derived.model_runner_v2"] = flag(d.model_runner_v2);
  answers["derived.max_concurrent_batches"] = std::to_string(d.kv.max_concurrent_batches);
  answers["derived.cudagraph_mode"] = text(d.cudagraph_mode);
  answers["derived.dtype"] = '"' + std::string(name(d.build.dtype)) + '"';
  answers["derived.cudagraph_capture_sizes_count"] = std::to_string(d.cudagraph_capture_sizes.size());
  answers["derived.max_cudagraph_capture_size"] =
      std::to_string(d.cudagraph_capture_sizes.empty() ? 0 : d.cudagraph_capture_sizes.back());
}

std::optional<plan::DraftSource> given_draft(const json::Value& deployment, const Options& options) {
  const json::Fields arguments(deployment, "deployment");
  if (!arguments.has("speculative_config")) return std::nullopt;
  const json::Fields speculative = arguments.inner("speculative_config");
  plan::DraftSource draft{speculative.text_or("method", ""), nullptr};
  if (auto source = source_of(speculative.text_or("model", ""), options))
    draft.source = std::make_shared<const ModelSource>(*std::move(source));
  return draft;
}

Answers our_answers(const json::Value& line, const ModelSource& source, const Options& options) {
  Answers answers;
  const auto engine = vllm::read_engine(*line.find("vllm_version")->string());
  const json::Fields fields(line, "line");
  const auto capability = fields.counts("compute_capability");
  hardware::Gpu gpu;
  gpu.name = gpu.driver_name = fields.text_or("gpu", "");
  gpu.total = gpu.driver_total = Bytes(*line.find("gpu_total_bytes")->integer());
  gpu.capability = {int(capability[0]), int(capability[1])};
  const auto fail = [&](const Error& error) {
    answers["refusal"] =
        json::write_line(json::Value(error.code == ErrorCode::kRefused ? error.problem : error.sentence()));
    return answers;
  };
  plan::Deployment deployment;
  ModelSource patched = source;
  if (options.given && line.find("derived")) {
    deployment = given_deployment(line, *engine, gpu);
    deployment.draft = given_draft(*line.find("deployment"), options);
    if (const json::Value* overrides = line.find("deployment")->find("hf_overrides"))
      patched.config = json::merge_patch(patched.config, *overrides);
  } else {
    const plan::Surroundings around{[&](std::string_view name) { return source_of(std::string(name), options); }, {}};
    auto resolved = plan::resolve(source, *line.find("deployment")->object(), *engine, gpu, around);
    if (!resolved) return fail(resolved.error());
    deployment = *std::move(resolved);
  }
  add_derived(deployment, answers);
  auto exact = plan::derive(patched, std::move(deployment));
  if (!exact) return fail(exact.error());
  answers["derived.cache_dtype"] = '"' + exact->deployment.kv.cache_dtype + '"';
  answers["weights"] = std::to_string(exact->placed->weights.front().total().count());
  answers["weights_pp"] = list(exact->placed->weights, [](const memory::Weights& w) { return w.total().count(); });
  answers["parameters"] = std::to_string(exact->placed->weights.front().elements);
  const auto& loaded = exact->placed->quantised.empty() ? exact->placed->weights : exact->placed->quantised;
  answers["quantised_weights"] = std::to_string(loaded.front().total().count());
  if (!exact->placed->lora_slots.empty()) answers["lora"] = std::to_string(exact->placed->lora_slots.front().count());
  if (exact->placed->draft_weights)
    answers["draft_weights"] = std::to_string(exact->placed->draft_weights->total().count());
  json::Object backends;
  for (const auto& [name, layers] : exact->caches->specs.front().backends.layers)
    backends.set(name, json::Value(layers));
  answers["backends"] = json::write_line(json::Value(std::move(backends)));
  answers["block_after_backend"] = std::to_string(exact->caches->specs.front().backends.block_size.count());
  answers["layout"] = '"' + exact->caches->specs.front().backends.layout + '"';
  if (const json::Value* available = line.find("gpu_memory_available_for_kv_bytes")) {
    const std::vector<Bytes> each(exact->stages().size(), Bytes(*available->integer()));
    add_kv(plan::plan_kv(*exact, each), !memory::groups_before_profiling(engine->as_of), answers);
  }
  return answers;
}

struct Tally {
  int lines = 0, passed = 0;
  std::map<std::string, std::pair<int, int>> fields;  // passed, stated
};

class Run {
 public:
  explicit Run(Options options) : options_(std::move(options)) {}

  void line(const json::Value& line) {
    const std::string config = *line.find("config")->string(), version = *line.find("vllm_version")->string();
    if (!options_.version.empty() && version != options_.version) return;
    if (!options_.config.empty() && config.find(options_.config) == std::string::npos) return;
    if (options_.given && line.find("refused_before_planning")) return;
    auto source = source_of(config, options_);
    if (!source) return void(++missing_);
    if (!options_.architecture.empty() && source->architecture.find(options_.architecture) == std::string::npos) return;
    const Answers expected = expected_answers(line), ours = our_answers(line, *source, options_);
    std::string differing;
    Tally& tally = by_architecture_[source->architecture];
    for (const auto& [field, value] : expected) {
      if (options_.given && field.starts_with("derived.")) continue;
      if (!options_.field.empty() && !field.starts_with(options_.field)) continue;
      const auto found = ours.find(field);
      const bool equal = found != ours.end() && found->second == value;
      for (Tally* each : {&tally, &all_, &by_version_[version]}) {
        auto& [passed, stated] =
            each->fields[field.starts_with("derived.") && options_.field.empty() ? "derived" : field];
        passed += equal;
        ++stated;
      }
      if (!equal && shown_ < options_.show) {
        ++shown_;
        std::printf("%s %s %s\n  %s: expected %s\n  %*s  found    %s\n", line.find("id")->string()->c_str(),
                    config.c_str(), text_of(line.find("deployment")).c_str(), field.c_str(),
                    value.substr(0, 900).c_str(), int(field.size()), "",
                    found == ours.end() ? (ours.contains("refusal") ? ours.at("refusal").c_str() : "nothing")
                                        : found->second.substr(0, 900).c_str());
      }
      if (!equal) differing += (differing.empty() ? "" : ",") + field;
    }
    for (Tally* each : {&tally, &all_, &by_version_[version]}) {
      ++each->lines;
      each->passed += differing.empty();
    }
    if (!differing.empty()) differing_[*line.find("id")->string()] = config + '\t' + differing;
  }

  int finish() const {
    const auto row = [](const std::string& name, const Tally& tally) {
      std::string fields;
      for (const auto& [field, counts] : tally.fields)
        if (counts.first != counts.second)
          fields += "  " + field + ' ' + std::to_string(counts.first) + '/' + std::to_string(counts.second);
      std::printf("%-40s %5d /%5d%s\n", name.c_str(), tally.passed, tally.lines, fields.c_str());
    };
    for (const auto& [name, tally] : by_architecture_) row(name, tally);
    for (const auto& [name, tally] : by_version_) row("vLLM " + name, tally);
    row("all", all_);
    if (missing_) std::printf("%d lines without their config\n", missing_);
    if (!options_.known.empty()) return judge_known();
    return all_.passed == all_.lines && all_.lines > 0 ? 0 : 1;
  }

 private:
  /// 0 when the lines that differ are those of the file.
  int judge_known() const {
    std::map<std::string, std::string> known;
    std::ifstream in(options_.known);
    for (std::string text; std::getline(in, text);)
      if (!text.empty() && text[0] != '#') known[text.substr(0, text.find('\t'))] = text;
    int wrong = missing_ + (all_.lines == 0);
    for (const auto& [id, fields] : differing_)
      if (!known.contains(id)) {
        ++wrong;
        std::printf("differs: %s\t%s\n", id.c_str(), fields.c_str());
      }
    for (const auto& [id, text] : known)
      if (!differing_.contains(id)) {
        ++wrong;
        std::printf("no longer differs, take it out: %s\n", text.c_str());
      }
    return wrong == 0 ? 0 : 1;
  }

  std::map<std::string, std::string> differing_;  // id -> config and fields
  Options options_;
  std::map<std::string, Tally> by_architecture_, by_version_;
  Tally all_;
  int shown_ = 0, missing_ = 0;
};

}  // namespace
}  // namespace vram

int main(int argc, char** argv) {
  vram::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] { return std::string(i + 1 < argc ? argv[++i] : ""); };
    if (word == "--given")
      options.given = true;
    else if (word == "--known")
      options.known = next();
    else if (word == "--arch")
      options.architecture = next();
    else if (word == "--config")
      options.config = next();
    else if (word == "--version")
      options.version = next();
    else if (word == "--field")
      options.field = next();
    else if (word == "--show")
      options.show = std::stoi(next());
    else if (word == "--configs")
      options.config_folders.push_back(next());
    else
      options.files.push_back(word);
  }
  vram::Run run(options);
  for (const std::string& file : options.files) {
    std::ifstream in(file);
    for (std::string text; std::getline(in, text);) {
      const auto line = vram::json::parse(text, file);
      if (line) run.line(*line);
    }
  }
  return run.finish();
}
