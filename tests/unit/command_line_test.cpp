#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "arguments.h"
#include "choose.h"
#include "command.h"
#include "help.h"
#include "terminal.h"

namespace vram::cli {
namespace {

using Words = std::vector<std::string>;

Command command(const char* name, std::vector<Option> (*options)(), const char* word) {
  return {.name = name,
          .order = 1,
          .usage = "",
          .summary = "",
          .about = "",
          .word = word,
          .options = options,
          .exit = "",
          .example = name,
          .run = nullptr};
}

// Options as vLLM has them: names of several letters behind one dash, negations, JSON.
std::vector<Option> engine_options() {
  return {{"--tensor-parallel-size", "N", "", "-tp"},
          {"--max-model-len", "N", ""},
          {"--speculative-config", "JSON", ""},
          {"--enable-prefix-caching", "", "", "", true},
          {"--quiet", "", "", "-q"}};
}
const Command kServe = command("vllm serve", engine_options, "MODEL");
const Command kPlain = command("profiles", engine_options, "");

struct GoodCase {
  Words words;
  const char* name;
  const char* value;
};

class Reads : public testing::TestWithParam<GoodCase> {};

TEST_P(Reads, AsVllmDoes) {
  const auto arguments = parse(kServe, GetParam().words);
  ASSERT_TRUE(arguments) << arguments.error().sentence();
  ASSERT_TRUE(arguments->has(GetParam().name));
  EXPECT_EQ(*arguments->find(GetParam().name), GetParam().value);
}

INSTANTIATE_TEST_SUITE_P(
    All, Reads,
    testing::Values(GoodCase{{"m", "--max-model-len", "8192"}, "--max-model-len", "8192"},
                    GoodCase{{"--max-model-len=8192", "m"}, "--max-model-len", "8192"},
                    GoodCase{{"--max_model_len", "32k"}, "--max-model-len", "32k"},
                    GoodCase{{"--max_model_len=-1"}, "--max-model-len", "-1"},
                    GoodCase{{"--max-model-len", "-1"}, "--max-model-len", "-1"},
                    GoodCase{{"-tp", "2"}, "--tensor-parallel-size", "2"},
                    GoodCase{{"-tp=2"}, "--tensor-parallel-size", "2"},
                    GoodCase{{"-tp", "2", "--tensor-parallel-size", "4"}, "--tensor-parallel-size", "4"},
                    GoodCase{{"--speculative-config", R"({"a_b": [1, 2], "c": "x=y"})"},
                             "--speculative-config",
                             R"({"a_b": [1, 2], "c": "x=y"})"},
                    GoodCase{{R"(--speculative_config={"a_b": "x=y"})"}, "--speculative-config", R"({"a_b": "x=y"})"},
                    GoodCase{{"--speculative-config", "[1,2]"}, "--speculative-config", "[1,2]"},
                    GoodCase{{"--enable-prefix-caching"}, "--enable-prefix-caching", "true"},
                    GoodCase{{"--no-enable-prefix-caching"}, "--enable-prefix-caching", "false"},
                    GoodCase{{"--no_enable_prefix_caching"}, "--enable-prefix-caching", "false"},
                    GoodCase{{"-q"}, "--quiet", "true"}, GoodCase{{"--ascii"}, "--ascii", "true"}));

struct BadCase {
  Words words;
  const char* sentence;
};

class Refuses : public testing::TestWithParam<BadCase> {};

TEST_P(Refuses, WithASentence) {
  const auto arguments = parse(kServe, GetParam().words);
  ASSERT_FALSE(arguments);
  EXPECT_EQ(arguments.error().sentence(), GetParam().sentence);
}

INSTANTIATE_TEST_SUITE_P(
    All, Refuses,
    testing::Values(
        BadCase{{"--max-modl-len", "8"},
                "--max-modl-len: vllm serve has no such option; did you mean --max-model-len?"},
        BadCase{{"--no-enable-prefix-cachin"},
                "--no-enable-prefix-cachin: vllm serve has no such option; did you mean --no-enable-prefix-caching?"},
        BadCase{{"--bananas=3"}, "--bananas: vllm serve has no such option; \"vllm serve --help\" lists those it has"},
        BadCase{{"-z"}, "-z: vllm serve has no such option; \"vllm serve --help\" lists those it has"},
        BadCase{{"--no-quiet"}, "--no-quiet: vllm serve has no such option; did you mean --quiet?"},
        BadCase{{"--max-model-len"}, "--max-model-len: expected N, found nothing"},
        BadCase{{"--max-model-len", ""}, "--max-model-len: expected N, found nothing"},
        BadCase{{"--max-model-len=", "8"}, "--max-model-len: expected N, found nothing"},
        BadCase{{"--max-model-len", "--quiet"}, "--max-model-len: expected N, found the option --quiet"},
        BadCase{{"--quiet=yes"}, "--quiet: it takes no value, found \"yes\""},
        BadCase{{"m", "n"}, "\"n\": vllm serve takes one MODEL, and \"m\" is it"},
        BadCase{{""}, "MODEL: it is empty"}));

TEST(Arguments, ALineWithoutOptionsHasItsWord) {
  EXPECT_EQ(parse(kServe, Words{"org/m"})->word(), "org/m");
  EXPECT_EQ(parse(kServe, Words{"-"})->word(), "-");
  EXPECT_EQ(parse(kServe, Words{"--", "-x"})->word(), "-x");
  EXPECT_EQ(parse(kServe, Words{})->word(), std::nullopt);
}

TEST(Arguments, ACommandThatTakesNoWordSaysSo) {
  EXPECT_EQ(parse(kPlain, Words{"x"}).error().sentence(),
            "\"x\": profiles takes options only; \"profiles --help\" lists them");
}

TEST(Arguments, AllThatIsGivenIsKept) {
  const auto arguments = parse(kServe, Words{"--quiet", "-tp", "2", "-tp", "4"});
  ASSERT_TRUE(arguments);
  ASSERT_EQ(arguments->given().size(), 3u);
  EXPECT_EQ(arguments->given()[0].second, "2");
  EXPECT_EQ(arguments->given()[1].second, "4");
  EXPECT_EQ(arguments->given()[2].first, "--quiet");
}

const Command kEstimate = command("estimate", engine_options, "MODEL");
const Command* const kTable[] = {&kEstimate, &kPlain, &kServe};

struct ChoiceCase {
  Words words;
  const char* command;  // or the sentence of the error
  std::size_t left;
};

class Choice : public testing::TestWithParam<ChoiceCase> {};

TEST_P(Choice, IsByTheFirstWords) {
  const auto chosen = choose(GetParam().words, kTable, "estimate");
  EXPECT_EQ(chosen ? std::string(chosen->command->name) : chosen.error().sentence(), GetParam().command);
  if (chosen) {
    EXPECT_EQ(chosen->words.size(), GetParam().left);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Choice,
    testing::Values(
        ChoiceCase{{"profiles", "--json"}, "profiles", 1}, ChoiceCase{{"vllm", "serve", "m"}, "vllm serve", 1},
        ChoiceCase{{"Qwen/Qwen3-8B", "-tp", "2"}, "estimate", 3}, ChoiceCase{{"--layers", "3"}, "estimate", 2},
        ChoiceCase{{"gpt2"}, "estimate", 1}, ChoiceCase{{"./profile"}, "estimate", 1}, ChoiceCase{{""}, "estimate", 1},
        ChoiceCase{{"profile"}, "profile: no command is called that; did you mean \"profiles\"?", 0},
        ChoiceCase{{"vllm", "server"}, "vllm: no command is called that; did you mean \"vllm serve\"?", 0}));

std::size_t widest_line(const std::string& text) {
  std::size_t widest = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    widest = std::max(widest, end - at);
    at = end + 1;
  }
  return widest;
}

TEST(Help, OfEveryCommandFitsAScreen) {
  for (const Command* shown : commands::all()) {
    const std::string text = help("vram-estimator", *shown, 80);
    EXPECT_LE(widest_line(text), 80u) << text;
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 50) << text;
    for (const Option& option : options_of(*shown)) {
      EXPECT_NE(text.find("  " + std::string(option.name)) == std::string::npos &&
                    text.find(", " + std::string(option.name)) == std::string::npos,
                true)
          << option.name;
    }
  }
  EXPECT_LE(widest_line(overview("vram-estimator", commands::all(), 80)), 80u);
}

struct LookCase {
  const char* name;
  Surroundings around;
  When when;
  bool ascii;
  int width;
  bool out_colour, err_colour, unicode;
};

class Looks : public testing::TestWithParam<LookCase> {};

TEST_P(Looks, FollowTheSurroundings) {
  const LookCase& expected = GetParam();
  const Look found = look(expected.around, expected.when, expected.ascii);
  EXPECT_EQ(found.out.width, expected.width) << expected.name;
  EXPECT_EQ(found.out.colour, expected.out_colour) << expected.name;
  EXPECT_EQ(found.err.colour, expected.err_colour) << expected.name;
  EXPECT_EQ(found.out.unicode, expected.unicode) << expected.name;
  EXPECT_EQ(found.out.bar, expected.around.out_is_terminal) << expected.name;
}

INSTANTIATE_TEST_SUITE_P(
    All, Looks,
    testing::Values(
        LookCase{"a pipe", {}, When::kAuto, false, 80, false, false, false},
        LookCase{"a terminal",
                 {.out_is_terminal = true, .err_is_terminal = true, .columns = 60, .lang = "de_AT.UTF-8"},
                 When::kAuto,
                 false,
                 60,
                 true,
                 true,
                 true},
        LookCase{
            "a wide terminal", {.out_is_terminal = true, .columns = 300}, When::kAuto, false, 100, true, false, false},
        LookCase{"COLUMNS of a pipe", {.columns_variable = "50"}, When::kAuto, false, 50, false, false, false},
        LookCase{
            "COLUMNS that is no number", {.columns_variable = "wide"}, When::kAuto, false, 80, false, false, false},
        LookCase{"COLUMNS of zero", {.columns_variable = "0"}, When::kAuto, false, 80, false, false, false},
        LookCase{"NO_COLOR",
                 {.out_is_terminal = true, .no_color = "1", .clicolor_force = "1"},
                 When::kAuto,
                 false,
                 80,
                 false,
                 false,
                 false},
        LookCase{
            "an empty NO_COLOR", {.out_is_terminal = true, .no_color = ""}, When::kAuto, false, 80, true, false, false},
        LookCase{"CLICOLOR_FORCE", {.clicolor_force = "1"}, When::kAuto, false, 80, true, true, false},
        LookCase{"CLICOLOR_FORCE=0", {.clicolor_force = "0"}, When::kAuto, false, 80, false, false, false},
        LookCase{"--color always over NO_COLOR", {.no_color = "1"}, When::kAlways, false, 80, true, true, false},
        LookCase{"--color never",
                 {.out_is_terminal = true, .clicolor_force = "1"},
                 When::kNever,
                 false,
                 80,
                 false,
                 false,
                 false},
        LookCase{"TERM=dumb",
                 {.out_is_terminal = true, .term = "dumb", .lang = "C.UTF-8"},
                 When::kAuto,
                 false,
                 80,
                 false,
                 false,
                 false},
        LookCase{"--ascii", {.lang = "C.UTF-8"}, When::kAuto, true, 80, false, false, false},
        LookCase{"LC_ALL over LANG", {.lc_all = "C", .lang = "C.UTF-8"}, When::kAuto, false, 80, false, false, false},
        LookCase{"LC_CTYPE",
                 {.lc_all = "", .lc_ctype = "en_US.utf8", .lang = "C"},
                 When::kAuto,
                 false,
                 80,
                 false,
                 false,
                 true}));

}  // namespace
}  // namespace vram::cli
