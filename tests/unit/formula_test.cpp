#include "formula/formula.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "formula/names.h"
#include "formula/ranges.h"
#include "json/value.h"

namespace vram::formula {
namespace {

double number(const json::Value& object, std::string_view name, double fallback = std::nan("")) {
  const json::Value* member = object.find(name);
  return member ? *member->number() : fallback;
}

std::optional<double> maybe(const json::Value& object, std::string_view name) {
  const json::Value* member = object.find(name);
  return member ? member->number() : std::nullopt;
}

Request read_request(const json::Value& asked) {
  return {.params_billion = number(asked, "params_billion"),
          .quant = *asked.find("quant")->string(),
          .layers = *asked.find("layers")->integer(),
          .kv_heads = *asked.find("kv_heads")->integer(),
          .head_dim = *asked.find("head_dim")->integer(),
          .kv_dtype = *asked.find("kv_dtype")->string(),
          .batch = *asked.find("batch")->integer(),
          .profile = {number(asked, "overhead_gib"), number(asked, "vision_gib"), number(asked, "frag_factor")},
          .bytes_per_param = maybe(asked, "bytes_per_param_override"),
          .kv_bytes = maybe(asked, "kv_bytes_override")};
}

std::vector<json::Value> golden_lines() {
  std::ifstream file(VRAM_TEST_DATA "/golden/formula.jsonl");
  std::vector<json::Value> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(*json::parse(line, "formula.jsonl"));
  return lines;
}

void expect_near(double found, double expected, const char* what) {
  EXPECT_LE(std::abs(found - expected), 1e-9 * std::max(1.0, std::abs(expected))) << what << ' ' << found;
}

TEST(Golden, EstimatesAreTheExistingToolsNumbers) {
  int count = 0;
  for (const json::Value& line : golden_lines()) {
    if (*line.find("kind")->string() != "estimate") continue;
    SCOPED_TRACE(*line.find("id")->string());
    const json::Value& asked = *line.find("request");
    const json::Value& expected = *line.find("expect");
    const Estimate found = estimate(read_request(asked), number(asked, "context_k"));
    expect_near(found.weights_gib, number(expected, "weights_gib"), "weights_gib");
    expect_near(found.kv_gib, number(expected, "kv_gib"), "kv_gib");
    expect_near(found.overhead_gib, number(expected, "overhead_gib"), "overhead_gib");
    expect_near(found.vision_gib, number(expected, "vision_gib"), "vision_gib");
    expect_near(found.frag_factor, number(expected, "frag_factor"), "frag_factor");
    expect_near(found.total_gib, number(expected, "total_gib"), "total_gib");
    ++count;
  }
  EXPECT_EQ(count, 206);
}

TEST(Golden, TheLongestContextIsNeverWorseThanTheExistingToolsSearch) {
  int count = 0;
  for (const json::Value& line : golden_lines()) {
    if (*line.find("kind")->string() != "max_context") continue;
    SCOPED_TRACE(*line.find("id")->string());
    const json::Value& asked = *line.find("request");
    const json::Value& expected = *line.find("expect");
    const Request request = read_request(asked);
    const double total = number(asked, "total_vram_gib"), limit_k = number(asked, "max_context_k");
    const MaxContext found = max_context(request, total, limit_k);
    const auto tokens = double(found.context.count());
    EXPECT_GE(tokens, number(expected, "context_tokens"));
    EXPECT_EQ(found.fits, number(expected, "total_gib") <= total);
    EXPECT_EQ(found.fits, found.at.total_gib <= total);
    EXPECT_LE(tokens, limit_k * 1024);
    if (tokens < limit_k * 1024) {
      EXPECT_GT(estimate(request, (tokens + 1) / 1024).total_gib, total);
    }
    expect_near(found.at.total_gib, estimate(request, tokens / 1024).total_gib, "total_gib");
    if (!found.fits) expect_near(found.at.total_gib, number(expected, "total_gib"), "total_gib at 0");
    ++count;
  }
  EXPECT_EQ(count, 198);
}

Request small_model() {
  return {.params_billion = 8, .layers = 36, .kv_heads = 8, .head_dim = 128, .profile = {1.6, 0.5, 1.12}};
}

TEST(Formula, MoreOfAnythingNeverNeedsLess) {
  const Request request = small_model();
  double before = 0;
  for (const double context_k : {0.0, 0.001, 0.5, 8.0, 8.0009765625, 1000.0, 1e7}) {
    const double total = estimate(request, context_k).total_gib;
    EXPECT_GE(total, before) << context_k;
    before = total;
  }
  Request more = request;
  more.batch = 2;
  EXPECT_GT(estimate(more, 8).total_gib, estimate(request, 8).total_gib);
}

TEST(Formula, TheLargestPossibleRequestIsStillANumber) {
  Request most{.params_billion = kParamsBillion.most,
               .layers = std::int64_t(kLayers.most),
               .kv_heads = std::int64_t(kKvHeads.most),
               .head_dim = std::int64_t(kHeadDim.most),
               .batch = std::int64_t(kBatch.most),
               .profile = {kOverheadGib.most, kVisionGib.most, kFragFactor.most},
               .bytes_per_param = kBytesPerParam.most,
               .kv_bytes = kKvBytes.most};
  EXPECT_TRUE(std::isfinite(estimate(most, kContextK.most).total_gib));
  EXPECT_EQ(max_context(most, 80, kMaxContextK.most).context, Tokens(0));
}

TEST(Formula, TheLimitCountsWholeTokens) {
  const MaxContext found = max_context(small_model(), 1000, 0.3);  // 307.2 tokens
  EXPECT_EQ(found.context, Tokens(307));
  EXPECT_TRUE(found.fits);
  EXPECT_TRUE(found.at_limit);
}

TEST(Formula, AMemorySizeThatIsMetExactlyFits) {
  const Request request = small_model();
  const MaxContext found = max_context(request, estimate(request, 4).total_gib, 256);
  EXPECT_EQ(found.context, Tokens(4096));
  EXPECT_FALSE(found.at_limit);
}

TEST(Formula, AFullMachineHoldsNoToken) {
  const Request request = small_model();
  const double empty = estimate(request, 0).total_gib;
  EXPECT_FALSE(max_context(request, std::nextafter(empty, 0), 256).fits);
  const MaxContext found = max_context(request, empty, 256);
  EXPECT_TRUE(found.fits);
  EXPECT_EQ(found.context, Tokens(0));
}

TEST(Names, AreReadInAnyCaseAndUnknownOnesAreSaid) {
  Request request = small_model();
  request.quant = "MXFP4";
  request.kv_dtype = "Bf16";
  EXPECT_TRUE(unknown_names(request).empty());
  EXPECT_EQ(width_of("INT4", quants()), 0.55);
  request.quant = "q9";
  request.kv_dtype = "int8";
  const auto warnings = unknown_names(request);
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_EQ(warnings[0].sentence(),
            "quant: \"q9\" is not a known name and counts 1 byte a parameter; "
            "known are fp16, bf16, fp8, mxfp8, int8, int4, fp4, mxfp4");
  EXPECT_EQ(warnings[1].sentence(),
            "kv_dtype: \"int8\" is not a known name and counts 2 bytes an element; known are fp16, bf16, fp8");
}

TEST(Names, ThatAreNotUsedAreNotWarnedAbout) {
  Request request = small_model();
  request.quant = "q9";
  request.bytes_per_param = 0.5;
  EXPECT_TRUE(unknown_names(request).empty());
}

struct TextCase {
  const char* text;
  bool possible;
};

class LayerCount : public testing::TestWithParam<TextCase> {};

TEST_P(LayerCount, IsAPossibleWholeNumber) {
  const auto read = read_number_in(kLayers, GetParam().text, "--layers");
  EXPECT_EQ(bool(read), GetParam().possible) << GetParam().text;
  if (!read) {
    EXPECT_EQ(read.error().sentence().find("--layers: expected a whole number from 1 to 100,000, found "), 0u);
  }
}

INSTANTIATE_TEST_SUITE_P(All, LayerCount,
                         testing::Values(TextCase{"36", true}, TextCase{"1", true}, TextCase{"100000", true},
                                         TextCase{"0", false}, TextCase{"100001", false}, TextCase{"-1", false},
                                         TextCase{"3.5", false}, TextCase{"nan", false}, TextCase{"inf", false},
                                         TextCase{"-inf", false}, TextCase{"1e400", false}, TextCase{"", false},
                                         TextCase{"0x10", false}, TextCase{"eight", false}, TextCase{"8 ", false}));

TEST(Ranges, HoldNumbersThatAreNoText) {
  EXPECT_TRUE(number_in(kFragFactor, 1.08, "frag_factor"));
  for (const double bad : {std::nan(""), std::numeric_limits<double>::infinity(), -1.0, 0.0, 1e300})
    EXPECT_FALSE(number_in(kFragFactor, bad, "frag_factor")) << bad;
  EXPECT_EQ(number_in(kFragFactor, -1, "frag_factor").error().sentence(),
            "frag_factor: expected a number from 0.1 to 100, found -1.0");
}

}  // namespace
}  // namespace vram::formula
