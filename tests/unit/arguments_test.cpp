#include "vllm/arguments.h"

#include <gtest/gtest.h>

#include "json/write.h"

namespace vram::vllm {
namespace {

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> result;
  while (!line.empty()) {
    const std::string_view word = line.substr(0, line.find(' '));
    line.remove_prefix(std::min(word.size() + 1, line.size()));
    if (!word.empty()) result.emplace_back(word);
  }
  return result;
}

struct LineCase {
  const char* line;
  const char* model;
  const char* arguments;  // as JSON
};

class ReadsLine : public testing::TestWithParam<LineCase> {};

TEST_P(ReadsLine, AsVllmDoes) {
  const auto [line, model, arguments] = GetParam();
  const auto read = read_launch_line(words(line), newest());
  ASSERT_TRUE(read) << line << ": " << read.error().sentence();
  EXPECT_EQ(read->model, model) << line;
  EXPECT_EQ(json::write_line(json::Value(read->arguments)), arguments) << line;
}

INSTANTIATE_TEST_SUITE_P(
    All, ReadsLine,
    testing::Values(LineCase{"vllm serve Qwen/Qwen3-8B", "Qwen/Qwen3-8B", "{}"},
                    LineCase{"Qwen/Qwen3-8B -tp 2 -pp=4", "Qwen/Qwen3-8B",
                             R"({"tensor_parallel_size": 2, "pipeline_parallel_size": 4})"},
                    LineCase{"m --max-model-len 32k --max_num_batched_tokens 2K", "m",
                             R"({"max_model_len": 32000, "max_num_batched_tokens": 2048})"},
                    LineCase{"m --max-model-len auto", "m", R"({"max_model_len": -1})"},
                    LineCase{"m --max-model-len -1", "m", R"({"max_model_len": -1})"},
                    LineCase{"--model m --no-enable-prefix-caching --enforce-eager", "m",
                             R"({"enable_prefix_caching": false, "enforce_eager": true})"},
                    LineCase{"m --disable-chunked-prefill", "m", R"({"enable_chunked_prefill": false})"},
                    LineCase{R"(m --speculative-config {"method":"mtp","num_speculative_tokens":1})", "m",
                             R"({"speculative_config": {"method": "mtp", "num_speculative_tokens": 1}})"},
                    LineCase{"m --speculative-config.method mtp --speculative-config.num_speculative_tokens 2", "m",
                             R"({"speculative_config": {"method": "mtp", "num_speculative_tokens": 2}})"},
                    LineCase{"m --gpu-memory-utilization 0.85 -q awq", "m",
                             R"({"gpu_memory_utilization": 0.85, "quantization": "awq"})"},
                    LineCase{"m --served-model-name a b --port 8000", "m",
                             R"({"served_model_name": ["a", "b"], "port": 8000})"},
                    LineCase{"m -O3", "m", R"({"optimization_level": 3})"},
                    LineCase{"VLLM_USE_V1=1 CUDA_VISIBLE_DEVICES=0 vllm serve m --kv-cache-dtype fp8", "m",
                             R"({"kv_cache_dtype": "fp8"})"}));

struct RefusedCase {
  const char* line;
  const char* version;
  const char* sentence;
};

class RefusesLine : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusesLine, WithASentence) {
  const auto [line, version, sentence] = GetParam();
  const auto read = read_launch_line(words(line), *read_engine(version));
  ASSERT_FALSE(read) << line;
  EXPECT_EQ(read.error().sentence(), sentence);
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusesLine,
    testing::Values(RefusedCase{"m --max-modl-len 8192", "0.33.0",
                                "--max-modl-len: vLLM has no such argument; did you mean --max-model-len?"},
                    RefusedCase{"m --max-model-len", "0.33.0", "--max-model-len: expected a value, found nothing"},
                    RefusedCase{"m --max-num-seqs many", "0.33.0",
                                "--max-num-seqs: expected a whole number, found \"many\""},
                    RefusedCase{"m n", "0.33.0", "\"n\": one model is served, and \"m\" is it"},
                    RefusedCase{"m --rope-theta 10000", "0.33.0",
                                "--rope-theta: vLLM 0.33.0 has no such argument any more; it was gone by 0.14.1"},
                    RefusedCase{"m --language-model-only", "0.10.2",
                                "--language-model-only: vLLM 0.10.2 has no such argument; it is there from 0.18.0 or a "
                                "little earlier on"}));

TEST(ReadArguments, TypesAndChecks) {
  const auto given =
      json::parse(R"({"tensor_parallel_size": 2, "max_model_len": "32K", "enforce_eager": true, "dtype": null})", "x");
  const auto read = read_arguments(*given->object(), newest());
  ASSERT_TRUE(read);
  EXPECT_EQ(json::write_line(json::Value(*read)),
            R"({"tensor_parallel_size": 2, "max_model_len": 32768, "enforce_eager": true})");
  const auto wrong = json::parse(R"({"tensor_parallel_size": 2.5})", "x");
  EXPECT_EQ(read_arguments(*wrong->object(), newest()).error().sentence(),
            "--tensor-parallel-size: expected a whole number, found 2.5");
  const auto unknown = json::parse(R"({"tensor_paralel_size": 2})", "x");
  EXPECT_EQ(read_arguments(*unknown->object(), newest()).error().sentence(),
            "args: \"tensor_paralel_size\": vLLM has no such argument; did you mean --tensor-parallel-size?");
}

TEST(Arguments, AreSortedAndNamedOnce) {
  for (std::size_t i = 1; i < arguments().size(); ++i) EXPECT_LT(arguments()[i - 1].name, arguments()[i].name);
}

}  // namespace
}  // namespace vram::vllm
