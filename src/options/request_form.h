// A request as it arrives in JSON: checked, but with its model and its GPU still by name.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hardware/gpu.h"
#include "json/value.h"
#include "plan/request.h"
#include "vllm/release.h"

namespace vram::options {

struct ModelForm {
  std::string source;                 // "Qwen/Qwen3-8B", a path, "catalog:NAME"; empty when one of the others is given
  std::optional<json::Value> config;  // a config.json's content
  std::string name;                   // beside `config`
  std::shared_ptr<const Checkpoint> weights;  // beside `config`: "weights_index"
  std::optional<json::Value> formula;         // the existing tool's figures
};

struct GpuForm {
  bool detect = false;  // "detect", or nothing given
  std::string name;
  std::int64_t count = 0;  // 0: not given
  std::optional<Bytes> total, free;
  std::optional<hardware::Capability> capability;
};

struct RequestForm {
  ModelForm model;
  vllm::Engine engine = vllm::newest();
  GpuForm gpu;
  json::Object args;
  std::optional<plan::Workload> workload;
  std::string profile;
  json::Array also;                                              // what is on the GPUs already: io::tenants reads it
  std::vector<std::pair<std::string, std::string>> environment;  // VLLM_…
  std::optional<plan::Calibration> calibration;
  std::optional<json::Value> overheads;  // constants in place of data/overheads, file by file
};

/// errors  kBadInput with the member's path, and the nearest known name for one that is unknown
Result<RequestForm> read_request(const json::Value& request);

/// The GPU of the form: the catalogue's where it has a name, with what was given in its place; several names with
/// commas between are GPUs that differ, in the order of the ranks. Not for `detect`.
///
///   errors  kNotFound for a name that is unknown; kBadInput where neither name nor total is given
Result<plan::GpuChoice> choose_gpu(const GpuForm& form);

}  // namespace vram::options
