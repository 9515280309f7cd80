#include "plan/placements.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "plan/kernels.h"
#include "plan/planner.h"
#include "plan/unlike.h"
#include "readers/variants.h"
#include "units/text.h"

namespace vram::plan {
namespace {

using json::Value;

constexpr std::int64_t kMostPlanned = 50'000;
constexpr std::size_t kMostKept = 64;  // ways to divide one number of GPUs
constexpr double kFuller = 0.95;
constexpr double kSure = 0.95;
constexpr double kWorthwhile = 1.1;

/// What is changed of the question's request besides its GPUs.
struct Variation {
  std::shared_ptr<const ModelSource> model;  // null: as asked
  bool small_cache = false, fuller = false;
  [[nodiscard]] int changes() const { return int(model != nullptr) + int(small_cache) + int(fuller); }
};

bool quantised(const ModelSource& model) {
  return model.config.find("quantization_config") || model.config.find("compression_config") || model.quantisation;
}

std::string remark(const Variation& variation) {
  std::string words;
  const auto add = [&](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
  if (variation.model) add(variation.model->name);
  if (variation.small_cache) add("fp8 KV cache");
  if (variation.fuller) add("utilisation 0.95");
  return words;
}

std::int64_t divided_up(std::int64_t number, std::int64_t by) { return number / by + (number % by != 0); }

/// How far a start-up gets before it is refused.
int how_far(Reason reason) {
  switch (reason) {
    case Reason::kOk:
      return 7;
    case Reason::kOutOfMemoryCapturing:
      return 6;
    case Reason::kMaxModelLenTooLong:
      return 5;
    case Reason::kNoKvMemory:
      return 4;
    case Reason::kOutOfMemoryProfiling:
      return 3;
    case Reason::kOutOfMemoryLoading:
      return 2;
    case Reason::kFreeMemoryBelowRequest:
      return 1;
    case Reason::kInvalidArguments:
    case Reason::kUnsupportedModel:
      return 0;
  }
  return 0;
}

/// As good as certainly: nobody buys GPUs for a launch that starts now and then.
bool serves(const Report& report) {
  return report.verdict.fits && report.verdict.probability_fits >= kSure && report.workload && report.workload->fits;
}

std::string why(const Report& report, std::int64_t requests, std::int64_t length) {
  if (report.verdict.fits && report.workload && report.workload->fits)
    return "starts in " + std::to_string(int(report.verdict.probability_fits * 100)) + " of 100";
  if (report.verdict.fits) return "room for " + with_commas(requests) + (requests == 1 ? " request" : " requests");
  const auto gib2 = [](Bytes bytes) { return fixed(gib(bytes), 2); };
  if (length > 0) return "room for one request of " + with_commas(length) + " tokens";
  switch (report.verdict.reason) {
    case Reason::kOutOfMemoryLoading:
    case Reason::kOutOfMemoryProfiling:
    case Reason::kNoKvMemory:
      return "weights of " + gib2(report.fullest().weights) + " GiB a GPU leave nothing for KV cache";
    case Reason::kOutOfMemoryCapturing:
      return "nothing is left for CUDA graphs beside the KV cache";
    case Reason::kOk:
    case Reason::kMaxModelLenTooLong:
    case Reason::kFreeMemoryBelowRequest:
    case Reason::kInvalidArguments:
    case Reason::kUnsupportedModel:
      return report.verdict.message.value_or("");
  }
  return {};
}

/// Less than this no division needs, in bytes: weights and caches divided without a remainder, experts over the ranks
/// of all replicas, the rest and the caches of its requests over the ranks of one.
struct Floor {
  double dense = 0, experts = 0, caches = 0, budget = 0;

  [[nodiscard]] double each(const Division& division) const {
    const double replica = double(division.tensor * division.pipeline), all = replica * double(division.data);
    return dense / replica + experts / all + caches / all;
  }
  [[nodiscard]] std::int64_t gpus() const {
    return std::max<std::int64_t>(1, std::int64_t(std::ceil((dense + experts + caches) / budget)));
  }
};

/// The best of the ways that do not serve.
struct Nearest {
  using Progress = std::tuple<std::int64_t, std::int64_t, int>;  // requests, length of one, how far it starts
  static constexpr Progress kFloor{-1, 0, 1};                    // not even planned

  Rejection rejection;
  Progress progress{-1, 0, 0};
};

Error given_up() { return {ErrorCode::kUnavailable, "plan", "the search was given up", "ask again"}; }

/// The search for one question: counts what it plans and stops at the limit.
class Search {
 public:
  explicit Search(const PlacementQuestion& question) : question_(question) {}

  Placements run() {
    std::vector<std::shared_ptr<const ModelSource>> models{nullptr};
    if (question_.other_weights)
      for (ModelSource& variant : variants_of(*question_.request.model))
        if (quantised(variant)) models.push_back(std::make_shared<const ModelSource>(std::move(variant)));
    for (std::size_t offer = 0; offer < question_.offers.size(); ++offer)
      for (const auto& model : models) look(offer, model);
    if (answer_.planned >= kMostPlanned) answer_.cut = "stopped after " + with_commas(answer_.planned) + " launches";
    drop_needless();
    mark_front();
    std::ranges::stable_sort(answer_.found, {}, [](const Placement& p) {
      return std::tuple(p.gpus, p.changes, -p.speed.tokens_per_second);
    });
    return std::move(answer_);
  }

 private:
  [[nodiscard]] std::int64_t most(const Offer& offer) const {
    return std::min(question_.max_gpus, offer.count.value_or(question_.max_gpus));
  }

  [[nodiscard]] const std::string& name_of(const Variation& variation) const {
    return (variation.model ? variation.model : question_.request.model)->name;
  }

  [[nodiscard]] Request request_for(std::size_t offer, const Variation& variation) const {
    Request request = question_.request;
    request.gpu = question_.offers[offer].gpu;
    if (variation.model) {
      request.model = variation.model;
      request.args.erase("quantization");
    }
    if (variation.small_cache) request.args.set("kv_cache_dtype", Value("fp8"));
    if (variation.fuller) request.args.set("gpu_memory_utilization", Value(kFuller));
    if (!request.args.find("max_model_len"))
      request.args.set("max_model_len", Value(question_.workload.context_tokens));
    return request;
  }

  [[nodiscard]] Request divided(Request request, const Division& division, bool expert) const {
    const auto set = [&](const char* name, std::int64_t size) {
      if (size > 1 || request.args.find(name)) request.args.set(name, Value(size));
    };
    set("tensor_parallel_size", division.tensor);
    set("pipeline_parallel_size", division.pipeline);
    set("data_parallel_size", division.data);
    if (expert) request.args.set("enable_expert_parallel", Value(true));
    request.gpu_count = division.tensor * division.pipeline * division.data;
    request.workload =
        Workload{divided_up(question_.workload.concurrent_requests, division.data), question_.workload.context_tokens};
    return request;
  }

  Result<Report> planned(Request& request) {
    if (question_.given_up && question_.given_up()) return given_up();
    ++answer_.planned;
    auto report = planner_.plan(request);
    // vLLM runs no more at once than this, whatever fits.
    const std::int64_t wanted = request.workload->concurrent_requests;
    const Value* sequences = report ? report->args.find("max_num_seqs") : nullptr;
    if (!sequences || !sequences->integer() || *sequences->integer() >= wanted ||
        question_.request.args.find("max_num_seqs"))
      return report;
    request.args.set("max_num_seqs", Value(wanted));
    ++answer_.planned;
    return planner_.plan(request);
  }

  /// Fewest GPUs of one kind with one checkpoint: as asked, then with what saves some.
  void look(std::size_t offer, const std::shared_ptr<const ModelSource>& model) {
    std::int64_t limit = most(question_.offers[offer]);
    const Variation asked{model, false, false};
    if (auto missing = kernel_missing(model ? *model : *question_.request.model, question_.offers[offer].gpu))
      return reject({offer, name_of(asked), limit, 0, *std::move(missing)});
    const bool may_shrink = !question_.request.args.find("kv_cache_dtype");
    const bool may_fill = !question_.request.args.find("gpu_memory_utilization");
    const Variation all[] = {asked, {model, false, true}, {model, true, false}, {model, true, true}};
    for (const Variation& variation : all) {
      if ((variation.small_cache && !may_shrink) || (variation.fuller && !may_fill)) continue;
      if (auto placed = fewest(offer, variation, limit)) {
        limit = placed->gpus - 1;
        answer_.found.push_back(*std::move(placed));
      }
    }
  }

  /// Of the model on one GPU, were it large enough; nothing where vLLM refuses it before that.
  std::optional<Floor> floor_of(std::size_t offer, const Variation& variation) {
    Request request = divided(request_for(offer, variation), {}, false);
    const auto report = planned(request);
    if (!report || report->ranks.empty()) return std::nullopt;
    const RankReport& rank = report->ranks.front();
    Floor floor;
    for (const Component& part : report->components)
      if (part.name == "weights.experts") floor.experts = double(part.bytes.count());
    floor.dense = double((rank.weights - rank.offloaded).count()) - floor.experts;
    floor.caches = double(report->bytes_per_token_marginal.count()) * double(question_.workload.concurrent_requests) *
                   double(question_.workload.context_tokens);
    floor.budget = double(rank.requested.count());
    return floor;
  }

  std::optional<Placement> fewest(std::size_t offer, const Variation& variation, std::int64_t limit) {
    const auto floor = floor_of(offer, variation);
    const std::int64_t first = floor ? floor->gpus() : 1;
    const bool plain = !variation.small_cache && !variation.fuller;
    if (first > limit && plain && limit > 0)
      reject(
          {offer, name_of(variation), limit, 0, "weights and caches alone take " + with_commas(first) + " such GPUs"});
    for (std::int64_t gpus = first; gpus <= limit && answer_.planned < kMostPlanned; ++gpus) {
      Nearest best{{offer, name_of(variation), gpus, 0, "no way to divide it by this number"}, {-1, 0, 0}};
      if (auto placed = fastest(offer, variation, gpus, floor, best)) return placed;
      if (plain) reject(std::move(best.rejection));
    }
    return std::nullopt;
  }

  /// The fastest way to serve with exactly that many; what comes nearest goes into `best` where there is none.
  std::optional<Placement> fastest(std::size_t offer, const Variation& variation, std::int64_t gpus,
                                   const std::optional<Floor>& floor, Nearest& best) {
    std::optional<Placement> fastest;
    for (const Division& division : divisions(gpus, question_.offers[offer].gpu.per_node)) {
      if (floor && floor->each(division) > floor->budget) {
        if (best.progress < Nearest::kFloor) {
          best.progress = Nearest::kFloor;
          best.rejection.why = "weights and caches take more than " +
                               fixed(gib(Bytes(std::int64_t(floor->budget))), 2) + " GiB a GPU, however divided";
        }
        continue;
      }
      for (const bool expert : {false, true}) {
        if (expert && division.tensor * division.data == 1) continue;
        if (expert && ((floor && floor->experts <= 0) || question_.request.args.find("enable_expert_parallel")))
          continue;
        Placement placed;
        placed.request = divided(request_for(offer, variation), division, expert);
        auto report = planned(placed.request);
        if (!report) continue;
        note(*report, division, best);
        if (!serves(*report)) continue;
        placed.speed = decode_speed(placed.request, *report, question_.workload.concurrent_requests);
        if (question_.tokens_per_second && placed.speed.tokens_per_second < *question_.tokens_per_second) {
          best.rejection.why =
              "decodes at most " + with_commas(std::int64_t(placed.speed.tokens_per_second)) + " tokens/s";
          continue;
        }
        if (fastest && fastest->speed.tokens_per_second >= placed.speed.tokens_per_second) continue;
        placed.report = *std::move(report);
        describe(offer, variation, division, expert, placed);
        fastest = std::move(placed);
      }
    }
    return fastest;
  }

  void describe(std::size_t offer, const Variation& variation, const Division& division, bool expert,
                Placement& placed) const {
    placed.offer = offer;
    placed.gpus = division.tensor * division.pipeline * division.data;
    placed.tensor = division.tensor;
    placed.pipeline = division.pipeline;
    placed.data = division.data;
    placed.expert = expert;
    placed.requests_possible = placed.report.workload->concurrent_requests_possible * division.data;
    if (const auto price = question_.offers[offer].price) placed.price = *price * double(placed.gpus);
    placed.changes = variation.changes();
    placed.remark = remark(variation);
  }

  /// Keeps in `best` what came nearest to serving.
  void note(const Report& report, const Division& division, Nearest& best) const {
    const std::int64_t possible =
        report.verdict.fits && report.workload ? report.workload->concurrent_requests_possible * division.data : 0;
    const std::int64_t length = report.kv && report.kv->refusal && report.kv->estimated_max_model_len
                                    ? report.kv->estimated_max_model_len->count()
                                    : 0;
    const Nearest::Progress progress(possible, length, how_far(report.verdict.reason));
    if (progress <= best.progress) return;
    best.progress = progress;
    best.rejection.requests_possible = possible;
    best.rejection.why = why(report, possible, length);
  }

  void reject(Rejection rejection) { answer_.rejected.push_back(std::move(rejection)); }

  /// Changes that save no GPU of the kind and decode no faster are changes for nothing; of checkpoints that come to the
  /// same one is enough.
  void drop_needless() {
    const std::vector<Placement> all = answer_.found;
    const auto repeats = [](const Placement& each, const Placement& other) {
      return other.request.model->name < each.request.model->name && other.gpus == each.gpus &&
             other.request.args == each.request.args && other.requests_possible >= each.requests_possible &&
             other.speed.tokens_per_second >= each.speed.tokens_per_second;
    };
    std::erase_if(answer_.found, [&](const Placement& each) {
      return std::ranges::any_of(all, [&](const Placement& other) {
        if (other.offer != each.offer) return false;
        if (other.changes == each.changes) return repeats(each, other);
        return other.changes < each.changes && other.gpus <= each.gpus &&
               other.speed.tokens_per_second * kWorthwhile >= each.speed.tokens_per_second;
      });
    });
  }

  void mark_front() {
    const bool priced = std::ranges::any_of(answer_.found, [](const Placement& p) { return p.price.has_value(); });
    const double unknown = priced ? std::numeric_limits<double>::infinity() : 0;
    const auto dominates = [&](const Placement& a, const Placement& b) {
      const auto merits = [&](const Placement& p) {
        return std::tuple(double(p.gpus), p.price.value_or(unknown), -p.speed.tokens_per_second, double(p.changes));
      };
      const auto [g, c, s, n] = merits(a);
      const auto [h, d, t, m] = merits(b);
      return g <= h && c <= d && s <= t && n <= m && (g < h || c < d || s < t || n < m);
    };
    for (Placement& each : answer_.found)
      each.on_front = std::ranges::none_of(answer_.found, [&](const Placement& a) { return dominates(a, each); });
  }

  const PlacementQuestion& question_;
  Planner planner_{kMostKept};
  Placements answer_;
};

/// No GPU helps against a length that the model or the launch does not take.
std::optional<Error> too_long(const Request& request, std::int64_t length) {
  const Value* asked = request.args.find("max_model_len");
  const std::int64_t* most = asked ? asked->integer() : nullptr;
  if (most && *most > 0 && *most < length)
    return Error{ErrorCode::kBadInput, "max_model_len",
                 with_commas(*most) + " is below the context of " + with_commas(length) + " tokens",
                 "leave it out: the context takes its place"};
  const auto open = resolve_open(request);
  if (!open) return std::nullopt;
  memory::KvSettings kv = open->deployment.kv;
  const Stop stop = open->schedule.length.apply(length, kv);
  if (!stop) return std::nullopt;
  return Error{ErrorCode::kBadInput, "context",
               request.model->name + " takes " + with_commas(std::int64_t(open->schedule.length.longest)) +
                   " tokens, found " + with_commas(length),
               "ask for less, or stretch it with hf_overrides as its authors say"};
}

}  // namespace

std::vector<Division> divisions(std::int64_t gpus, std::int64_t per_node) {
  std::vector<Division> all;
  const std::int64_t node = std::max<std::int64_t>(per_node, 1);
  for (std::int64_t tensor = 1; tensor <= std::min(gpus, node); ++tensor)
    for (std::int64_t pipeline = 1; tensor * pipeline <= gpus; ++pipeline) {
      const std::int64_t replica = tensor * pipeline;
      if (gpus % replica != 0) continue;
      const std::int64_t data = gpus / replica;
      const bool whole_machines = replica % node == 0 && node % tensor == 0;
      if (replica > node && (!whole_machines || data > 1)) continue;
      // Machines are filled: replicas that leave some of one idle would take more machines than the number says.
      if (gpus > node && data > 1 && node % replica != 0) continue;
      all.push_back({tensor, pipeline, data});
    }
  return all;
}

Result<Placements> placements(const PlacementQuestion& question) {
  Request one = question.request;
  if (question.offers.empty()) return Error{ErrorCode::kBadInput, "plan", "no GPU is offered", "name some with --gpus"};
  one.gpu = question.offers.front().gpu;
  if (auto error = too_long(one, question.workload.context_tokens)) return *std::move(error);
  const auto report = plan(one);
  if (!report) return report.error();
  if (report->verdict.reason == Reason::kUnsupportedModel)
    return Error{ErrorCode::kUnsupported, question.request.model->name, report->verdict.message.value_or(""), ""};
  auto found = Search(question).run();
  if (question.given_up && question.given_up()) return given_up();
  return found;
}

}  // namespace vram::plan
