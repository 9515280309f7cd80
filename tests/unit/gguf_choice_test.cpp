#include "readers/gguf_choice.h"

#include <gtest/gtest.h>

#include "io/hub_gguf.h"

namespace vram {
namespace {

using Files = std::vector<std::string>;

const Files kFiles = {"README.md",
                      "BF16/Qwen3-30B-BF16-00001-of-00002.gguf",
                      "BF16/Qwen3-30B-BF16-00002-of-00002.gguf",
                      "Qwen3-30B-IQ1_S.gguf",
                      "Qwen3-30B-Q3_K_M.gguf",
                      "Qwen3-30B-Q4_K_M.gguf",
                      "Qwen3-30B-Q8_0.gguf",
                      "mmproj-BF16.gguf",
                      "mmproj-F32.gguf",
                      "mtp-Qwen3-30B-Q4_K_M.gguf"};

TEST(GgufChoice, FollowsTheTag) {
  EXPECT_EQ(gguf::choose_model(kFiles, "q3_k_m"), "Qwen3-30B-Q3_K_M.gguf");
  EXPECT_EQ(gguf::choose_model(kFiles, "BF16"), "BF16/Qwen3-30B-BF16-00001-of-00002.gguf");
  EXPECT_EQ(gguf::choose_model(kFiles, "Q4"), std::nullopt);
  EXPECT_EQ(gguf::choose_model(kFiles, "F32"), std::nullopt) << "a projector is no model";
}

TEST(GgufChoice, WithoutATagPrefersWhatLlamaCppDoes) {
  EXPECT_EQ(gguf::choose_model(kFiles, ""), "Qwen3-30B-Q4_K_M.gguf");
  EXPECT_EQ(gguf::choose_model(Files{"a-Q2_K.gguf", "a-Q8_0.gguf"}, ""), "a-Q8_0.gguf");
  EXPECT_EQ(gguf::choose_model(Files{"mmproj-F16.gguf", "a-00002-of-00002.gguf", "a-00001-of-00002.gguf"}, ""),
            "a-00001-of-00002.gguf");
  EXPECT_EQ(gguf::choose_model(Files{"model.safetensors"}, ""), std::nullopt);
}

TEST(GgufChoice, TheProjectorIsTheNearest) {
  EXPECT_EQ(gguf::choose_projector(kFiles, "BF16/Qwen3-30B-BF16-00001-of-00002.gguf"), "mmproj-BF16.gguf");
  EXPECT_EQ(gguf::choose_projector(Files{"mmproj-F16.gguf", "a/mmproj-F32.gguf"}, "a/x-Q8_0.gguf"),
            "a/mmproj-F32.gguf");
  EXPECT_EQ(gguf::choose_projector(Files{"b/mmproj-F16.gguf"}, "a/x-Q8_0.gguf"), std::nullopt);
}

TEST(GgufChoice, TagsAreTold) {
  EXPECT_EQ(gguf::model_tags(kFiles), (Files{"BF16", "IQ1_S", "Q3_K_M", "Q4_K_M", "Q8_0"}));
}

TEST(GgufName, IsAHubsNameWithATagOrAFile) {
  const auto tagged = io::read_gguf_name("org/name-GGUF@v2:Q4_K_M");
  ASSERT_TRUE(tagged);
  EXPECT_EQ(tagged->hub.id, "org/name-GGUF");
  EXPECT_EQ(tagged->hub.revision, "v2");
  EXPECT_EQ(tagged->tag, "Q4_K_M");
  const auto file = io::read_gguf_name("org/name/Q8_0/a-00001-of-00002.gguf");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->hub.revision, "main");
  EXPECT_EQ(file->file, "Q8_0/a-00001-of-00002.gguf");
  EXPECT_TRUE(io::read_gguf_name("org/name:"));
  for (const char* other :
       {"org/name", "name:Q4", "org/name/", "org/name/../x.gguf", "org/name/a?b.gguf", "a/b:c d",
        "https://host/name:Q4", "org/name/config.json", "/org/name/x.gguf", "./a/x.gguf", "a/b:c/d"})
    EXPECT_FALSE(io::read_gguf_name(other)) << other;
}

}  // namespace
}  // namespace vram
