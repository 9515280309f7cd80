#include <gtest/gtest.h>

#include <tuple>

#include "json/fields.h"
#include "json/value.h"
#include "json/write.h"

namespace vram::json {
namespace {

struct BadCase {
  const char* name;
  std::string text;
};

class Refuses : public testing::TestWithParam<BadCase> {};

TEST_P(Refuses, WithASentence) {
  const auto value = parse(GetParam().text, "x.json");
  ASSERT_FALSE(value) << GetParam().name;
  EXPECT_EQ(value.error().place, "x.json");
  EXPECT_FALSE(value.error().problem.empty());
}

std::string with_repeated_name(int members) {
  std::string text = "{";
  for (int i = 0; i < members; ++i) text += "\"k" + std::to_string(i) + "\":1,";
  return text + "\"k0\":2}";
}

INSTANTIATE_TEST_SUITE_P(All, Refuses,
                         testing::Values(BadCase{"empty", ""}, BadCase{"cut short", "{\"a\":[1,"},
                                         BadCase{"two documents", "{} {}"},
                                         BadCase{"a number beyond double", "[1e999]"}, BadCase{"NaN", "[NaN]"},
                                         BadCase{"nested too deep", std::string(100'000, '[')},
                                         BadCase{"a name twice", with_repeated_name(1)},
                                         BadCase{"a name twice among many", with_repeated_name(100)},
                                         BadCase{"a control character", "\"a\nb\""}, BadCase{"not UTF-8", "\"\xff\""}));

TEST(Json, ReadsBackWhatItWrites) {
  const std::string text =
      R"({"a": [1, -2.5, 1e+100, true, null], "b": {"c": "quote \" back \\ tab \t ü"}, "big": 18446744073709551615})";
  const auto value = parse(text, "x");
  ASSERT_TRUE(value);
  const auto again = parse(write_line(*value), "x");
  ASSERT_TRUE(again);
  EXPECT_EQ(*value, *again);
  EXPECT_EQ(*parse(write_pretty(*value), "x"), *value);
}

TEST(Json, ReadsPythonsLiteralsAsNullWhereAsked) {
  const std::string text = R"({"limit": [0.0, Infinity, -Infinity, NaN], "text": "NaN \" Infinity"})";
  EXPECT_FALSE(parse(text, "x"));
  const auto value = parse(text, "x", {.python_literals = true});
  ASSERT_TRUE(value);
  EXPECT_EQ(write_line(*value), R"({"limit": [0.0, null, null, null], "text": "NaN \" Infinity"})");
}

TEST(Json, WritesOnlyUtf8) { EXPECT_EQ(write_line(Value("a\xff\xc3")), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\""); }

TEST(Json, MergePatchFollowsTheRfc) {
  const auto target = *parse(R"({"a": "b", "c": {"d": "e", "f": "g"}})", "x");
  const auto patch = *parse(R"({"a": "z", "c": {"f": null}})", "x");
  EXPECT_EQ(write_line(merge_patch(target, patch)), R"({"a": "z", "c": {"d": "e"}})");
}

TEST(Fields, KeepsTheFirstProblemAndItsPlace) {
  const auto value = *parse(R"({"layers": "eight", "heads": -1, "width": 4.0, "inner": {"x": 3.5}})", "config.json");
  const Fields fields(value, "config.json");
  EXPECT_EQ(fields.count("width"), 4);
  EXPECT_FALSE(fields.error());
  std::ignore = fields.count("layers");
  std::ignore = fields.count("heads");
  std::ignore = fields.inner("inner").count("x");
  ASSERT_TRUE(fields.error());
  EXPECT_EQ(fields.error()->sentence(),
            "config.json: \"layers\": expected a positive integer of at most 2147483648, found \"eight\"");
}

TEST(Fields, SharesProblemsWithInnerObjects) {
  const auto value = *parse(R"({"inner": {"x": 3.5}})", "config.json");
  const Fields fields(value, "config.json");
  std::ignore = fields.inner("inner").count("x");
  ASSERT_TRUE(fields.error());
  EXPECT_EQ(fields.error()->place, "config.json: \"inner\": \"x\"");
}

TEST(Fields, AMissingRequiredFieldIsNamed) {
  const auto value = *parse("{}", "config.json");
  const Fields fields(value, "config.json");
  std::ignore = fields.count("hidden_size");
  ASSERT_TRUE(fields.error());
  EXPECT_EQ(fields.error()->sentence(), "config.json: \"hidden_size\": expected a positive integer, found nothing");
}

}  // namespace
}  // namespace vram::json
