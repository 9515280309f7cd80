#include "vllm/release.h"

#include <gtest/gtest.h>

namespace vram::vllm {
namespace {

struct EngineCase {
  const char* text;
  const char* as_of;  // null: refused
  bool exact;
};

class ReadEngine : public testing::TestWithParam<EngineCase> {};

TEST_P(ReadEngine, FindsTheRulesInForce) {
  const auto [text, as_of, exact] = GetParam();
  const auto engine = read_engine(text);
  ASSERT_EQ(bool(engine), as_of != nullptr) << text;
  if (!engine) return;
  EXPECT_EQ(engine->as_of.text(), as_of) << text;
  EXPECT_EQ(engine->exact, exact) << text;
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadEngine,
    testing::Values(EngineCase{"0.19.0", "2026-03-30", true}, EngineCase{"v0.19", "2026-03-30", true},
                    EngineCase{"0.19.1", "2026-03-30", true}, EngineCase{"0.8.5.post1", "2025-04-28", false},
                    EngineCase{"0.10.1.1", "2025-08-16", false}, EngineCase{"0.11.2+rhai1", "2025-11-11", false},
                    EngineCase{"2026-05-01", "2026-05-01", true},
                    EngineCase{"0.1.dev1+g4d2a68d64.d20260816", "2026-08-16", false},
                    EngineCase{"0.11.2.dev280+gilded.cu132.20260810.r34", "2026-08-10", false},
                    EngineCase{"main", "2026-11-05", false}, EngineCase{"0.34.0", "2026-11-05", false},
                    EngineCase{"0.5.0", nullptr, false}, EngineCase{"2019-01-01", nullptr, false},
                    EngineCase{"", nullptr, false}, EngineCase{"nineteen", nullptr, false},
                    EngineCase{"0.19.0; rm", nullptr, false}, EngineCase{"999999999999999999999.1", nullptr, false}));

TEST(ReadEngine, ADevBuildStandsBetweenTheReleaseBeforeAndItsOwn) {
  const auto dev = read_engine("0.19.0.dev100");
  ASSERT_TRUE(dev);
  EXPECT_GT(dev->as_of, read_engine("0.18.0")->as_of);
  EXPECT_LT(dev->as_of, read_engine("0.19.0")->as_of);
  const auto after = read_engine("0.19.2rc1.dev8+g4b7f5ea1a");
  ASSERT_TRUE(after);
  EXPECT_GT(after->as_of, read_engine("0.19.0")->as_of);
  EXPECT_LT(after->as_of, read_engine("0.20.0")->as_of);
}

TEST(Releases, AscendInTimeAndInNumber) {
  for (std::size_t i = 1; i < releases().size(); ++i)
    EXPECT_LT(releases()[i - 1].cut, releases()[i].cut) << releases()[i].version;
}

}  // namespace
}  // namespace vram::vllm
