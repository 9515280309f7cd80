#include "readers/safetensors.h"

#include <gtest/gtest.h>

#include "mutations.h"
#include "readers/checkpoint.h"

namespace vram {
namespace {

constexpr std::string_view kGood =
    R"({"__metadata__":{"format":"pt"},"a":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},)"
    R"("b.é\u00e9":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[12,16]},)"
    R"("empty":{"dtype":"F32","shape":[0,7],"data_offsets":[16,16]},"one":{"data_offsets":[16,20],"shape":[],"dtype":"F32"}}   )";

std::string problem_of(std::string_view text) {
  const auto header = read_safetensors_header(text, "x.safetensors");
  return header ? "" : header.error().problem;
}

std::array<unsigned char, 8> prefix(std::uint64_t length) {
  std::array<unsigned char, 8> bytes{};
  for (unsigned char& byte : bytes) {
    byte = static_cast<unsigned char>(length & 255);
    length >>= 8;
  }
  return bytes;
}

TEST(Safetensors, ReadsNamesTypesShapesAndPlaces) {
  const auto header = read_safetensors_header(kGood, "x.safetensors");
  ASSERT_TRUE(header) << header.error().sentence();
  ASSERT_EQ(header->tensors.size(), 4u);
  EXPECT_EQ(header->data, Bytes(20));
  EXPECT_EQ(header->tensors[0].name, "a");
  EXPECT_EQ(header->tensors[0].type, StoredType::kBf16);
  EXPECT_EQ(header->tensors[0].dimensions, 2);
  EXPECT_EQ(header->tensors[0].shape[1], 3);
  EXPECT_EQ(header->tensors[1].name, "b.éé");
  EXPECT_EQ(header->tensors[2].elements, 0);
  EXPECT_EQ(header->tensors[3].bytes, Bytes(4)) << "no dimensions are one element";
  EXPECT_EQ(header->metadata.front().second, "pt");
}

struct Hostile {
  const char* text;
  const char* says;
};
constexpr Hostile kHostile[] = {
    {"", "it ends where"},
    {"[]", "it is not valid JSON at byte 0"},
    {R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]})", "it ends where"},
    {R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}} x)", "something follows the end"},
    {R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,5]}})", "make 4 bytes, its data_offsets 5"},
    {R"({"a":{"dtype":"BF17","shape":[2],"data_offsets":[0,4]}})", "the dtype \"BF17\" is not known"},
    {R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[4,0]}})", "end before they begin"},
    {R"({"a":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}})", "begin at 4, where those before it end at 0"},
    {R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
     "begin at 2, where those before it end at 4"},
    {R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
     "the tensor \"a\" stands twice"},
    {R"({"a":{"dtype":"U8","shape":[4]}})", "its data_offsets is missing"},
    {R"({"a":{"shape":[4],"data_offsets":[0,4]}})", "its dtype is missing"},
    {R"({"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}})", "two dtypes"},
    {R"({"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,4]}})", "a whole number was expected"},
    {R"({"a":{"dtype":"U8","shape":[1.5],"data_offsets":[0,4]}})", "a whole number was expected"},
    {R"({"a":{"dtype":"U8","shape":[9999999999999999999],"data_offsets":[0,4]}})", "more than 18 digits"},
    {R"({"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", "more elements than 64 bits"},
    {R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "more than 8 dimensions"},
    {R"({"a":{"dtype":"F4","shape":[3],"data_offsets":[0,1]}})", "its shape and dtype make 1 bytes"},
    {"{\"a\x01\":1}", "a control character"},
    {"{\"a\xff\":{}}", "not UTF-8"},
    {R"({"\ud800":{}})", "an escape that JSON has not"},
    {R"({"a":{"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[)",
     "nested more than 64 deep"},
};

TEST(Safetensors, HostileHeadersAreErrors) {
  for (const Hostile& each : kHostile) {
    const std::string problem = problem_of(each.text);
    EXPECT_NE(problem.find(each.says), std::string::npos) << each.text << "\n  says: " << problem;
  }
}

TEST(Safetensors, LengthIsBoundedBeforeItIsBelieved) {
  EXPECT_EQ(safetensors_header_length(prefix(100), Bytes(200), "x")->count(), 100);
  EXPECT_EQ(safetensors_header_length(prefix(100'000'000), std::nullopt, "x")->count(), 100'000'000);
  EXPECT_EQ(safetensors_header_length(prefix(100'000'001), std::nullopt, "x").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(safetensors_header_length(prefix(~0ull), std::nullopt, "x").error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(safetensors_header_length(prefix(193), Bytes(200), "x").error().problem,
            "it ends inside its header: 200 bytes");
  const auto five = prefix(5);
  EXPECT_FALSE(safetensors_header_length(std::span(five).first(7), std::nullopt, "x"));
  EXPECT_FALSE(safetensors_header_length(prefix(0), std::nullopt, "x"));
  const std::string pointer = "version https://git-lfs";
  const auto* bytes = reinterpret_cast<const unsigned char*>(pointer.data());
  EXPECT_NE(safetensors_header_length({bytes, pointer.size()}, std::nullopt, "x").error().problem.find("Git LFS"),
            std::string::npos);
}

TEST(Safetensors, FileIsAsLongAsItsHeaderSays) {
  const auto header = read_safetensors_header(kGood, "x");
  ASSERT_TRUE(header);
  EXPECT_FALSE(check_file_size(*header, Bytes(100), Bytes(128), "x"));
  EXPECT_NE(check_file_size(*header, Bytes(100), Bytes(127), "x")->problem.find("it ends too early"),
            std::string::npos);
  EXPECT_NE(check_file_size(*header, Bytes(100), Bytes(129), "x")->problem.find("goes on"), std::string::npos);
}

TEST(Safetensors, NamesThatFallIntoOnePlaceOfTheTableAreStillTold) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i)
    text +=
        (i ? ",\"" : "\"") + std::to_string(i * 7919) + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
  EXPECT_EQ(problem_of(text + "}"), "");
  EXPECT_EQ(problem_of(text + ",\"7919\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"),
            "the tensor \"7919\" stands twice in it");
}

TEST(Safetensors, DamagedHeadersNeverCrash) {
  tests::Mutations mutations{std::string(kGood)};
  int read = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = mutations.next();
    const auto header = read_safetensors_header(text, "x");
    if (!header) {
      EXPECT_FALSE(header.error().problem.empty()) << text;
      continue;
    }
    ++read;
    Bytes sum;
    for (const StoredTensor& tensor : header->tensors) sum += tensor.bytes;
    EXPECT_EQ(sum, header->data) << text;
  }
  EXPECT_GT(read, 100);
}

TEST(Checkpoint, AddsUpFilesAndTypes) {
  Checkpoint checkpoint;
  ASSERT_FALSE(checkpoint.add(std::string(kGood), std::nullopt, "a"));
  ASSERT_FALSE(checkpoint.add(std::string(kGood), Bytes(8 + std::int64_t(kGood.size()) + 20), "b"));
  EXPECT_EQ(checkpoint.stored, Bytes(40));
  EXPECT_EQ(checkpoint.tensors, 8);
  EXPECT_EQ(checkpoint.by_type[std::size_t(StoredType::kBf16)], Bytes(24));
  EXPECT_TRUE(checkpoint.add(std::string(kGood), Bytes(20), "c"));
}

TEST(Checkpoint, RequestsMayHoldHeadersOrAnIndex) {
  const auto read = [](std::string_view text) {
    return read_weights_member(*json::parse(text, "test"), "request: \"weights_index\"");
  };
  const auto header = read(R"({"a":{"dtype":"BF16","shape":[2,3]},"b":{"dtype":"U8","shape":[5]}})");
  ASSERT_TRUE(header) << header.error().sentence();
  EXPECT_EQ(header->stored, Bytes(17));
  const auto several = read(R"([{"a":{"dtype":"BF16","shape":[2]}},{"b":{"dtype":"U8","shape":[5]}}])");
  ASSERT_TRUE(several);
  EXPECT_EQ(several->files.size(), 2u);
  const auto index = read(R"({"metadata":{"total_size":99},"weight_map":{"a":"model.safetensors"}})");
  ASSERT_TRUE(index);
  EXPECT_EQ(index->stored, Bytes(99));
  EXPECT_FALSE(index->has_headers());
  for (const auto* each : {&header, &several}) {
    const auto again = read_weights_member(weights_member(**each, 1000), "test");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->by_type, (*each)->by_type);
    EXPECT_EQ(again->origin, (*each)->origin);
    const auto total = read_weights_member(weights_member(**each, 10), "test");
    ASSERT_TRUE(total);
    EXPECT_EQ(total->stored, (*each)->stored);
    EXPECT_FALSE(total->has_headers());
  }
  EXPECT_EQ(read_weights_member(weights_member(*index, 1000), "test")->stored, Bytes(99));
  for (const char* bad : {"7", "[]", "{}", "[1]", R"({"a":1})", R"({"weight_map":{"a":"b"}})"})
    EXPECT_FALSE(read(bad)) << bad;
}

}  // namespace
}  // namespace vram
