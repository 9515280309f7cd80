#include "readers/variants.h"

#include <gtest/gtest.h>

#include "readers/catalogue.h"

namespace vram {
namespace {

struct StemCase {
  const char* name;
  const char* stem;
};
constexpr StemCase kStems[] = {
    {"Qwen/Qwen3-8B", "qwen3-8b"},
    {"Qwen/Qwen3-8B-FP8", "qwen3-8b"},
    {"RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "llama-3.3-70b-instruct"},
    {"RedHatAI/Meta-Llama-3.1-8B-Instruct-quantized.w8a8", "llama-3.1-8b-instruct"},
    {"/models/Qwen3-8B/", "qwen3-8b"},
    {"Qwen/Qwen3-Coder-30B-A3B-Instruct", "qwen3-coder-30b-a3b-instruct"},
};

TEST(ModelStem, LeavesOutWhoAndHow) {
  for (const StemCase& row : kStems) EXPECT_EQ(model_stem(row.name), row.stem) << row.name;
}

TEST(Variants, AreTheSameModelInAnotherFormat) {
  const auto names = [](const char* model) {
    std::vector<std::string> found;
    for (const ModelSource& variant : variants_of(*catalogue_model(model))) found.push_back(variant.name);
    return found;
  };
  EXPECT_EQ(names("Qwen/Qwen3-8B"), std::vector<std::string>{"Qwen/Qwen3-8B-FP8"});
  EXPECT_EQ(names("Qwen/Qwen3-14B"), (std::vector<std::string>{"Qwen/Qwen3-14B-AWQ", "Qwen/Qwen3-14B-FP8"}));
  EXPECT_TRUE(names("facebook/opt-125m").empty());
}

}  // namespace
}  // namespace vram
