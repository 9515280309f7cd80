#include "readers/weights_index.h"

#include <gtest/gtest.h>

#include "mutations.h"

namespace vram {
namespace {

constexpr std::string_view kGood =
    R"({"metadata":{"total_size":16,"more":[1,{"a":null}]},"weight_map":{"a.weight":"model-1.safetensors",)"
    R"("b":"model-2.safetensors","c":"model-1.safetensors"}})";

TEST(WeightsIndex, NamesFilesOnceInOrder) {
  const auto index = read_weights_index(kGood, "x.index.json");
  ASSERT_TRUE(index) << index.error().sentence();
  EXPECT_EQ(index->total_size, Bytes(16));
  ASSERT_EQ(index->files.size(), 2u);
  EXPECT_EQ(index->files[0].name, "model-1.safetensors");
  EXPECT_EQ(index->files[0].tensors, 2);
  EXPECT_EQ(index->files[0].letters, 9);
}

TEST(WeightsIndex, TotalsThatAreNoWholeNumbersAreUnknown) {
  for (const char* total : {"1.5e9", "\"16\"", "null", "-1"}) {
    const std::string text = std::string(R"({"metadata":{"total_size":)") + total + R"(},"weight_map":{"a":"b"}})";
    const auto index = read_weights_index(text, "x");
    ASSERT_TRUE(index) << total;
    EXPECT_FALSE(index->total_size) << total;
  }
}

TEST(WeightsIndex, FilesStayInTheFolder) {
  for (const char* name : {"../a", "/etc/passwd", "a/../../b", "", "a//b", ".", "a\\\\b", "a\\nb"}) {
    const std::string text = std::string(R"({"weight_map":{"a":")") + name + "\"}}";
    const auto index = read_weights_index(text, "x");
    ASSERT_FALSE(index) << name;
    EXPECT_NE(index.error().problem.find("is no name of a file beside it"), std::string::npos) << name;
  }
  EXPECT_TRUE(read_weights_index(R"({"weight_map":{"a":"sub/model..safetensors"}})", "x"));
}

TEST(WeightsIndex, OthersAreErrors) {
  for (const char* text : {"", "[]", "{}", R"({"weight_map":{}})", R"({"weight_map":{"a":1}})", R"({"weight_map":[]})",
                           R"({"weight_map":{"a":"b"}} x)", R"({"weight_map":{"a":"b")"})
    EXPECT_FALSE(read_weights_index(text, "x")) << text;
}

TEST(WeightsIndex, DamagedOnesNeverCrash) {
  tests::Mutations mutations{std::string(kGood)};
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = mutations.next();
    const auto index = read_weights_index(text, "x");
    if (!index) {
      EXPECT_FALSE(index.error().problem.empty()) << text;
    }
  }
}

}  // namespace
}  // namespace vram
