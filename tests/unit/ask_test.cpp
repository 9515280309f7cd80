#include "options/ask.h"

#include <gtest/gtest.h>

#include "json/write.h"
#include "options/request_form.h"

namespace vram::options {
namespace {

struct SentenceCase {
  const char* name;
  const char* text;
  const char* request;
  const char* not_understood = "";
};

constexpr SentenceCase kSentences[] = {
    {"a published FP8 checkpoint is meant before --quantization; two cards are for two ranks",
     "qwen3 32b fp8 on 2x4090 32K ctx",
     R"({"gpu": {"name": "RTX-4090", "count": 2}, "model": {"source": "Qwen/Qwen3-32B-FP8"}, "args": {"max_model_len": 32768, "tensor_parallel_size": 2}})"},
    {"commas part words, but not the digits of a number", "gemma 3 12b on h100, 8,192 ctx, util .95, vllm 0.19",
     R"({"engine": {"version": "0.19.0"}, "gpu": {"name": "H100-SXM-80GB"}, "model": {"source": "google/gemma-3-12b-it"}, "args": {"max_model_len": 8192, "gpu_memory_utilization": 0.95}})"},
    {"requests of a length are a workload, not an argument", "llama 3.3 70b on 4 h100, 64 requests of 8K",
     R"({"workload": {"concurrent_requests": 64, "context_tokens": 8192}, "gpu": {"name": "H100-SXM-80GB", "count": 4}, "model": {"source": "meta-llama/Llama-3.3-70B-Instruct"}, "args": {"tensor_parallel_size": 4}})"},
    {"a size without a card is a card of that size", "gemma 3 12b, longest context in 24 GB",
     R"({"gpu": {"total_bytes": 25769803776}, "model": {"source": "google/gemma-3-12b-it"}})"},
    {"parallel sizes that were said are kept", "deepseek r1 8xh200 tp 4 pp2 fp8 kv",
     R"({"gpu": {"name": "H200-SXM-141GB", "count": 8}, "model": {"source": "deepseek-ai/DeepSeek-R1"}, "args": {"tensor_parallel_size": 4, "pipeline_parallel_size": 2, "kv_cache_dtype": "fp8"}})"},
    {"a format that no checkpoint has becomes an argument", "opt 125m fp8 on l4",
     R"({"gpu": {"name": "L4"}, "model": {"source": "facebook/opt-125m"}, "args": {"quantization": "fp8"}})"},
    {"vLLM's own spelling, with and without dashes", "qwen3 8b --max-num-seqs 64 kv-cache-dtype=fp8 enforce-eager 90%",
     R"({"model": {"source": "Qwen/Qwen3-8B"}, "args": {"max_num_seqs": 64, "kv_cache_dtype": "fp8", "enforce_eager": true, "gpu_memory_utilization": 0.9}})"},
    {"a launch line as it was pasted", "docker exec x vllm serve Qwen/Qwen3-8B \\\n --max-model-len 32k -tp 2",
     R"({"model": {"source": "Qwen/Qwen3-8B"}, "args": {"max_model_len": 32000, "tensor_parallel_size": 2}})",
     "docker exec x"},
    {"an address of the hub", "https://huggingface.co/Qwen/Qwen3-8B/tree/main on l40s",
     R"({"model": {"source": "Qwen/Qwen3-8B"}, "gpu": {"name": "L40S"}})"},
    {"the earlier tool's figures", "8b int4, 36 layers, 8 kv heads of 128, fp8 kv, 8K ctx, ada_16gb",
     R"({"profile": "ada_16gb", "model": {"formula": {"params_billion": 8.0, "quant": "int4", "layers": 36, "kv_heads": 8, "head_dim": 128, "kv_dtype": "fp8"}}, "workload": {"concurrent_requests": 1, "context_tokens": 8192}})"},
    {"what makes no sense changes nothing", "qwen3 8b frobnicated on 4090 with gusto",
     R"({"gpu": {"name": "RTX-4090"}, "model": {"source": "Qwen/Qwen3-8B"}})", "frobnicated|gusto"},
    {"nothing", "", "{}"},
};

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& each : words) text += (text.empty() ? "" : "|") + each;
  return text;
}

TEST(Ask, ReadsSentences) {
  for (const SentenceCase& sentence : kSentences) {
    const Asked asked = ask(sentence.text);
    EXPECT_EQ(json::write_line(json::Value(asked.request)), sentence.request) << sentence.name;
    EXPECT_EQ(joined(asked.not_understood), sentence.not_understood) << sentence.name;
    if (asked.request.find("model")) {
      EXPECT_TRUE(read_request(json::Value(asked.request))) << sentence.name;
    }
  }
}

TEST(Ask, SaysWhatASmallKIs) {
  EXPECT_EQ(joined(ask("qwen3 8b 32k ctx").hints), "32k is 32,000 as vLLM reads it; 32K is 32,768");
  EXPECT_EQ(joined(ask("qwen3 8b 32K ctx").hints), "");
}

TEST(Ask, SaysWhichCardsAnAmbiguousNameMayMean) {
  const Asked asked = ask("qwen3 8b on a100");
  EXPECT_EQ(asked.request.find("gpu"), nullptr);
  ASSERT_EQ(asked.hints.size(), 1u);
  EXPECT_NE(asked.hints.front().find("A100-SXM-80GB"), std::string::npos);
  EXPECT_EQ(joined(asked.not_understood), "a100");
}

TEST(Ask, TakesAnyTextWithoutComplaint) {
  for (const char* text : {"--", "-tp", "--max-model-len", "vllm serve", "x 99999999999999999999 requests", "%", "/",
                           "//", "2x", "gb", "0 gb", "\xff\xfe", "kv kv kv", "tp tp2 tp=3 tp", "http://"})
    EXPECT_TRUE(ask(text).request.find("nothing") == nullptr) << text;
  EXPECT_FALSE(ask(std::string(100'000, '4')).request.find("model"));
}

}  // namespace
}  // namespace vram::options
