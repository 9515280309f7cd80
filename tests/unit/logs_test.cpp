// Lines in the words of each release, with every kind of prefix that a terminal or a container leaves before them.
#include <gtest/gtest.h>

#include "json/write.h"
#include "logs/clean.h"
#include "logs/match.h"
#include "logs/python.h"
#include "logs/read.h"

namespace vram::logs {
namespace {

struct NumberCase {
  const char* name;
  const char* line;
  Fact fact;
  std::vector<double> expected;
};

const NumberCase kNumbers[] = {
    {"0.6 prints weights in GB and means GiB",
     "INFO 01-02 03:04:05 model_runner.py:1067] Loading model weights took 7.5000 GB",
     Fact::kModelLoading,
     {7.5}},
    {"0.8 names the time too",
     "INFO 01-02 03:04:05 [gpu_model_runner.py:9] Model loading took 1.25 GiB and 2.5 seconds",
     Fact::kModelLoadingSeconds,
     {2.5}},
    {"0.11 says memory", "Model loading took 14.96 GiB memory and 20.67 seconds", Fact::kModelLoading, {14.96}},
    {"0.6.4 profiled in one line",
     "Memory profiling results: total_gpu_memory=23.5GiB initial_memory_usage=15.0GiB peak_torch_memory=17.25GiB "
     "memory_usage_post_profile=15.1Gib non_torch_memory=0.25GiB kv_cache_size=3.75GiB gpu_memory_utilization=0.90",
     Fact::kAvailableKv,
     {3.75}},
    {"0.7's share of the GPU",
     "the current vLLM instance can use total_gpu_memory (80.0GiB) x gpu_memory_utilization (0.90) = 72.0GiB",
     Fact::kBudget,
     {72}},
    {"0.7's sentence of four sizes",
     "model weights take 15.0GiB; non_torch_memory takes 0.5GiB; PyTorch activation peak memory takes 2.5GiB; the rest "
     "of the memory reserved for KV Cache is 54.0GiB.",
     Fact::kActivationPeak,
     {2.5}},
    {"blocks of the first engine", "# cuda blocks: 7191, # CPU blocks: 512", Fact::kGpuBlocks, {7191}},
    {"blocks without the sign", "GPU blocks: 1952, # CPU blocks: 2048", Fact::kCpuBlocks, {2048}},
    {"the cache's size has commas", "GPU KV cache size: 1,594,928 tokens", Fact::kKvTokens, {1594928}},
    {"0.28 joins two sentences",
     "GPU KV cache size: 324,704 tokens, Maximum concurrency for 4,096 tokens per request: 79.27x",
     Fact::kConcurrency,
     {79.27}},
    {"a joined sentence that was cut still tells the length",
     "GPU KV cache size: 8 tokens, Maximum concurrency for 12,000 tokens",
     Fact::kMaxModelLen,
     {12000}},
    {"graphs may give memory back", "Graph capturing finished in 4 secs, took -0.41 GiB", Fact::kGraphs, {-0.41}},
    {"an estimate of graphs", "Estimated CUDA graph memory: 0.44 GiB total", Fact::kGraphsEstimated, {0.44}},
    {"0.10 suggests in bytes",
     "Free memory on device (23.2/23.6 GiB) on startup. Desired GPU memory utilization is (0.9, 21.3 GiB). Actual "
     "usage "
     "is 5.75 GiB for weight, 0.25 GiB for peak activation, 0.02 GiB for non-torch memory, and 0.14 GiB for CUDAGraph "
     "memory. Current kv cache memory in use is 1073741824 bytes.",
     Fact::kKvInUse,
     {1}},
    {"0.26 puts weights and the rest together",
     "Actual usage is 22.25 GiB for consumed memory (weights + non-torch), 0.75 GiB for peak activation, and 0.5 GiB "
     "for "
     "CUDAGraph memory.",
     Fact::kConsumed,
     {22.25}},
    {"what was reserved by hand",
     "Initial free memory 93.88 GiB, reserved 49.0 GiB memory for KV Cache as specified by",
     Fact::kKvReserved,
     {49}},
    {"torch counts in MiB",
     "CUDA out of memory. Tried to allocate 512.00 MiB. GPU 0 has a total capacity of 15.5 GiB of which 256.00 MiB is "
     "free.",
     Fact::kOomTried,
     {0.5}},
    {"torch 2.1 misspells capacity",
     "Tried to allocate 2.00 GiB. GPU 3 has a total capacty of 15.5 GiB of which 0 bytes is free.",
     Fact::kOomFree,
     {0}},
    {"the other refusal's numbers",
     "To serve at least one request with the models's max seq len (40960), (5.62 GiB KV cache is needed, which is "
     "larger "
     "than the available KV cache memory (3.18 GiB). Based on the available memory, the estimated maximum model length "
     "is 23136. Try",
     Fact::kEstimatedMaxLen,
     {23136}},
    {"0.6's refusal",
     "The model's max seq len (8192) is larger than the maximum number of tokens that can be stored in KV cache "
     "(1024).",
     Fact::kEstimatedMaxLen,
     {1024}},
    {"utilisation in the newest advice",
     "The current --gpu-memory-utilization=0.9000 is equivalent to",
     Fact::kUtilization,
     {0.9}},
    {"debug lines of the profiling run",
     "Memory profiling takes 3.10 seconds. Total non KV cache memory: 17.2GiB; torch peak memory increase: 1.9GiB; "
     "non-torch forward increase memory: 0.25GiB; weights memory: 15.0GiB.",
     Fact::kNonTorch,
     {0.25}},
    {"the same from 0.28 on",
     "Memory profiling takes 3.10 seconds. Total non KV cache memory: 17.2GiB; torch peak memory increase: 1.9GiB; "
     "total consumed (from mem_get_info): 15.3GiB; weights memory: 15.0GiB.",
     Fact::kConsumed,
     {15.3}},
    {"debug line of what was asked for",
     "Initial free memory: 78.8 GiB; Requested memory: 0.900000 (util), 71.3 GiB",
     Fact::kDesired,
     {71.3}},
    {"a length that was fitted",
     "Auto-fit max_model_len: reduced from 262144 to 91008 to fit in available GPU memory (9.5 GiB available for KV "
     "cache)",
     Fact::kMaxModelLen,
     {91008}},
    {"hybrid models pad", "Padding mamba page size by 0.76% to ensure that", Fact::kMambaPadding, {0.76}},
};

TEST(Logs, NumbersInEveryReleasesWords) {
  for (const NumberCase& one : kNumbers) {
    const StartUp start = read(one.line).front();
    EXPECT_EQ(start.stated(one.fact), one.expected) << one.name;
  }
}

constexpr const char* kSized = "Available KV cache memory: 2.83 GiB";
struct PrefixCase {
  const char* name;
  std::string before, after, process;
};
const PrefixCase kPrefixes[] = {
    {"nothing", "", "", ""},
    {"level and time", "INFO 01-02 03:04:05 [gpu_worker.py:298] ", "", ""},
    {"level, time and a year", "INFO 2026-01-02 03:04:05,678 [gpu_worker.py:298] ", "", ""},
    {"before 0.7", "INFO 01-02 03:04:05 gpu_worker.py:298] ", "", ""},
    {"a worker", "(VllmWorker rank=3 pid=812) INFO 01-02 03:04:05 [gpu_worker.py:298] ", "",
     "VllmWorker rank=3 pid=812"},
    {"a worker of 0.18", "(Worker_TP3_EP3 pid=812) INFO 01-02 03:04:05 [gpu_worker.py:298] ", "",
     "Worker_TP3_EP3 pid=812"},
    {"Ray", "(RayWorkerWrapper pid=9, ip=10.0.0.1) INFO 01-02 03:04:05 [gpu_worker.py:298] ",
     " [repeated 30x across cluster]", "RayWorkerWrapper pid=9"},
    {"colours", "\x1b[1;36m(EngineCore_DP0 pid=17)\x1b[0;0m INFO 01-02 03:04:05 [gpu_worker.py:298] ", "\x1b[0m",
     "EngineCore_DP0 pid=17"},
    {"docker compose", "vllm-1  | (EngineCore pid=17) INFO 01-02 03:04:05 [gpu_worker.py:298] ", "",
     "EngineCore pid=17"},
    {"Kubernetes", "2026-07-08T22:40:06.098303108Z (EngineCore pid=17) INFO 07-08 22:40:06 [gpu_worker.py:298] ", "",
     "EngineCore pid=17"},
    {"a quotation", "> INFO 01-02 03:04:05 [gpu_worker.py:298] ", "", ""},
    {"a frame", "\xe2\x94\x82 INFO 01-02 03:04:05 [gpu_worker.py:298] ", "      \xe2\x94\x82", ""},
    {"a carriage return", "INFO 01-02 03:04:05 [gpu_worker.py:298] ", "\r", ""},
    {"a progress bar in the same line", "Capturing: 34%|##| 12/35 [00:01<00:02](Worker_TP1 pid=5) INFO ", "",
     "Worker_TP1 pid=5"},
};

TEST(Logs, PrefixesAreNoPartOfWhatIsSaid) {
  for (const PrefixCase& one : kPrefixes) {
    const StartUp start = read(one.before + kSized + one.after + '\n').front();
    ASSERT_EQ(start.stated(Fact::kAvailableKv), std::vector<double>{2.83}) << one.name;
    EXPECT_EQ(start.sightings.front().process, one.process) << one.name;
    EXPECT_EQ(start.sightings.front().line, 1) << one.name;
  }
}

constexpr const char* kConfig =
    "Initializing a V1 LLM engine (v0.19.0) with config: model='org/some-8B', speculative_config=None, "
    "dtype=torch.bfloat16, max_seq_len=4096, tensor_parallel_size=2, pipeline_parallel_size=1, data_parallel_size=1, "
    "quantization=fp8, enforce_eager=False, kv_cache_dtype=auto, seed=0\n";
constexpr const char* kLoaded = "Model loading took 8.5 GiB memory and 3.0 seconds\n";
constexpr const char* kAvailable = "Available KV cache memory: 9.5 GiB\n";
constexpr const char* kCache = "GPU KV cache size: 60,000 tokens\n";
constexpr const char* kStarted = "INFO:     Application startup complete.\n";
constexpr const char* kEngineFailed = "ERROR 01-02 03:04:05 [core.py:708] EngineCore failed to start.\n";
constexpr const char* kTorch =
    "ERROR 01-02 03:04:05 [core.py:708] torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.00 GiB. GPU 0 "
    "has "
    "a total capacity of 15.5 GiB of which 256.00 MiB is free.\n";

struct EndCase {
  const char* name;
  std::string text;
  Outcome outcome;
  Refusal refusal;
  std::int64_t cause_line;
  bool lines_missing;
};
const std::string config = kConfig, loaded = kLoaded, available = kAvailable, cache = kCache, started = kStarted,
                  engine_failed = kEngineFailed, out_of_memory = kTorch;
const EndCase kEnds[] = {
    {"served", config + loaded + available + cache + started, Outcome::kStarted, Refusal::kNone, 0, false},
    {"an offline engine serves nobody and has started",
     config + loaded + available + cache + "init engine (profile, create kv cache, warmup model) took 20.5 seconds\n",
     Outcome::kStarted, Refusal::kNone, 0, false},
    {"the lines end early", config + loaded, Outcome::kUnfinished, Refusal::kNone, 0, true},
    {"no line at all", "", Outcome::kUnfinished, Refusal::kNone, 0, true},
    {"another program's text", "hello\nworld\n", Outcome::kUnfinished, Refusal::kNone, 0, true},
    {"out of memory before the model is there", config + out_of_memory + engine_failed, Outcome::kOutOfMemoryLoading,
     Refusal::kNone, 2, false},
    {"out of memory behind it", config + loaded + engine_failed + out_of_memory, Outcome::kOutOfMemoryProfiling,
     Refusal::kNone, 4, false},
    {"out of memory with a cache", config + loaded + available + cache + out_of_memory, Outcome::kOutOfMemoryCapturing,
     Refusal::kNone, 5, false},
    {"the driver's words have no figures",
     config + loaded + available + cache + "torch.AcceleratorError: CUDA error: out of memory\n",
     Outcome::kOutOfMemoryCapturing, Refusal::kNone, 5, false},
    {"advice about memory is no failure",
     config + loaded + available + cache +
         "If out-of-memory error occurs during cudagraph capture, consider decreasing `gpu_memory_utilization`\n" +
         started,
     Outcome::kStarted, Refusal::kNone, 0, false},
    {"others hold the GPU",
     config + engine_failed +
         "ValueError: Free memory on device (5.0/15.5 GiB) on startup is less than desired GPU memory utilization "
         "(0.9, "
         "13.95 GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes.\n",
     Outcome::kRefused, Refusal::kFreeMemory, 3, false},
    {"no memory is left",
     config + loaded + engine_failed + "ValueError: No available memory for the cache blocks. Try increasing\n",
     Outcome::kRefused, Refusal::kNoKvMemory, 4, false},
    {"a message counts for more than the source code that raises it",
     config + loaded + "    raise ValueError(\"No available memory for the cache blocks. \"\n" +
         "ValueError: No available memory for the cache blocks. Try increasing\n",
     Outcome::kRefused, Refusal::kNoKvMemory, 4, false},
    {"the request is too long",
     config + loaded + available + engine_failed +
         "ValueError: To serve at least one request with the model's max seq len (4096), (5.62 GiB KV cache is needed, "
         "which is larger than the available KV cache memory (3.18 GiB). Based on\n",
     Outcome::kRefused, Refusal::kMaxModelLen, 5, false},
    {"another process ended meanwhile",
     config + loaded + engine_failed +
         "AssertionError: Error in memory profiling. Initial free memory 20.1 GiB, current "
         "free memory 21.0 GiB. This happens when\n",
     Outcome::kRefused, Refusal::kMemoryGrew, 4, false},
    {"a reason that is not memory",
     config + loaded + available + cache + engine_failed + "Traceback (most recent call last):\n" +
         "TypeError: type 'array.array' is not subscriptable\n",
     Outcome::kFailed, Refusal::kNone, 7, false},
    {"the reason is cut off", config + loaded + engine_failed + "Traceback (most recent call last):\n",
     Outcome::kFailed, Refusal::kNone, 3, true},
    {"memory ends while it serves", config + loaded + available + cache + started + out_of_memory, Outcome::kStarted,
     Refusal::kNone, 0, false},
    {"a failure before vLLM begins is none of its own",
     "ModuleNotFoundError: No module named 'wrapt'\n" + config + loaded + available + cache + started,
     Outcome::kStarted, Refusal::kNone, 0, false},
};

TEST(Logs, HowAStartEnds) {
  for (const EndCase& one : kEnds) {
    const StartUp start = read(one.text).front();
    EXPECT_EQ(start.outcome, one.outcome) << one.name << ": " << name(start.outcome);
    EXPECT_EQ(name(start.refusal), name(one.refusal)) << one.name;
    EXPECT_EQ(start.cause.line, one.cause_line) << one.name << ": " << start.cause.text;
    EXPECT_EQ(start.lines_missing, one.lines_missing) << one.name;
  }
}

TEST(Logs, ALaterFailureIsKeptApart) {
  const StartUp start = read(config + loaded + started + out_of_memory).front();
  EXPECT_EQ(start.later.line, 4);
}

TEST(Logs, ConfigurationAndArguments) {
  const StartUp start =
      read(
          "vLLM API server version 0.19.0\nnon-default args: {'model': 'org/other', 'max_model_len': 4096, "
          "'gpu_memory_utilization': 0.85, 'pooler_config': PoolerConfig(pooling_type='LAST', dim=None), "
          "'mode': <CUDAGraphMode.NONE: 0>, 'limit_mm_per_prompt': {'image': 2}}\n" +
          config)
          .front();
  EXPECT_EQ(start.version.text, "0.19.0");
  EXPECT_EQ(start.model.text, "org/some-8B") << "what the engine resolved";
  EXPECT_EQ(start.quantization.text, "fp8");
  EXPECT_EQ(start.dtype.text, "bfloat16");
  EXPECT_EQ(start.first(Fact::kTensorParallel), 2);
  EXPECT_EQ(start.first(Fact::kUtilization), 0.85);
  EXPECT_EQ(start.args_line, 2);
  EXPECT_EQ(
      json::write_line(json::Value(start.args)),
      "{\"model\": \"org/other\", \"max_model_len\": 4096, \"gpu_memory_utilization\": 0.85, \"pooler_config\": "
      "{\"pooling_type\": \"LAST\", \"dim\": null}, \"mode\": \"NONE\", \"limit_mm_per_prompt\": {\"image\": 2}}");
}

TEST(Logs, RanksDiffer) {
  const StartUp start = read(
                            "(Worker_TP0 pid=1) Available KV cache memory: 20.42 GiB\n"
                            "(Worker_TP1 pid=2) Available KV cache memory: 20.39 GiB\n"
                            "(Worker_TP2 pid=3) Available KV cache memory: 20.42 GiB\n")
                            .front();
  EXPECT_EQ(start.stated(Fact::kAvailableKv), (std::vector<double>{20.42, 20.39}));
  EXPECT_EQ(start.sightings[1].process, "Worker_TP1 pid=2");
}

TEST(Logs, GraphsCapturedToMeasureThemAreNotThoseThatStay) {
  const StartUp start = read("Graph capturing finished in 10 secs, took 0.28 GiB\n" + available + cache +
                             "Graph capturing finished in 7 secs, took 0.15 GiB\n")
                            .front();
  EXPECT_EQ(start.stated(Fact::kGraphsProfiled), std::vector<double>{0.28});
  EXPECT_EQ(start.stated(Fact::kGraphs), std::vector<double>{0.15});
}

TEST(Logs, AnotherStartInTheSameFile) {
  const std::string first = "vLLM API server version 0.19.0\n" + config + loaded + engine_failed + out_of_memory;
  const std::vector<StartUp> starts =
      read(first + "vLLM API server version 0.19.0\n" + config + loaded + available + cache + started);
  ASSERT_EQ(starts.size(), 2u);
  EXPECT_EQ(starts[0].outcome, Outcome::kOutOfMemoryProfiling);
  EXPECT_EQ(starts[1].outcome, Outcome::kStarted);
  EXPECT_EQ(starts[1].first_line, 6);
}

TEST(Logs, MatchFollowsItsWordsToTheEnd) {
  EXPECT_FALSE(match("took five GiB", "took {} GiB"));
  EXPECT_FALSE(match("took 5 MiB", "took {} GiB"));
  EXPECT_TRUE(match("took a while; took 5 GiB", "took {} GiB")) << "a second beginning";
  EXPECT_EQ(match("x 1,234,567.", "x {}")->numbers, std::vector<double>{1234567});
}

}  // namespace
}  // namespace vram::logs
