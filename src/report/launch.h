// The commands that start vLLM as planned: one, or one a machine.
#pragma once

#include <string>
#include <vector>

#include "plan/request.h"

namespace vram::report {

struct NodeLaunch {
  std::string where;                            // "on machine 1 of 2"; empty where there is one
  std::vector<std::vector<std::string>> lines;  // words of each command, in order
};

/// `vllm serve` for the request; over several machines in vLLM's own form: --nnodes where the release has it, a Ray
/// cluster before; --data-parallel-address for replicas. MACHINE_1 stands for the first one's address.
///
///   source  vllm v0.33.0 docs/serving/parallelism_scaling.md, docs/serving/data_parallel_deployment.md
std::vector<NodeLaunch> launches(const plan::Request& request);

/// All of them for a shell, each machine's under a comment that says which it is.
std::string launch_text(const plan::Request& request);

/// GPUs that the request's parallel sizes take.
std::int64_t gpus_of(const plan::Request& request);

/// For a shell: wrapped at words with " \", continued with six blanks.
std::string command_text(const std::vector<std::string>& words, int width, const std::string& indent);

}  // namespace vram::report
