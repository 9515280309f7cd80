#include "arch/pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace vram::arch {
namespace {

struct Case {
  const char* expression;
  const char* text;
  bool start, all;  // what Python's re.match and re.fullmatch answer
};

constexpr Case kCases[] = {
    {".*self_attn.*", "model.layers.3.self_attn.qkv_proj", true, true},
    {".*mlp\\.(gate|up|gate_up|down)_proj.*", "model.layers.0.mlp.gate_up_proj", true, true},
    {".*mlp\\.(gate|up|gate_up|down)_proj.*", "model.layers.0.mlp.gate", false, false},
    {".*mlp.gate$", "model.layers.0.mlp.gate", true, true},
    {".*mlp.gate$", "model.layers.0.mlp.gate_proj", false, false},
    {"model\\.layers\\.([0-9]|1[0-5])\\..*", "model.layers.15.mlp", true, true},
    {"model\\.layers\\.([0-9]|1[0-5])\\..*", "model.layers.16.mlp", false, false},
    {"^(?!.*experts).*$", "model.layers.1.mlp.experts.0", false, false},
    {"^(?!.*experts).*$", "model.layers.1.mlp.down_proj", true, true},
    {".*layers\\.\\d+\\.mlp", "model.layers.12.mlp.gate", true, false},
    {"a|b|c", "b", true, true},
    {"a|b|c", "cd", true, false},
    {"(a|bc)+d", "abcbcad", true, true},
    {"(?:ab){2,3}", "ababab", true, true},
    {"(?:ab){2,3}", "ab", false, false},
    {"x{0,2}y", "xxy", true, true},
    {"(a*)*b", "aaaab", true, true},
    {"(a*)*b", "aaaa", false, false},
    {"[^.]*\\.q_proj", "attn.q_proj", true, true},
    {"[a-c_\\d]+", "b_2", true, true},
    {"\\bmlp\\b", "mlp.gate", true, false},
    {"(?P<layer>\\d+)", "17", true, true},
    {".*?proj", "q_proj.k_proj", true, true},
    {"lm_head", "lm_head", true, true},
    {"", "anything", true, false},
};

TEST(Pattern, AnswersAsPython) {
  for (const Case& each : kCases) {
    const auto pattern = Pattern::compile(each.expression);
    ASSERT_TRUE(pattern) << each.expression;
    EXPECT_EQ(pattern->matches_start(each.text), each.start) << each.expression << " on " << each.text;
    EXPECT_EQ(pattern->matches_all(each.text), each.all) << each.expression << " on " << each.text;
  }
}

TEST(Pattern, RefusesWhatItDoesNotKnow) {
  for (const char* expression : {"(", "a)", "[a", "*a", "a**", "(?<=a)b", "(a)\\1", "\\p{L}", "a{2,1000}{1000}{1000}"})
    EXPECT_FALSE(Pattern::compile(expression)) << expression;
}

TEST(Pattern, IsLinearWhereOthersExplode) {
  std::string expression;
  for (int i = 0; i < 40; ++i) expression += "a?";
  for (int i = 0; i < 40; ++i) expression += 'a';
  const auto pattern = Pattern::compile(expression);
  ASSERT_TRUE(pattern);
  EXPECT_TRUE(pattern->matches_all(std::string(40, 'a')));
  EXPECT_FALSE(pattern->matches_all(std::string(39, 'a')));
}

struct Wildcard {
  const char* pattern;
  const char* text;
  bool matches;
};

constexpr Wildcard kWildcards[] = {
    {"*.attn.*", "model.layers.0.attn.q", true},
    {"model.layers.0.*", "model.layers.01.q", false},
    {"model.layers.?.mlp", "model.layers.7.mlp", true},
    {"*.[0-3].mlp", "layers.2.mlp", true},
    {"*.[!0-3].mlp", "layers.2.mlp", false},
    {"*a*b*c", "xxaxxbxxc", true},
    {"*a*b*c", "xxaxxbxx", false},
    {"", "", true},
    {"*", "", true},
    {"lm_head", "model.lm_head", false},
    {"a[b", "a[b", true},
};

TEST(Wildcard, AnswersAsFnmatch) {
  for (const Wildcard& each : kWildcards)
    EXPECT_EQ(wildcard_match(each.pattern, each.text), each.matches) << each.pattern << " on " << each.text;
}

}  // namespace
}  // namespace vram::arch
