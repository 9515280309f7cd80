// The scanner of safetensors headers beside a plain JSON library on the same text, and 163 files from a local folder.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "io/checkpoint_files.h"
#include "readers/safetensors.h"

namespace vram {
namespace {

namespace fs = std::filesystem;

/// Milliseconds of the fastest of `runs`.
template <class Work>
double fastest(int runs, Work work) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    best = std::min(best, took.count());
  }
  return best;
}

/// A header as DeepSeek-V3 has it: experts of three projections, each a weight and its scales.
std::string header_of(int layer, int tensors) {
  std::string text = "{";
  std::int64_t at = 0;
  for (int i = 0; i < tensors; ++i) {
    const bool scale = i % 2 != 0;
    const std::int64_t bytes = scale ? 56 * 16 * 4 : 7168 * 2048;
    constexpr const char* kProjections[] = {"gate_proj", "up_proj", "down_proj"};
    if (i > 0) text += ',';
    text += "\"model.layers." + std::to_string(layer) + ".mlp.experts." + std::to_string(i / 6) + '.' +
            kProjections[i / 2 % 3] + (scale ? ".weight_scale_inv" : ".weight") + "\":{\"dtype\":\"" +
            (scale ? "F32" : "F8_E4M3") + "\",\"shape\":" + (scale ? "[16,56]" : "[2048,7168]") +
            ",\"data_offsets\":[" + std::to_string(at) + ',' + std::to_string(at + bytes) + "]}";
    at += bytes;
  }
  return text + '}';
}

void parse_alone() {
  const std::string text = header_of(3, 91'000);
  const double size = double(text.size()) / 1e6;
  bool good = true;
  const double own = fastest(9, [&] { good = bool(read_safetensors_header(text, "bench")) && good; });
  const double plain = fastest(3, [&] { good = !nlohmann::json::parse(text).empty() && good; });
  std::printf(
      "header of 91,000 tensors, %.1f MB: scanner %.0f MB/s, nlohmann %.0f MB/s (ratio %.1f)%s; target 500 MB/s\n",
      size, size / own * 1e3, size / plain * 1e3, plain / own, good ? "" : " FAILED");
}

/// Sparse files: headers are all that is read.
void write_shards(const fs::path& folder, int shards, int tensors) {
  fs::create_directories(folder);
  std::string map;
  for (int i = 0; i < shards; ++i) {
    const int count = tensors / shards + (i < tensors % shards);
    const std::string text = header_of(i, count), name = "model-" + std::to_string(i + 1) + ".safetensors";
    std::uint64_t length = text.size();
    std::ofstream file(folder / name, std::ios::binary);
    for (int k = 0; k < 8; ++k, length >>= 8) file.put(char(length & 255));
    file << text;
    file.close();
    const auto header = read_safetensors_header(text, name);
    if (header) fs::resize_file(folder / name, 8 + text.size() + std::uint64_t(header->data.count()));
    map += std::string(i > 0 ? "," : "") + "\"tensor." + std::to_string(i) + "\":\"" + name + '"';
  }
  std::ofstream(folder / "model.safetensors.index.json") << "{\"metadata\":{},\"weight_map\":{" << map << "}}";
}

void local_shards() {
  const fs::path folder = fs::temp_directory_path() / ("header_bench_" + std::to_string(::getpid()));
  write_shards(folder, 163, 91'000);
  std::int64_t tensors = 0;
  const double took = fastest(5, [&] {
    const auto checkpoint = io::read_checkpoint(folder.string());
    tensors = checkpoint && *checkpoint ? (*checkpoint)->tensors : 0;
  });
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("163 local files, %lld tensors: %.0f ms; target 150 ms; memory at most %.0f MB, target 200 MB\n",
              static_cast<long long>(tensors), took, double(usage.ru_maxrss) / 1e3);
}

}  // namespace
}  // namespace vram

int main(int argc, char** argv) {
  if (argc > 1 && std::string(argv[1]) == "--local") {
    vram::local_shards();
    return 0;
  }
  vram::parse_alone();
  return 0;
}
