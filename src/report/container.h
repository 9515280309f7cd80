// vLLM in a container: which image, what it is given.
#pragma once

#include <string>
#include <vector>

#include "json/value.h"
#include "plan/request.h"
#include "report/launch.h"

namespace vram::report {

inline constexpr int kPort = 8000;

/// "vllm/vllm-openai:v0.33.0"; for builds between releases the nightly image.
///
///   source  https://docs.vllm.ai/en/latest/deployment/docker/
std::string image(const plan::Request& request);

/// GPUs that one machine of the launch gives to its container.
std::int64_t gpus_in_node(const plan::Request& request);

/// Device files that a container needs; empty where its runtime brings the GPUs in (NVIDIA).
std::vector<std::string> device_files(const hardware::Gpu& gpu);

/// The hub's cache in the container.
inline constexpr const char* kCacheFolder = "/root/.cache/huggingface";

/// The commands of one machine for `sh -c`, or `vllm serve …` itself where it is one command.
std::vector<std::string> container_command(const NodeLaunch& node);

/// A name for services and files: the model's, in lower-case letters, digits and dashes.
std::string service_name(const plan::Request& request);

/// {"name": value, …} from pairs, in order.
json::Value object_of(std::initializer_list<std::pair<const char*, json::Value>> members);
json::Value texts(const std::vector<std::string>& words);

}  // namespace vram::report
