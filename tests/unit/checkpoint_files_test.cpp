#include "io/checkpoint_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace vram {
namespace {

namespace fs = std::filesystem;

class CheckpointFiles : public testing::Test {
 protected:
  CheckpointFiles() { fs::create_directories(folder_); }
  ~CheckpointFiles() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  /// A file of one tensor of `bytes` bytes, its data a hole.
  void weights(const std::string& name, const std::string& tensor, std::int64_t bytes) {
    const std::string size = std::to_string(bytes);
    const std::string header =
        "{\"" + tensor + "\":{\"dtype\":\"U8\",\"shape\":[" + size + "],\"data_offsets\":[0," + size + "]}}";
    write(name, std::string(1, char(header.size())) + std::string(7, '\0') + header);
    fs::resize_file(folder_ / name, 8 + header.size() + std::size_t(bytes));
  }

  [[nodiscard]] auto read() const { return io::read_checkpoint(folder_.string()); }

  fs::path folder_ = fs::temp_directory_path() / ("checkpoint_files_test_" + std::to_string(::getpid()));
};

TEST_F(CheckpointFiles, NoWeightsAreNoError) {
  write("config.json", "{}");
  const auto found = read();
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, nullptr);
}

TEST_F(CheckpointFiles, WithoutAnIndexEveryFileCountsButSecondCopiesAndAdapters) {
  weights("model.safetensors", "a", 100);
  weights("consolidated.safetensors", "a", 100);
  weights("adapter_model.safetensors", "l", 7);
  const auto found = read();
  ASSERT_TRUE(found) << found.error().sentence();
  EXPECT_EQ((*found)->stored, Bytes(100));
  EXPECT_EQ((*found)->origin, "the header of 1 file");
}

TEST_F(CheckpointFiles, AnIndexChoosesItsFiles) {
  weights("model-1.safetensors", "a", 100);
  weights("model-2.safetensors", "b", 50);
  weights("stray.safetensors", "c", 7);
  write("model.safetensors.index.json",
        R"({"metadata":{"total_size":150},"weight_map":{"a":"model-1.safetensors","b":"model-2.safetensors"}})");
  const auto found = read();
  ASSERT_TRUE(found) << found.error().sentence();
  EXPECT_EQ((*found)->stored, Bytes(150));
  EXPECT_EQ((*found)->tensors, 2);

  fs::remove(folder_ / "model-2.safetensors");
  const auto missing = read();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_NE(missing.error().place.find("model-2.safetensors"), std::string::npos);

  fs::remove(folder_ / "model-1.safetensors");
  const auto total = read();
  ASSERT_TRUE(total);
  EXPECT_EQ((*total)->stored, Bytes(150));
  EXPECT_FALSE((*total)->has_headers());
}

TEST_F(CheckpointFiles, PyTorchsIndexGivesItsTotal) {
  write("pytorch_model.bin.index.json", R"({"metadata":{"total_size":1234},"weight_map":{"a":"pytorch_model-1.bin"}})");
  const auto found = read();
  ASSERT_TRUE(found);
  EXPECT_EQ((*found)->stored, Bytes(1234));
}

TEST_F(CheckpointFiles, ShortenedFilesAreErrors) {
  weights("model.safetensors", "a", 100);
  const auto size = fs::file_size(folder_ / "model.safetensors");
  for (const std::uintmax_t left :
       {size - 1, size - 100, std::uintmax_t{9}, std::uintmax_t{8}, std::uintmax_t{3}, std::uintmax_t{0}}) {
    fs::resize_file(folder_ / "model.safetensors", left);
    const auto found = read();
    ASSERT_FALSE(found) << left;
    EXPECT_NE(found.error().place.find("model.safetensors"), std::string::npos);
  }
}

TEST_F(CheckpointFiles, HeadersLongerThanTheFirstReadAreReadOn) {
  std::string header = "{";
  for (int i = 0; i < 4000; ++i)
    header += (i ? ",\"" : "\"") + std::string("model.layers.") + std::to_string(i) +
              "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
  header += '}';
  ASSERT_GT(header.size(), 200'000u);
  std::string prefix(8, '\0');
  for (std::size_t i = 0, rest = header.size(); i < 8; ++i, rest >>= 8) prefix[i] = char(rest & 255);
  write("model.safetensors", prefix + header);
  const auto found = read();
  ASSERT_TRUE(found) << found.error().sentence();
  EXPECT_EQ((*found)->tensors, 4000);
}

}  // namespace
}  // namespace vram
