#include <gtest/gtest.h>

#include "units/quantity.h"
#include "units/secrets.h"
#include "units/text.h"

namespace vram {
namespace {

TEST(Quantity, SaturatesInsteadOfWrapping) {
  const Bytes most(std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(most + Bytes(1), most);
  EXPECT_EQ(most * 2, most);
  EXPECT_EQ(Bytes(0) - most - Bytes(2), Bytes(std::numeric_limits<std::int64_t>::min()));
}

TEST(Quantity, APartFilledBlockCountsAsOne) {
  EXPECT_EQ(blocks_for(Tokens(32), Tokens(16)), Blocks(2));
  EXPECT_EQ(blocks_for(Tokens(33), Tokens(16)), Blocks(3));
  EXPECT_EQ(blocks_for(Tokens(0), Tokens(16)), Blocks(0));
}

struct CountCase {
  const char* text;
  std::optional<std::int64_t> count;
};

class ReadCount : public testing::TestWithParam<CountCase> {};

TEST_P(ReadCount, ReadsAsVllmDoes) {
  const auto [text, count] = GetParam();
  const auto read = read_count(text, "--max-model-len");
  EXPECT_EQ(bool(read), count.has_value()) << text;
  if (read && count) {
    EXPECT_EQ(*read, *count) << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ReadCount,
                         testing::Values(CountCase{"32768", 32768}, CountCase{"32k", 32000}, CountCase{"32K", 32768},
                                         CountCase{"25.6k", 25600}, CountCase{"1M", 1048576}, CountCase{"1m", 1000000},
                                         CountCase{"-1", -1}, CountCase{"", std::nullopt}, CountCase{"k", std::nullopt},
                                         CountCase{"1e400k", std::nullopt}, CountCase{"nan", std::nullopt},
                                         CountCase{"0x10", std::nullopt}, CountCase{"3.5", std::nullopt},
                                         CountCase{"99999999999999999999", std::nullopt}, CountCase{"12 k", 12000},
                                         CountCase{"9e18k", std::nullopt}));

TEST(ReadBytes, TellsGigabytesFromGibibytes) {
  EXPECT_EQ(*read_bytes("40GiB", "x"), Bytes(40 * kGiB));
  EXPECT_EQ(*read_bytes("80GB", "x"), Bytes(80'000'000'000));
  EXPECT_EQ(*read_bytes("1.5 TiB", "x"), Bytes(1536 * kGiB));
  EXPECT_FALSE(read_bytes("-1GiB", "x"));
  EXPECT_FALSE(read_bytes("10 parsecs", "x"));
}

TEST(Text, NumbersReadAsPythonWritesThem) {
  EXPECT_EQ(with_commas(1234567), "1,234,567");
  EXPECT_EQ(with_commas(-123), "-123");
  EXPECT_EQ(with_commas(-1234), "-1,234");
  EXPECT_EQ(python_float(0.92), "0.92");
  EXPECT_EQ(python_float(5), "5.0");
  EXPECT_EQ(python_float(1e16), "1e+16");
  EXPECT_EQ(fixed(12.345, 2), "12.35");
}

TEST(Text, SuggestsOnlyWhatIsNear) {
  constexpr std::string_view kNames[] = {"max_model_len", "max_num_seqs", "tensor_parallel_size"};
  EXPECT_EQ(nearest("max_modl_len", kNames), "max_model_len");
  EXPECT_EQ(nearest("bananas", kNames), std::nullopt);
}

TEST(Secrets, AreHiddenWhereverTheyStand) {
  EXPECT_EQ(without_credentials("see https://user:word@host/a@b and http://host, s3://key@bucket"),
            "see https://***@host/a@b and http://host, s3://***@bucket");
  const std::pair<const char*, const char*> lines[] = {
      {"serve m --api-key sk-1 --port 80", "serve m --api-key *** --port 80"},
      {"--hf-token=hf_1", "--hf-token=***"},
      {"{'api_key': ['sk-1'], 'seed': 0}", "{'api_key': ['***'], 'seed': 0}"},
      {"{'api_key': ['sk-1', 'sk-2'], 'seed': 0}", "{'api_key': ['***', '***'], 'seed': 0}"},
      {R"(["--api-key", "sk-1", "sk-2", "--port", "80"])", R"(["--api-key", "***", "***", "--port", "80"])"},
      {R"({"hf_token": "hf_1", "port": 1})", R"({"hf_token": "***", "port": 1})"},
      {"HF_TOKEN=hf_1 vllm serve m", "HF_TOKEN=*** vllm serve m"},
      {"+        \"--api-key\",\n+        \"sk-1\"\n", "+        \"--api-key\",\n+        \"***\"\n"},
      {"--api-key --port 80", "--api-key --port 80"},
      {"--api-key", "--api-key"},
      {"api_key=[], seed=0", "api_key=[], seed=0"},
      {"GPU KV cache size: 72,816 tokens", "GPU KV cache size: 72,816 tokens"},
      {"max_num_batched_tokens=8192, tokenizer=a", "max_num_batched_tokens=8192, tokenizer=a"}};
  for (const auto& [given, shown] : lines) EXPECT_EQ(without_secrets(given), shown);
}

TEST(Secrets, HaveNamesThatSaySo) {
  for (const char* name : {"hf_token", "api-key", "--api-key", "VLLM_API_KEY", "AWS_SECRET_ACCESS_KEY", "password"})
    EXPECT_TRUE(names_secret(name)) << name;
  for (const char* name : {"max_num_batched_tokens", "tokenizer", "ssl-keyfile", "key", "long-prefill-token-threshold"})
    EXPECT_FALSE(names_secret(name)) << name;
}

}  // namespace
}  // namespace vram
