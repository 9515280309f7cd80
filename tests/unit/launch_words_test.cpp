#include "vllm/launch_words.h"

#include <gtest/gtest.h>

#include "vllm/arguments.h"

namespace vram::vllm {
namespace {

struct WordsCase {
  const char* name;
  const char* arguments;  // JSON
  const char* line;
};
constexpr WordsCase kCases[] = {
    {"a number follows its flag", R"({"tensor_parallel_size": 2})", "--tensor-parallel-size 2"},
    {"a flag stands alone", R"({"enforce_eager": true})", "--enforce-eager"},
    {"a flag that is off is negated", R"({"enable_prefix_caching": false})", "--no-enable-prefix-caching"},
    {"JSON is one quoted word", R"({"limit_mm_per_prompt": {"image": 0}})", R"(--limit-mm-per-prompt '{"image": 0}')"},
    {"a list is several words", R"({"cudagraph_capture_sizes": [1, 2, 4]})", "--cudagraph-capture-sizes 1 2 4"},
    {"null is not given", R"({"dtype": null, "seed": 1})", "--seed 1"},
};

TEST(LaunchWords, SpellWhatTheReaderReads) {
  for (const WordsCase& row : kCases) {
    const auto given = json::parse(row.arguments, row.name);
    ASSERT_TRUE(given) << row.name;
    const auto words = launch_words(*given->object());
    EXPECT_EQ(shell_line(words), row.line) << row.name;
    const auto back = read_launch_line(words, newest());
    ASSERT_TRUE(back) << row.name;
    json::Object expected = *given->object();
    expected.erase("dtype");
    EXPECT_EQ(json::Value(back->arguments), json::Value(expected)) << row.name;
  }
}

TEST(ShellWord, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(shell_word("Qwen/Qwen3-8B"), "Qwen/Qwen3-8B");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word("a b;$c"), "'a b;$c'");
}

}  // namespace
}  // namespace vram::vllm
