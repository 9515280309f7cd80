#include "io/user_models.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "readers/checkpoint.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

class UserModels : public testing::Test {
 protected:
  ~UserModels() override { fs::remove_all(folder_); }

  static ModelSource model() {
    auto source = read_config_json(R"({"architectures":["LlamaForCausalLM"],"hidden_size":64})", "m", "place");
    Checkpoint weights;
    weights.origin = "the headers of 2 files";
    weights.stored = Bytes(123);
    weights.tensors = 7;
    source->weights = std::make_shared<const Checkpoint>(std::move(weights));
    return *std::move(source);
  }

  std::string folder_ = (fs::temp_directory_path() / ("user_models_test_" + std::to_string(::getpid()))).string();
};

TEST_F(UserModels, AreKeptListedReadAndRemoved) {
  EXPECT_TRUE(user_models(folder_).empty());
  ASSERT_FALSE(keep_user_model(folder_, {"org/b", "org/b", false, "", "2026-11-25"}, model()));
  ASSERT_FALSE(keep_user_model(folder_, {"a", "/folder/a", true, "", "2026-11-24"}, model()));
  const auto entries = user_models(folder_);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "a");
  EXPECT_TRUE(entries[0].folder);
  EXPECT_EQ(entries[1].source, "org/b");
  EXPECT_EQ(entries[1].origin, "place");
  EXPECT_EQ(entries[1].date, "2026-11-25");

  const auto read = user_model(folder_, "org/b");
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->architecture, "LlamaForCausalLM");
  EXPECT_EQ((*read)->fingerprint, model().fingerprint);
  EXPECT_EQ((*read)->weights->stored, Bytes(123));

  EXPECT_FALSE(remove_user_model(folder_, "org/b"));
  const auto gone = user_model(folder_, "org/b");
  EXPECT_TRUE(gone && !*gone);
  const auto again = remove_user_model(folder_, "aa");
  ASSERT_TRUE(again);
  EXPECT_EQ(again->code, ErrorCode::kNotFound);
}

TEST_F(UserModels, NamesStayInTheFolder) {
  for (const char* name : {"../a", "a/../b", "/a", "", "a/b/c", "a__b", ".a", "a b"}) {
    EXPECT_TRUE(keep_user_model(folder_, {name, "", false, "", ""}, model())) << name;
    const auto read = user_model(folder_, name);
    EXPECT_TRUE(read && !*read) << name;
  }
  EXPECT_TRUE(user_models(folder_).empty());
}

TEST_F(UserModels, DamagedEntriesAreErrorsWhereTheyAreNamed) {
  fs::create_directories(folder_);
  std::ofstream(folder_ + "/a.json") << "{";
  EXPECT_FALSE(user_model(folder_, "a"));
  EXPECT_TRUE(user_models(folder_).empty());
}

}  // namespace
}  // namespace vram::io
