#include "readers/gguf.h"

#include <gtest/gtest.h>

#include "gguf_bytes.h"

namespace vram::gguf {
namespace {

Result<std::optional<File>> read(std::span<const std::byte> bytes) {
  return read_gguf(bytes, Bytes(std::int64_t(bytes.size())), "f");
}

TEST(Gguf, IsReadToTheByte) {
  const Bytewise file = sample();
  const auto read_file = read(file.bytes());
  ASSERT_TRUE(read_file) << read_file.error().sentence();
  const File& found = **read_file;
  EXPECT_EQ(found.alignment, Bytes(64));
  EXPECT_EQ(found.text("general.architecture"), "llama");
  EXPECT_EQ(found.find("tokens")->length, 2u);
  EXPECT_EQ(found.integer("heads"), 7);
  ASSERT_EQ(found.tensors.size(), 2u);
  const Tensor& embedding = *found.tensor("token_embd.weight");
  EXPECT_EQ(embedding.bytes, Bytes(3 * 144));
  EXPECT_EQ(embedding.offset, found.data_begin);
  EXPECT_EQ(found.tensor("norm.weight")->offset + Bytes(1024), found.size);
}

TEST(Gguf, AsksForMoreWhereOnlyItsFrontIsThere) {
  const Bytewise file = sample();
  const Bytes size(std::int64_t(file.text().size()));
  const auto whole = read(file.bytes());
  for (std::size_t count = 0; count < file.text().size(); ++count) {
    const auto front = read_gguf(file.bytes().first(count), size, "f");
    ASSERT_TRUE(front) << count << ": " << front.error().sentence();
    // The padding in front of the tensors need not be there.
    if (*front) {
      EXPECT_GE(std::int64_t(count), (**whole).data_begin.count() - 64);
    }
  }
}

TEST(Gguf, ThatIsCutShortIsRefused) {
  const Bytewise file = sample();
  for (std::size_t count = 0; count < file.text().size(); ++count) {
    const auto cut = read(file.bytes().first(count));
    EXPECT_FALSE(cut) << count;
  }
}

struct BadCase {
  Bytewise file;
  const char* sentence;
};

TEST(Gguf, ThatContradictsItselfIsRefusedInOneSentence) {
  const BadCase cases[] = {
      {Bytewise().raw("GGML"), "f: it is no GGUF file"},
      {head(0, 0, 1), "f: it is of GGUF version 1; versions 2 and 3 are read"},
      {head(0, 0, 4), "f: it is of GGUF version 4; versions 2 and 3 are read"},
      {head(~0ull, 0), "f: it has 18446744073709551615 tensors"},
      {head(0, ~0ull), "f: it has 18446744073709551615 keys"},
      {head(0, 1).u64(~0ull), "f: a key has 18446744073709551615 bytes"},
      {head(0, 1).u64(100), "f: the file ends inside its header; is the download complete?"},
      {head(0, 1).string(""), "f: a key is empty"},
      {head(0, 2).u32_field("a", 1).u32_field("a", 1), "f: the key \"a\" stands twice"},
      {head(0, 1).string("a").u32(13), "f: \"a\" is of the unknown type 13"},
      {head(0, 1).string("a").u32(9).u32(4).u64(~0ull), "f: \"a\" is longer than the file"},
      {head(0, 1).string("a").u32(8).u64(~0ull), "f: the file ends inside its header; is the download complete?"},
      {head(0, 1).u32_field("general.alignment", 48), "f: \"general.alignment\" is no power of 2"},
      {head(0, 1).u32_field("general.alignment", 0), "f: \"general.alignment\" is no power of 2"},
      {head(1, 0).string("t").u32(5), "f: tensor \"t\" has 5 dimensions, at most 4 are possible"},
      {head(1, 0).tensor("t", {1ull << 40, 1ull << 40}, 0, 0), "f: tensor \"t\" is larger than any file"},
      {head(1, 0).tensor("t", {~0ull}, 0, 0), "f: tensor \"t\" is larger than any file"},
      {head(1, 0).tensor("t", {32}, 4, 0),
       "f: tensor \"t\" is of the element type 4; llama.cpp has none of that number, or no longer"},
      {head(1, 0).tensor("t", {33}, 8, 0), "f: tensor \"t\" has rows of 33, which q8_0 keeps in blocks of 32"},
      {head(1, 0).tensor("t", {32}, 8, 16), "f: tensor \"t\" is not aligned"},
      {head(1, 0).tensor("t", {32}, 8, 1ull << 40), "f: tensor \"t\" ends behind the file; is the download complete?"},
      {head(1, 0).tensor("t", {32}, 8, ~0ull), "f: tensor \"t\" begins behind the file"},
      {head(2, 0).tensor("t", {1}, 0, 0).tensor("t", {1}, 0, 32), "f: tensor \"t\" stands twice"},
  };
  for (const BadCase& each : cases) {
    const auto bad = read(each.file.bytes());
    ASSERT_FALSE(bad) << each.sentence;
    EXPECT_EQ(bad.error().sentence(), each.sentence);
  }
}

TEST(Gguf, InTheOtherByteOrderIsReadToo) {
  // "GGUF", version 3, no tensors, one field "a" of 32 bits: 258.
  const std::string text("GGUF\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\1a\0\0\0\4\0\0\1\2", 41);
  const auto file = read(std::as_bytes(std::span(text)));
  ASSERT_TRUE(file) << file.error().sentence();
  EXPECT_TRUE((**file).big_endian);
  EXPECT_EQ((**file).integer("a"), 258);
}

/// One byte changed, then another: never a crash, always a file or a sentence.
TEST(Gguf, WithAnyByteChangedIsReadOrRefused) {
  const std::string text = sample().text();
  std::uint64_t seed = 1;
  const auto next = [&] { return seed = seed * 6364136223846793005u + 1442695040888963407u, seed >> 33; };
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = text;
    for (std::uint64_t changes = 1 + next() % 3; changes > 0; --changes)
      changed[next() % 320 % changed.size()] = char(next() % 4 ? next() : next() % 2 ? 0xFF : 0);
    const auto answer = read(std::as_bytes(std::span(changed)));
    if (answer) continue;
    ++refused;
    EXPECT_TRUE(answer.error().sentence().starts_with("f: ")) << answer.error().sentence();
  }
  EXPECT_GT(refused, 1000);
}

TEST(Gguf, PartsAreNamedByNumber) {
  EXPECT_EQ(part_names("a-00002-of-00003.gguf"),
            (std::vector<std::string>{"a-00001-of-00003.gguf", "a-00002-of-00003.gguf", "a-00003-of-00003.gguf"}));
  for (const char* name : {"a.gguf", "a-00001-of-00000.gguf", "-00001-of-00001.gguf", "a-0000x-of-00001.gguf", ""})
    EXPECT_TRUE(part_names(name).empty()) << name;
}

File part(int number, int count, const char* tensor) {
  const Bytewise file = head(1, 2)
                            .u32_field("split.no", std::uint32_t(number))
                            .u32_field("split.count", std::uint32_t(count))
                            .tensor(tensor, {8}, 0, 0)
                            .pad_to(32)
                            .zeros(32);
  return **read(file.bytes());
}

TEST(Gguf, PartsMustBelongTogether) {
  const auto whole = joined({part(0, 2, "a"), part(1, 2, "b")}, "f");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->tensors.size(), 2u);
  EXPECT_EQ(whole->tensors[1].part, 1);
  EXPECT_FALSE(joined({part(0, 2, "a")}, "f"));
  EXPECT_FALSE(joined({part(0, 2, "a"), part(0, 2, "b")}, "f"));
  EXPECT_FALSE(joined({part(0, 2, "a"), part(1, 2, "a")}, "f"));
}

}  // namespace
}  // namespace vram::gguf
