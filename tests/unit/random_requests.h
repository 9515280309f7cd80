// Random questions about the models of the catalogue, the same ones in every run.
#pragma once

#include <iterator>
#include <random>

#include "hardware/catalogue.h"
#include "plan/request.h"
#include "readers/catalogue.h"

namespace vram::plan {

class RandomRequests {
 public:
  explicit RandomRequests(unsigned seed) : random_(seed), cards_(hardware::catalogue()) {}

  /// Some text model that fits a few cards: dense, windows, experts, MLA, hybrids.
  std::shared_ptr<const ModelSource> model() {
    static constexpr const char* kModels[] = {"Qwen/Qwen3-8B",
                                              "google/gemma-3-12b-it",
                                              "Qwen/Qwen3-30B-A3B",
                                              "openai/gpt-oss-20b",
                                              "Qwen/Qwen2.5-0.5B-Instruct",
                                              "google/gemma-3-1b-it",
                                              "deepseek-ai/DeepSeek-V2-Lite",
                                              "Qwen/Qwen3-4B",
                                              "meta-llama/Llama-3.1-8B-Instruct",
                                              "Qwen/Qwen3-Next-80B-A3B-Instruct",
                                              "tiiuae/falcon-mamba-7b",
                                              "meta-llama/Llama-4-Scout-17B-16E-Instruct"};
    const char* name = kModels[number(0, int(std::size(kModels)) - 1)];
    return std::make_shared<const ModelSource>(*catalogue_model(name));
  }

  Request request(std::shared_ptr<const ModelSource> model) {
    Request request;
    request.model = std::move(model);
    const auto releases = vllm::releases();
    if (number(0, 1))
      request.engine = *vllm::read_engine(releases[std::size_t(number(0, int(releases.size()) - 1))].version);
    request.gpu = cards_[std::size_t(number(0, int(cards_.size()) - 1))].gpu;
    request.args = arguments();
    return request;
  }

  int number(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }

 private:
  json::Object arguments() {
    json::Object args;
    const auto maybe = [&](const char* name, auto value) {
      if (number(0, 2) == 0) args.set(name, json::Value(value));
    };
    maybe("max_model_len", std::int64_t(number(1, 40)) * 1024);
    maybe("tensor_parallel_size", std::int64_t{1} << number(0, 3));
    maybe("gpu_memory_utilization", number(50, 99) / 100.0);
    maybe("max_num_seqs", std::int64_t(number(1, 512)));
    maybe("max_num_batched_tokens", std::int64_t(number(512, 16384)));
    maybe("enforce_eager", number(0, 1) == 1);
    maybe("kv_cache_dtype", number(0, 1) ? "fp8" : "auto");
    if (number(0, 9) == 0) args.set("pipeline_parallel_size", json::Value(std::int64_t{2}));
    if (number(0, 9) == 0) args.set("enable_chunked_prefill", json::Value(false));
    if (number(0, 9) == 0) args.set("num_gpu_blocks_override", json::Value(std::int64_t(number(100, 9000))));
    if (number(0, 9) == 0) args.set("kv_cache_memory_bytes", json::Value(std::int64_t(number(1, 64)) << 29));
    return args;
  }

  std::mt19937 random_;
  std::vector<hardware::Record> cards_;
};

}  // namespace vram::plan
