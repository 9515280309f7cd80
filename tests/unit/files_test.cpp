#include "io/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "io/user_profiles.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "vram-files-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string at(const char* name) const { return (folder_ / name).string(); }
  [[nodiscard]] std::size_t files() const {
    return std::size_t(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

using Files = Folder;

TEST_F(Files, ReadBackWhatWasWritten) {
  const std::string text("a\0b\n\xff", 5);
  ASSERT_FALSE(write_file(at("x"), text));
  EXPECT_EQ(*read_file(at("x"), Bytes(5)), text);
  ASSERT_FALSE(write_file(at("x"), ""));
  EXPECT_EQ(*read_file(at("x"), Bytes(5)), "");
  EXPECT_EQ(files(), 1u) << "a temporary file was left";
}

TEST_F(Files, OverTheLimitAreRefused) {
  ASSERT_FALSE(write_file(at("x"), "123456"));
  const auto read = read_file(at("x"), Bytes(5));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(read.error().sentence(), at("x") + ": it has more than the 5 bytes that are read");
}

TEST_F(Files, ThatAreNoneAreNamedWithTheReason) {
  EXPECT_EQ(read_file(at("none"), Bytes(5)).error().sentence(), at("none") + ": no such file or directory");
  EXPECT_EQ(read_file(at("none"), Bytes(5)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_file(folder_.string(), Bytes(5)).error().sentence(),
            folder_.string() + ": it is a folder, not a file");
  EXPECT_EQ(read_file("/dev/zero", Bytes(5)).error().sentence(), "/dev/zero: it is a device, not a file");
  EXPECT_EQ(read_file("", Bytes(5)).error().sentence(), "file: its name is empty");
  EXPECT_EQ(read_file(std::string("a\0b", 3), Bytes(5)).error().sentence(), "a: no file has such a name");
}

TEST_F(Files, KeepTheirPermissionsAndLinks) {
  ASSERT_FALSE(write_file(at("real"), "old"));
  fs::permissions(at("real"), fs::perms::owner_read | fs::perms::owner_write);
  fs::create_symlink("real", at("link"));
  ASSERT_FALSE(write_file(at("link"), "new"));
  EXPECT_TRUE(fs::is_symlink(at("link")));
  EXPECT_EQ(*read_file(at("real"), Bytes(5)), "new");
  EXPECT_EQ(fs::status(at("real")).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(Files, CannotBeWrittenWhereThereIsNoFolder) {
  const auto error = write_file(at("none/x"), "text");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->sentence(), at("none/x") + ": no such file or directory");
  EXPECT_TRUE(write_file(folder_.string(), "text"));
  EXPECT_TRUE(write_file("/dev/null", "text"));
}

TEST_F(Files, OfTheUserAreFoundInTheConfigFolder) {
  ::setenv("HOME", "/home/someone", 1);
  ::unsetenv("XDG_CONFIG_HOME");
  EXPECT_EQ(user_file("profiles.json"), "/home/someone/.config/vram-estimator/profiles.json");
  ::setenv("XDG_CONFIG_HOME", "relative", 1);
  EXPECT_EQ(user_file("profiles.json"), "/home/someone/.config/vram-estimator/profiles.json");
  ::setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
  EXPECT_EQ(user_file("profiles.json"), at("vram-estimator/profiles.json"));
  ::unsetenv("XDG_CONFIG_HOME");
  ::unsetenv("HOME");
  EXPECT_EQ(user_file("profiles.json"), std::nullopt);
}

TEST_F(Files, OfProfilesNeedNotExistUnlessTheyAreNamed) {
  ::setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
  EXPECT_TRUE(load_profiles(std::nullopt).warnings.empty());
  const auto named = load_profiles(at("none"));
  ASSERT_EQ(named.warnings.size(), 1u);
  EXPECT_EQ(named.warnings[0].sentence(),
            at("none") + ": no such file or directory; only the built-in profiles are used");
  EXPECT_EQ(named.profiles, formula::built_in_profiles());
}

}  // namespace
}  // namespace vram::io
