#include "sweep/vllm_rows.h"

#include <algorithm>
#include <unordered_map>

#include "units/match.h"
#include "units/text.h"
#include "vllm/arguments.h"

namespace vram::sweep {
namespace {

constexpr std::size_t kLongestReason = std::string_view("free_memory_below_request").size();
constexpr Cell kFigures[] = {{"fits", false, 5},
                             {"reason", true, kLongestReason},
                             {"resolved_max_model_len"},
                             {"available_kv_bytes"},
                             {"tokens"},
                             {"max_concurrency"}};

constexpr std::string_view kGpuMemory = "gpu_memory_gib";
constexpr std::string_view kCheap[] = {
    "max_model_len",         "max_num_batched_tokens",  "max_num_seqs", "gpu_memory_utilization",
    "kv_cache_memory_bytes", "num_gpu_blocks_override", kGpuMemory};

/// As JSON spells it, else text: what an argument's own type then makes of it.
json::Value loose(const std::string& text) {
  auto value = json::parse(text, "");
  return value ? *std::move(value) : json::Value(text);
}

plan::Variation variation_of(std::string_view name, const json::Value& value) {
  plan::Variation variation;
  const double number = value.number().value_or(0);
  const auto whole = std::int64_t(std::clamp(number, -9e15, 9e15));
  if (name == "max_model_len") variation.sizes.max_model_len = whole;
  if (name == "max_num_batched_tokens") variation.sizes.max_num_batched_tokens = whole;
  if (name == "max_num_seqs") variation.sizes.max_num_seqs = whole;
  if (name == "gpu_memory_utilization") variation.gpu_memory_utilization = number;
  if (name == "kv_cache_memory_bytes") variation.kv_cache_memory_bytes = Bytes(whole);
  if (name == "num_gpu_blocks_override") variation.num_gpu_blocks_override = whole;
  return variation;
}

template <class T>
void take(std::optional<T>& mine, const std::optional<T>& other) {
  if (other) mine = other;
}

void merge(plan::Variation& mine, const plan::Variation& other) {
  take(mine.sizes.max_model_len, other.sizes.max_model_len);
  take(mine.sizes.max_num_batched_tokens, other.sizes.max_num_batched_tokens);
  take(mine.sizes.max_num_seqs, other.sizes.max_num_seqs);
  take(mine.gpu_memory_utilization, other.gpu_memory_utilization);
  take(mine.kv_cache_memory_bytes, other.kv_cache_memory_bytes);
  take(mine.num_gpu_blocks_override, other.num_gpu_blocks_override);
  take(mine.gpu_total, other.gpu_total);
}

/// A launch without the cheap axes, ready for them; or why none of its rows starts.
struct Prepared {
  std::optional<plan::Variations> variations;
  plan::Outcome refused;
};

plan::Outcome refusal(const Error& error) {
  plan::Outcome outcome;
  outcome.reason =
      error.code == ErrorCode::kUnsupported ? plan::Reason::kUnsupportedModel : plan::Reason::kInvalidArguments;
  return outcome;
}

class Writer {
 public:
  Writer(const Launches& launches, Format format)
      : launches_(launches), text_(format, launches.grid, kFigures), digits_(launches.grid.axes().size()) {
    for (std::size_t i = 0; i < digits_.size(); ++i)
      (is_variation(launches.grid.axes()[i].name) ? cheap_ : costly_).push_back(i);
  }

  void write(std::int64_t begin, std::int64_t end, std::string& out) {
    launches_.grid.place(begin, digits_);
    Prepared* prepared = nullptr;
    for (std::int64_t row = begin; row < end; ++row) {
      if (row > begin) {
        const std::size_t changed = launches_.grid.next(digits_);
        // Axes after the first that changed did too.
        if (!costly_.empty() && costly_.back() >= changed) prepared = nullptr;
      }
      if (!prepared) prepared = &prepare();
      write_row(*prepared, out);
    }
  }

 private:
  void write_row(Prepared& prepared, std::string& out) {
    const plan::Outcome* outcome = &prepared.refused;
    if (prepared.variations) {
      plan::Variation variation;
      for (const std::size_t axis : cheap_) merge(variation, *std::get_if<plan::Variation>(&change(axis)));
      outcome = &prepared.variations->at(variation);
    }
    text_.begin(digits_, out);
    text_.add(std::string_view(outcome->fits() ? "true" : "false"), out);
    text_.add(plan::name(outcome->reason), out);
    text_.add(outcome->max_model_len.count(), out);
    text_.add(outcome->available.count(), out);
    text_.add(outcome->tokens.count(), out);
    text_.add(outcome->max_concurrency, out);
    text_.end(out);
  }

  [[nodiscard]] const Change& change(std::size_t axis) const { return launches_.changes[axis][digits_[axis]]; }

  Prepared& prepare() {
    std::int64_t key = 0;
    for (const std::size_t axis : costly_)
      key = key * std::int64_t(launches_.grid.axes()[axis].values.size()) + std::int64_t(digits_[axis]);
    const auto found = prepared_.find(key);
    if (found != prepared_.end()) return found->second;
    if (prepared_.size() >= kMostPrepared) prepared_.clear();
    plan::Request request = launches_.base;
    for (const std::size_t axis : costly_)
      match(
          change(axis), [](const plan::Variation&) {},
          [&](const json::Object& args) {
            for (const auto& [name, value] : args.members()) request.args.set(name, value);
          },
          [&](const std::shared_ptr<const ModelSource>& model) { request.model = model; },
          [&](const plan::GpuChoice& gpu) {
            request.gpu = gpu.gpu;
            request.gpu_count = gpu.count;
          });
    Prepared made;
    auto variations = plan::Variations::of(request, deriver_);
    if (variations)
      made.variations = *std::move(variations);
    else
      made.refused = refusal(variations.error());
    return prepared_.emplace(key, std::move(made)).first->second;
  }

  static constexpr std::size_t kMostPrepared = 1024;

  const Launches& launches_;
  RowText text_;
  std::vector<std::size_t> digits_, cheap_, costly_;
  plan::Deriver deriver_{64};
  std::unordered_map<std::int64_t, Prepared> prepared_;  // by the values of the costly axes
};

}  // namespace

bool is_variation(std::string_view name) { return std::ranges::find(kCheap, name) != std::end(kCheap); }

Result<Change> read_change(std::string_view name, const std::string& value, const vllm::Engine& engine) {
  const std::string place = "--vary " + std::string(name);
  if (name == kGpuMemory) {
    const auto gib = read_number(value);
    if (!gib || *gib <= 0 || *gib > 1e6)
      return Error{ErrorCode::kBadInput, place, "expected GiB over 0, found \"" + value + '"', ""};
    plan::Variation variation;
    variation.gpu_total = Bytes(std::int64_t(*gib * double(kGiB)));
    return Change(variation);
  }
  json::Object given;
  given.set(std::string(name), loose(value));
  auto typed = vllm::read_arguments(given, engine);
  if (!typed) return typed.error();
  if (!is_variation(name)) return Change(*std::move(typed));
  const json::Value* number = typed->find(name);
  if (!number || !number->number())
    return Error{ErrorCode::kBadInput, place, "expected a number, found \"" + value + '"', ""};
  return Change(variation_of(name, *number));
}

Result<Launches> launches_of(plan::Request base, Grid grid, const LookUp& look_up) {
  Launches launches{std::move(base), std::move(grid), {}};
  for (const Axis& axis : launches.grid.axes()) {
    std::vector<Change>& changes = launches.changes.emplace_back();
    const bool looked_up = axis.name == "model" || axis.name == "gpu";
    for (const std::string& value : axis.values) {
      auto change = looked_up ? look_up(axis.name, value) : read_change(axis.name, value, launches.base.engine);
      if (!change) return change.error();
      changes.push_back(*std::move(change));
    }
  }
  return launches;
}

std::span<const Cell> launch_figures() { return kFigures; }

RowWriter write_launches(const Launches& launches, Format format) {
  auto writer = std::make_shared<Writer>(launches, format);
  return [writer](std::int64_t begin, std::int64_t end, std::string& out) { writer->write(begin, end, out); };
}

}  // namespace vram::sweep
