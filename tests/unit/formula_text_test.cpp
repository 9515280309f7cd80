#include "report/formula_text.h"

#include <gtest/gtest.h>

#include "json/write.h"
#include "report/formula_json.h"

namespace vram::report {
namespace {

formula::Request model() {
  return {.params_billion = 8, .layers = 36, .kv_heads = 8, .head_dim = 128, .profile = {1.6, 0.5, 1.12}};
}

TEST(FormulaText, EstimateHasTheExistingRows) {
  EXPECT_EQ(estimate_text(formula::estimate(model(), 8), 80),
            "VRAM Estimate (GiB)\n\n"
            "  Weights                      7.45\n"
            "  KV Cache                     0.56\n"
            "  Overhead                     1.60\n"
            "  Vision Tower                 0.50\n"
            "  Fragmentation Factor         1.12\n"
            "  Total                       11.33\n");
}

TEST(FormulaText, MaxContextHasTheExistingRows) {
  EXPECT_EQ(max_context_text(formula::max_context(model(), 12, 256), 80),
            "Max Context Estimate\n\n"
            "  Context (k tokens)          16.55\n"
            "  Context (tokens)            16947\n"
            "  KV Cache (GiB)               1.16\n"
            "  Estimated Total (GiB)       12.00\n");
}

TEST(FormulaText, ANarrowTerminalGetsNamesAndValues) {
  EXPECT_EQ(estimate_text(formula::estimate(model(), 8), 39).substr(0, 36), "VRAM Estimate (GiB)\n\nWeights: 7.45\nK");
  EXPECT_EQ(profiles_text({{"one", {1, 2, 3}}}, 30),
            "Overhead Profiles\n\none\n  Overhead GiB: 1.00\n  Vision GiB: 2.00\n  Fragmentation: 3.00\n");
}

TEST(FormulaText, ATableTooWideLosesColumnsFromTheRight) {
  EXPECT_EQ(profiles_text({{"one", {1, 2, 3}}}, 80),
            "Overhead Profiles\n\n"
            "  Profile   Overhead GiB   Vision GiB   Fragmentation\n"
            "  one               1.00         2.00            3.00\n");
  EXPECT_EQ(profiles_text({{"one", {1, 2, 3}}}, 40),
            "Overhead Profiles\n\n"
            "  Profile   Overhead GiB   Vision GiB\n"
            "  one               1.00         2.00\n");
}

TEST(FormulaText, AShortageIsSaidWithEnoughDigits) {
  formula::Request request = model();
  request.quant = "fp16";
  EXPECT_EQ(shortage_text(formula::max_context(request, 12, 256), 12, 0),
            "Does not fit: 19.04 GiB are needed before the first token, 12.00 are given.");
  EXPECT_EQ(shortage_text(formula::max_context(request, 19.041, 256), 19.041, 0),
            "Does not fit: 19.0413 GiB are needed before the first token, 19.0410 are given.");
  const double empty = formula::estimate(request, 0).total_gib;
  EXPECT_EQ(shortage_text(formula::max_context(request, empty, 256), empty, empty + 0.25),
            "No room for a token: 19.29 GiB are needed with the first one, 19.04 are given.");
  EXPECT_EQ(shortage_text(formula::max_context(model(), 12, 256), 12, 11), "");
  EXPECT_EQ(shortage_text(formula::max_context(model(), 12, 0), 12, 11), "");
}

TEST(FormulaJson, HasTheExistingKeysInTheirOrder) {
  EXPECT_EQ(json::write_line(estimate_json({1, 2, 3, 4, 5, 6})),
            R"({"weights_gib": 1.0, "kv_gib": 2.0, "overhead_gib": 3.0, "vision_gib": 4.0, "frag_factor": 5.0, )"
            R"("total_gib": 6.0})");
  EXPECT_EQ(json::write_line(max_context_json({Tokens(512), {.kv_gib = 2, .total_gib = 6}, true})),
            R"({"context_k": 0.5, "context_tokens": 512.0, "kv_gib": 2.0, "total_gib": 6.0})");
  EXPECT_EQ(json::write_line(profiles_json({{"one", {1, 2, 3}}})),
            R"({"one": {"overhead_gib": 1.0, "vision_gib": 2.0, "frag_factor": 3.0}})");
}

}  // namespace
}  // namespace vram::report
