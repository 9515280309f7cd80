// Which GPUs, and how many of them, serve a workload: the search over placements.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "plan/report.h"
#include "plan/request.h"
#include "plan/roofline.h"

namespace vram::plan {

/// A kind of GPU that may be used.
struct Offer {
  hardware::Gpu gpu;
  std::optional<std::int64_t> count;  // as many as there are; nothing: any number
  std::optional<double> price;        // of one GPU for an hour, in whatever currency
};

struct PlacementQuestion {
  Request request;  // what is fixed: model, release, arguments; its GPU is not looked at
  Workload workload;
  std::vector<Offer> offers;
  std::int64_t max_gpus = 32;
  std::optional<double> tokens_per_second;  // to be decoded by all requests together
  bool other_weights = true;                // also the catalogue's other checkpoints of the model
  std::function<bool()> given_up = {};      // asked before each launch that is planned; may be empty
};

struct Placement {
  std::size_t offer = 0;  // of the question's
  Request request;        // complete: `estimate` answers the same
  Report report;
  std::int64_t gpus = 1, tensor = 1, pipeline = 1, data = 1;
  bool expert = false;
  std::int64_t requests_possible = 0;  // over all replicas
  Speed speed;
  std::optional<double> price;  // of all its GPUs for an hour
  int changes = 0;              // of what was asked for: weights, KV dtype, utilisation
  std::string remark;           // the changes in words; empty without any
  bool on_front = false;        // no other is as good in GPUs, price, speed and changes, and better in one
};

/// A number of GPUs that does not do.
struct Rejection {
  std::size_t offer = 0;
  std::string model;
  std::int64_t gpus = 0;
  std::int64_t requests_possible = 0;  // of the best way to use them; 0 where none starts
  std::string why;
};

struct Placements {
  std::vector<Placement> found;  // fewest GPUs first, then fewest changes, then fastest
  std::vector<Rejection> rejected;
  std::int64_t planned = 0;  // launches that were planned
  std::string cut;           // what was not looked at; empty when nothing was
};

/// For each kind of GPU and each checkpoint the smallest number that serves the workload, placed the fastest way.
///
/// Tensor parallelism stays within a machine; a replica that is larger than one takes whole machines, a stage never
/// crossing between two; replicas of data parallelism do not span machines. Every launch is planned; what does
/// not start in 19 of 20 is not offered. KV cache in 8 bits and a utilisation of 0.95 are tried where they save GPUs.
///
///   errors  what plan() answers where the model is not modelled or the arguments make no sense; kBadInput for a
///   context
///           that the model does not take; kUnavailable where it was given up
Result<Placements> placements(const PlacementQuestion& question);

/// How `gpus` of a kind with `per_node` in a machine may be divided: tensor, pipeline, data.
struct Division {
  std::int64_t tensor = 1, pipeline = 1, data = 1;
};
std::vector<Division> divisions(std::int64_t gpus, std::int64_t per_node);

}  // namespace vram::plan
