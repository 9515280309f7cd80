// Each inverse is the boundary itself: the forward plan starts at the answer and not one step further.
#include "plan/inverse.h"

#include <gtest/gtest.h>

#include "json/write.h"
#include "random_requests.h"

namespace vram::plan {
namespace {

constexpr int kRequests = 5000;
constexpr int kRequestsAModel = 50;

/// One launch, its inverses and the forward plan that holds them to account.
class Checked {
 public:
  Checked(Request request, Planner& planner, Deriver& deriver)
      : request_(std::move(request)), planner_(planner), variations_(Variations::of(request_, deriver)) {}

  void check(RandomRequests& random) {
    if (!variations_) return;
    const std::int64_t requests = random.number(1, 100);
    const Tokens length(random.number(1, 100'000));
    const Limits limits = limits_of(*variations_, requests, length);
    check_length(limits.max_model_len, 1, random);
    check_length(limits.context, requests, random);
    check_requests(limits.requests, length);
    check_gpu(limits.gpu_memory);
    check_utilization(limits.utilization, random);
  }

  Result<Variations>& variations() { return variations_; }

 private:
  struct Answer {
    bool fits = false;
    double requests = 0;
  };

  Answer ask(const Request& request) {
    const auto report = planner_.plan(request);
    if (!report || !report->verdict.fits) return {};
    const json::Value* most = report->args.find("max_num_seqs");
    return {true, std::min(report->kv->max_concurrency, *most->number())};
  }
  Answer with(const char* name, const json::Value& value) {
    Request changed = request_;
    changed.args.set(name, value);
    return ask(changed);
  }
  bool serves(std::int64_t length, std::int64_t requests) {
    const Answer answer = with("max_model_len", json::Value(length));
    return answer.fits && (requests == 1 || answer.requests >= double(requests));
  }

  void check_length(const std::optional<Boundary>& found, std::int64_t requests, RandomRequests& random) {
    const json::Value* asked = request_.args.find("max_model_len");
    const std::int64_t most = variations_->longest().value_or(1 << 28);
    const std::int64_t limit = asked ? std::min(most, *asked->integer()) : most;
    if (!found) {
      EXPECT_FALSE(serves(random.number(1, int(std::min<std::int64_t>(limit, 1 << 20))), requests)) << place();
      return;
    }
    EXPECT_TRUE(serves(found->value, requests)) << place() << found->value;
    if (found->limit != Limit::kMemory) {
      EXPECT_EQ(found->value, limit) << place();
    } else {
      EXPECT_FALSE(serves(found->value + 1, requests)) << place() << found->value + 1;
    }
  }

  void check_requests(const std::optional<Boundary>& found, Tokens length) {
    const Answer answer = with("max_model_len", json::Value(length.count()));
    if (!found) {
      EXPECT_FALSE(answer.fits && answer.requests >= 1) << place();
      return;
    }
    EXPECT_GE(answer.requests, double(found->value)) << place();
    EXPECT_LT(answer.requests, double(found->value + 1)) << place();
  }

  void check_gpu(const std::optional<Bytes>& found) {
    const auto starts = [&](Bytes total) {
      Request changed = request_;
      changed.gpu.total = total;
      changed.gpu.driver_total = Bytes(0);
      changed.gpu.free = std::nullopt;
      return ask(changed).fits;
    };
    if (!found) {
      EXPECT_FALSE(starts(Bytes(kGiB) * 4096)) << place();
      return;
    }
    EXPECT_TRUE(starts(*found)) << place() << found->count();
    EXPECT_FALSE(starts(*found - Bytes(1))) << place() << found->count() - 1;
  }

  void check_utilization(const std::optional<std::int64_t>& found, RandomRequests& random) {
    const auto starts = [&](std::int64_t steps) {
      return with("gpu_memory_utilization", json::Value(double(steps) / double(kUtilizationSteps))).fits;
    };
    if (!found) {
      EXPECT_FALSE(starts(random.number(1, kUtilizationSteps))) << place();
      return;
    }
    EXPECT_TRUE(starts(*found)) << place() << *found;
    if (*found > 1) {
      EXPECT_FALSE(starts(*found - 1)) << place() << *found - 1;
    }
  }

  [[nodiscard]] std::string place() const {
    return request_.model->name + " on " + request_.gpu.name + ", " + request_.engine.version + ' ' +
           json::write_line(json::Value(request_.args)) + ": ";
  }

  Request request_;
  Planner& planner_;
  Result<Variations> variations_;
};

TEST(Inverse, IsTheBoundaryOf5000RandomLaunches) {
  RandomRequests random(20261125);
  Planner planner;
  Deriver deriver;
  std::shared_ptr<const ModelSource> model;
  int started = 0;
  for (int i = 0; i < kRequests; ++i) {
    if (i % kRequestsAModel == 0) model = random.model();
    Checked checked(random.request(model), planner, deriver);
    checked.check(random);
    started += checked.variations() && checked.variations()->at({}).fits();
    if (HasFailure()) return;
  }
  EXPECT_GT(started, kRequests / 10);
}

TEST(Inverse, FittingIsTrueUpToThePointAndFalseAfterIt) {
  RandomRequests random(7);
  Deriver deriver;
  for (int i = 0; i < 300; ++i) {
    auto variations = Variations::of(random.request(random.model()), deriver);
    if (!variations) continue;
    const auto found = longest_length(*variations);
    const auto fits = [&](std::int64_t length) {
      Variation variation;
      variation.sizes.max_model_len = length;
      const Outcome& outcome = variations->at(variation);
      return allocates_cache(outcome.reason) || outcome.too_short;
    };
    // V0 cuts prompts from a length on, and may start there where it does not at shorter ones.
    const std::int64_t change = variations->open().schedule.chunks.above.value_or(0);
    if (!found || found->value <= change) continue;
    for (std::int64_t length = found->value; length > change; length = length * 7 / 8) {
      EXPECT_TRUE(fits(length)) << i << ": " << length;
    }
    if (found->limit != Limit::kMemory) continue;
    for (std::int64_t length = found->value + 1; length < 1 << 24; length = length * 9 / 8 + 1) {
      EXPECT_FALSE(fits(length)) << i << ": " << length;
    }
  }
}

/// Without a cache nothing but max_num_seqs bounds the requests, and only the model their length.
TEST(Inverse, KnowsModelsWithoutACache) {
  Request request;
  request.model = std::make_shared<const ModelSource>(*catalogue_model("BAAI/bge-m3"));
  request.gpu = hardware::find_gpu("L4")->gpu;
  Deriver deriver;
  auto variations = Variations::of(request, deriver);
  ASSERT_TRUE(variations);
  const Limits limits = limits_of(*variations, 8, Tokens(512));
  ASSERT_TRUE(limits.context && limits.requests);
  EXPECT_EQ(limits.context->value, limits.max_model_len->value);
  EXPECT_EQ(limits.context->limit, Limit::kModel);
  EXPECT_EQ(limits.requests->limit, Limit::kSequences);
  request.workload = Workload{16, 512};
  const auto report = plan(request);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->workload->fits);
}

TEST(Inverse, TellsTheModelsLimitFromTheLaunchs) {
  Request request;
  request.model = std::make_shared<const ModelSource>(*catalogue_model("Qwen/Qwen3-8B"));
  request.gpu = hardware::find_gpu("H100-SXM-80GB")->gpu;
  for (const auto& [asked, limit] : {std::pair(40'960, Limit::kModel), std::pair(20'000, Limit::kAsked)}) {
    request.args.set("max_model_len", json::Value(asked));
    Deriver deriver;
    auto variations = Variations::of(request, deriver);
    ASSERT_TRUE(variations);
    const auto found = longest_length(*variations);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->value, asked);
    EXPECT_EQ(found->limit, limit);
  }
}

}  // namespace
}  // namespace vram::plan
