#include "logs/read.h"

#include <algorithm>

#include "logs/clean.h"
#include "logs/ending.h"
#include "logs/match.h"
#include "logs/python.h"

namespace vram::logs {
namespace {

constexpr std::size_t kLongestLine = 256u << 10;
constexpr std::size_t kMostSightings = 100'000;
constexpr std::size_t kMostProof = 2'000;
constexpr std::size_t kShown = 300;

/// The word behind `words`, up to a blank or one of `ends`.
std::string_view word_behind(std::string_view text, std::string_view words, std::string_view ends) {
  const std::size_t at = text.find(words);
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + words.size());
  return text.substr(0, text.find_first_of(ends));
}

void keep_first(Said& kept, std::string_view text, std::int64_t line) {
  if (!kept && !text.empty()) kept = {std::string(text), line};
}

/// The text of a member; "None" where it is null or not there.
std::string_view text_of(const json::Object& object, std::string_view name) {
  const json::Value* value = object.find(name);
  return value && value->string() ? std::string_view(*value->string()) : std::string_view();
}

/// One start, line by line.
class Gathering {
 public:
  explicit Gathering(std::int64_t first_line) { start_.first_line = first_line; }

  /// Whether this start has ended, so that the line of another one's beginning is not this one's.
  [[nodiscard]] bool ended() const { return ending_.ended(start_.stage); }

  void add(std::string_view line, std::int64_t number) {
    start_.last_line = number;
    proves_ = false;
    read_names(line, number);
    read_arguments(line, number);
    // A printed configuration names the operators of every platform.
    const bool configuration = number == start_.args_line || number == start_.config_line;
    start_.rocm = start_.rocm || (!configuration && line.find("rocm") != std::string_view::npos);
    read_numbers(line, number);
    proves_ = ending_.add(line, message(line), number, start_.stage) || proves_;
    if (proves_ && start_.proof.size() < kMostProof)
      start_.proof.push_back({number, std::string(message(line).substr(0, kShown))});
  }

  StartUp finish() {
    settle_config();
    settle_graphs();
    settle_max_model_len();
    settle_utilization();
    ending_.settle(start_);
    return std::move(start_);
  }

 private:
  void reach(Stage stage) {
    start_.stage = std::max(start_.stage, stage);
    proves_ = true;
  }

  void name(Said& kept, std::string_view text, std::int64_t number) {
    if (text.empty() || kept) return;
    keep_first(kept, text, number);
    proves_ = true;
  }

  void read_names(std::string_view line, std::int64_t number) {
    name(start_.version, word_behind(line, "vLLM API server version ", " "), number);
    if (line.find("Initializing a") != std::string_view::npos)
      name(start_.version, word_behind(line, "LLM engine (v", ") "), number);
    if (line.find("\u2588") != std::string_view::npos) {  // the banner of 0.18 and later
      name(start_.version, word_behind(line, "  version ", " "), number);
      name(start_.model, word_behind(line, "  model   ", " "), number);
    }
    name(start_.device_name, word_behind(line, "device_name=", ".,]\")' "), number);
  }

  void read_arguments(std::string_view line, std::int64_t number) {
    constexpr std::string_view kArgs = "non-default args: ", kNamespace = "Namespace(", kConfig = " with config: ";
    const auto behind = [&](std::string_view words) {
      const std::size_t at = line.find(words);
      return at == std::string_view::npos ? std::string_view() : line.substr(at + words.size());
    };
    if (start_.args_line == 0) {
      start_.args = read_dict(behind(kArgs));
      if (start_.args.members().empty() && !behind(kNamespace).empty()) start_.args = read_keywords(behind(kNamespace));
      if (!start_.args.members().empty()) start_.args_line = number;
      proves_ = proves_ || start_.args_line != 0;
    }
    if (start_.config_line == 0 && line.find("Initializing a") != std::string_view::npos && !behind(kConfig).empty()) {
      start_.config = read_keywords(behind(kConfig));
      start_.config_line = number;
      reach(Stage::kConfigured);
    }
    if (!start_.model && line.find("Starting to load model ") != std::string_view::npos) {
      std::string_view model = word_behind(line, "Starting to load model ", " ");
      if (model.ends_with("...")) model.remove_suffix(3);
      keep_first(start_.model, model, number);
      proves_ = true;
    }
  }

  void read_numbers(std::string_view line, std::int64_t number) {
    const std::size_t before = start_.sightings.size();
    for (const Wording& wording : wordings()) {
      const auto found = match(line, wording.words);
      if (!found) continue;
      for (std::size_t i = 0; i < wording.facts.size(); ++i) {
        const Fact fact = wording.facts[i];
        const auto seen = [&](const Sighting& sighting) { return sighting.fact == fact; };
        const auto here = start_.sightings.begin() + std::ptrdiff_t(before);
        if (fact == Fact::kNothing || std::any_of(here, start_.sightings.end(), seen)) continue;
        if (start_.sightings.size() >= kMostSightings) return;
        start_.sightings.push_back({fact, found->numbers[i], number, std::string(process(line, found->at))});
        reach(stage_of(fact));
      }
    }
  }

  static Stage stage_of(Fact fact) {
    switch (fact) {
      case Fact::kModelLoading:
        return Stage::kLoaded;
      case Fact::kAvailableKv:
      case Fact::kKvReserved:
      case Fact::kBudget:
        return Stage::kProfiled;
      case Fact::kKvTokens:
      case Fact::kConcurrency:
      case Fact::kGpuBlocks:
        return Stage::kKvSized;
      default:
        return Stage::kNothing;
    }
  }

  void settle_config() {
    const json::Object& config = start_.config;
    const std::int64_t line = start_.config_line;
    if (line > 0) {
      if (const auto model = text_of(config, "model"); !model.empty()) start_.model = {std::string(model), line};
      keep_first(start_.dtype, text_of(config, "dtype"), line);
      keep_first(start_.quantization, text_of(config, "quantization"), line);
      keep_first(start_.kv_cache_dtype, text_of(config, "kv_cache_dtype"), line);
    }
    state_resolved(Fact::kTensorParallel, "tensor_parallel_size");
    state_resolved(Fact::kPipelineParallel, "pipeline_parallel_size");
    state_resolved(Fact::kDataParallel, "data_parallel_size");
    for (const std::string_view name : {"model", "model_tag"})
      keep_first(start_.model, text_of(start_.args, name), start_.args_line);
  }

  void state(Fact fact, const json::Object& object, std::string_view name, std::int64_t line) {
    const json::Value* value = object.find(name);
    if (const auto number = value ? value->number() : std::nullopt)
      start_.sightings.push_back({fact, *number, line, ""});
  }

  /// As the engine resolved it; as it was typed where the engine does not print it.
  void state_resolved(Fact fact, std::string_view name) {
    const bool printed = start_.config.find(name) != nullptr;
    state(fact, printed ? start_.config : start_.args, name, printed ? start_.config_line : start_.args_line);
  }

  /// Newer releases capture graphs twice, first to measure them: what is captured before the cache has its size is
  /// that.
  void settle_graphs() {
    std::int64_t sized = 0;
    for (const Fact fact : {Fact::kKvTokens, Fact::kAvailableKv})
      for (const Sighting& sighting : start_.sightings)
        if (sized == 0 && sighting.fact == fact) sized = sighting.line;
    for (Sighting& sighting : start_.sightings)
      if (sighting.fact == Fact::kGraphs && sighting.line < sized) sighting.fact = Fact::kGraphsProfiled;
  }

  /// The one that the engine ran with: a draft prints its own, and an early line may be overridden.
  void settle_max_model_len() {
    std::vector<Sighting> lines;
    std::erase_if(start_.sightings, [&](const Sighting& sighting) {
      if (sighting.fact == Fact::kMaxModelLen) lines.push_back(sighting);
      return sighting.fact == Fact::kMaxModelLen;
    });
    const std::size_t before = start_.sightings.size();
    for (const Sighting& sighting : start_.sightings)
      if (sighting.fact == Fact::kFittedMaxLen) {
        start_.sightings.push_back({Fact::kMaxModelLen, sighting.number, sighting.line, ""});
        return;
      }
    state(Fact::kMaxModelLen, start_.config, "max_seq_len", start_.config_line);
    if (start_.sightings.size() > before) return;
    for (const Sighting& sighting : start_.sightings)
      if (sighting.fact == Fact::kConcurrencyLength) {
        start_.sightings.push_back({Fact::kMaxModelLen, sighting.number, sighting.line, ""});
        return;
      }
    if (!lines.empty()) return start_.sightings.push_back(lines.front());
    state(Fact::kMaxModelLen, start_.args, "max_model_len", start_.args_line);
  }

  /// Messages round it; what was typed is exact.
  void settle_utilization() {
    const std::size_t before = start_.sightings.size();
    state(Fact::kUtilization, start_.args, "gpu_memory_utilization", start_.args_line);
    if (start_.sightings.size() == before) return;
    const Sighting typed = start_.sightings.back();
    start_.sightings.pop_back();
    std::erase_if(start_.sightings, [](const Sighting& sighting) { return sighting.fact == Fact::kUtilization; });
    start_.sightings.push_back(typed);
  }

  StartUp start_;
  Ending ending_;
  bool proves_ = false;
};

/// Whether `line` is where a start begins, as far as one that has ended is concerned.
bool begins(std::string_view line) {
  return line.find("vLLM API server version ") != std::string_view::npos ||
         line.find("non-default args: ") != std::string_view::npos ||
         (line.find("Initializing a") != std::string_view::npos &&
          line.find(" with config: ") != std::string_view::npos);
}

}  // namespace

std::vector<double> StartUp::stated(Fact fact) const {
  std::vector<double> different;
  for (const Sighting& sighting : sightings)
    if (sighting.fact == fact && std::find(different.begin(), different.end(), sighting.number) == different.end())
      different.push_back(sighting.number);
  return different;
}

std::optional<double> StartUp::first(Fact fact) const {
  for (const Sighting& sighting : sightings)
    if (sighting.fact == fact) return sighting.number;
  return std::nullopt;
}

std::vector<StartUp> read(std::string_view text) {
  std::vector<StartUp> found;
  std::int64_t number = 1;
  Gathering gathering(number);
  for (; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string line = plain(text.substr(0, std::min(end, kLongestLine)));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (gathering.ended() && begins(line)) {
      found.push_back(gathering.finish());
      gathering = Gathering(number);
    }
    gathering.add(line, number);
  }
  found.push_back(gathering.finish());
  return found;
}

}  // namespace vram::logs
