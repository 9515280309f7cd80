// What vLLM can only find by running: constants with where they were measured, from data/overheads. Code asks for a
// quantity in a situation; the first record that speaks of the situation answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "hardware/gpu.h"
#include "json/value.h"
#include "memory/estimate.h"
#include "vllm/release.h"

namespace vram::memory {

/// GPUs whose driver, links and libraries take alike.
enum class GpuClass : std::uint8_t {
  kAmpere,     // A100 and A800
  kHopper,     // H100, H200, GH200, H20
  kBlackwell,  // B200, GB200, B300
  kSmall,      // other NVIDIA GPUs, below 30 GiB
  kCard,       // other NVIDIA GPUs: L40S, RTX PRO 6000
  kUnified,    // one memory for host and GPU
  kAmd,
  kOther,
};
std::string_view word(GpuClass gpus);

/// NVIDIA cards below it are kSmall.
constexpr Bytes kSmallCard = Bytes(30 * kGiB);
GpuClass class_of(const hardware::Gpu& gpu);

/// What the constants hang on.
struct Situation {
  GpuClass gpus = GpuClass::kHopper;
  std::int64_t ranks = 1;   // of tensor parallelism
  std::int64_t stages = 1;  // of pipeline parallelism
  bool dealt = false;       // experts lie whole on their ranks
  bool mixture = false;     // the model has experts
  bool runner_v2 = false;
  vllm::Date day;
  std::int64_t graphs = 0;  // captured, over all modes
  std::int64_t layers = 0;  // of the stage
};

/// The situations that a record speaks of; what it does not name it does not ask.
struct Stratum {
  std::vector<GpuClass> gpus;
  std::int64_t least_ranks = 1, most_ranks = 1 << 30;
  std::optional<bool> staged, dealt, mixture, runner_v2;
  vllm::Date from, until{9999, 12, 31};  // until: the first day that it no longer holds
  [[nodiscard]] bool holds(const Situation& situation) const;
};

struct OverheadRecord {
  Stratum where;
  Bytes bytes;
  Bytes per_graph_layer;  // more for each captured graph and layer
};

/// Nine of ten start-ups lie from bytes x (1 + low_share) + low to bytes x (1 + high_share) + high.
struct OverheadInterval {
  Stratum where;
  Bytes low, high;
  double low_share = 0, high_share = 0;
  std::int64_t startups = 0, families = 0;
};

struct Overhead {
  std::vector<OverheadRecord> records;
  std::vector<OverheadInterval> intervals;

  /// By the first record, `beside` what is derived, and the first interval that hold; nothing where none does.
  [[nodiscard]] Estimate estimate(const Situation& situation, Bytes beside = {}) const;
  /// `bytes` with the interval of the situation.
  [[nodiscard]] Estimate around(Bytes bytes, const Situation& situation) const;
  [[nodiscard]] const OverheadInterval* interval(const Situation& situation) const;
};

/// Of the closed form of activations.
struct ActivationConstants {
  double hidden_rows = 0;              // hidden-size rows that live at the forward pass's widest point
  double hidden_rows_first_stage = 0;  // likewise where other stages follow
  double hidden_rows_streams = 0;      // likewise with several residual streams
  double encoder_rows = 0;             // likewise of a tower, in its own width
  Bytes encoder_base, small_tensors;
};

struct Overheads {
  Overhead model_loading, activation_peak, non_torch, context, cuda_graphs, graph_estimate, available_kv;
  ActivationConstants activations;
};

/// From an object of the files' contents by name: {"non_torch": {"records": […], "intervals": […]}, …}.
///
///   errors  kBadInput with the place, for what is missing, mistyped or not known
Result<Overheads> read_overheads(const json::Value& files);

/// The files of data/overheads, compiled in.
const Overheads& built_in_overheads();

}  // namespace vram::memory
