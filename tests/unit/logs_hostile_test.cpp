// Any bytes are a log: nothing crashes, nothing is believed that no number can be, and the time stays in proportion.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <random>

#include "logs/python.h"
#include "logs/read.h"

namespace vram::logs {
namespace {

const char* const kLines[] = {
    "(EngineCore pid=1) INFO 01-02 03:04:05 [core.py:103] Initializing a V1 LLM engine (v0.18.1) with config: "
    "model='org/m', dtype=torch.bfloat16, max_seq_len=32768, tensor_parallel_size=4, compilation_config={'mode': "
    "<CompilationMode.NONE: 0>, 'sizes': [1, 2, (3, 4)]}, seed=0",
    "non-default args: {'model': 'org/m', 'gpu_memory_utilization': 0.9, 'x': \"it's\", 'y': {'z': None}}",
    "\x1b[1;36m(Worker_TP0 pid=7)\x1b[0;0m INFO [gpu_worker.py:1] Available KV cache memory: 12.34 GiB",
    "GPU KV cache size: 1,234,567 tokens, Maximum concurrency for 4,096 tokens per request: 301.41x",
    "Free memory on device (9.1/9.9 GiB) on startup. Desired GPU memory utilization is (0.9, 8.9 GiB).",
    "CUDA out of memory. Tried to allocate 1.02 GiB. GPU 0 has a total capacity of 15.47 GiB of which 857.31 MiB is "
    "free.",
    "EngineCore failed to start.",
    "ValueError: To serve at least one request with the model's max seq len (1), (2.0 GiB KV cache is needed, which",
};

void expect_believable(const std::vector<StartUp>& starts) {
  ASSERT_FALSE(starts.empty());
  for (const StartUp& start : starts) {
    for (const Sighting& sighting : start.sightings) {
      EXPECT_TRUE(std::isfinite(sighting.number));
      EXPECT_GE(sighting.line, 1);
    }
  }
}

TEST(HostileLogs, NumbersThatNoneCanBe) {
  for (const char* number :
       {"1e999", "9999999999999999999999999999999999999999999999999", "nan", "-", "", "1.2.3e", ","}) {
    const StartUp start = read("Available KV cache memory: " + std::string(number) + " GiB\n").front();
    EXPECT_TRUE(start.stated(Fact::kAvailableKv).empty()) << number;
  }
}

TEST(HostileLogs, BytesThatAreNoText) {
  const std::string zeros("Avail\0able KV cache memory: 2.5 GiB\n\0\0\0", 39);
  EXPECT_EQ(read(zeros).front().first(Fact::kAvailableKv), 2.5) << "control characters are dropped";
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += char(byte);
  expect_believable(read(all + all));
}

TEST(HostileLogs, AnEndlessLine) {
  const auto begin = std::chrono::steady_clock::now();
  for (const char* piece :
       {"x", "(", "took ", "pid=", "Tried to allocate ", "{'a': ", "\x1b[", "Model loading took 1 G"}) {
    std::string line = "non-default args: {'a': ";
    while (line.size() < (8u << 20)) line += piece;
    expect_believable(read(line));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(HostileLogs, DeepNesting) {
  const std::string deep = "{'a': " + std::string(100'000, '[');
  EXPECT_LE(read_dict(deep).members().size(), 1u);
  EXPECT_LE(read_keywords(std::string(100'000, 'f') + "(").members().size(), 1u);
}

TEST(HostileLogs, ManyNumbersAreKeptOnlySoFar) {
  std::string many;
  for (int i = 0; i < 120'000; ++i) many += "Available KV cache memory: 1.5 GiB\n";
  EXPECT_LE(read(many).front().sightings.size(), 100'100u);
}

TEST(HostileLogs, MutatedLines) {
  std::mt19937 random(20260801);  // the same mutations in every run
  const auto below = [&](std::size_t n) { return std::size_t(random() % n); };
  for (int round = 0; round < 4'000; ++round) {
    std::string text;
    for (const char* line : kLines) (text += line) += '\n';
    for (std::size_t change = below(12) + 1; change > 0; --change) {
      if (text.empty()) break;
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = char(below(256));
          break;
        case 1:
          text.erase(at, below(40));
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), below(80)));
          break;
        default:
          text.resize(at + 1);
      }
    }
    expect_believable(read(text));
  }
}

}  // namespace
}  // namespace vram::logs
