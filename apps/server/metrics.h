// Counters in Prometheus' text format.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace vram::server {

/// Counted from any thread.
class Metrics {
 public:
  explicit Metrics(std::vector<std::string> routes);

  /// `route`: index of those given; their number for a message without a route.
  void count(std::size_t route, int status, std::chrono::nanoseconds took);
  void connections(int change) { connections_ += change; }

  /// source  Prometheus, exposition formats, text format 0.0.4
  [[nodiscard]] std::string text() const;

 private:
  static constexpr std::array<double, 8> kBounds{0.0001, 0.0003, 0.001, 0.003, 0.01, 0.1, 1, 10};  // seconds
  struct Counts {
    std::array<std::atomic<std::uint64_t>, 6> by_class{};  // 1xx to 5xx under their first digit
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> by_time{};
    std::atomic<std::uint64_t> nanoseconds{0};
  };
  std::vector<std::string> routes_;
  std::vector<Counts> counts_;
  std::atomic<int> connections_{0};
};

}  // namespace vram::server
