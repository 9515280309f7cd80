#include "llamacpp/log_lines.h"

#include <algorithm>

#include "units/text.h"

namespace vram::llamacpp {
namespace {

std::string right(std::string text, std::size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string mib(Bytes bytes, std::size_t width) {
  return right(fixed(double(bytes.count()) / double(kMiB), 2), width) + " MiB";
}

/// How llama.cpp calls a GPU of that vendor.
std::string device_name(hardware::Vendor vendor) {
  switch (vendor) {
    case hardware::Vendor::kNvidia:
      return "CUDA";
    case hardware::Vendor::kAmd:
      return "ROCm";
    case hardware::Vendor::kIntel:
      return "SYCL";
  }
  return "";
}

struct Part {
  std::int64_t layers = 0;
  Bytes keys, values;
};

/// Sizes without the padding of buffers, as the cache counts itself.
Part part_of(const Report& report, bool window) {
  const Cells& cells = report.cells;
  const std::int64_t rows = (window ? cells.window : cells.each).count() * cells.streams;
  Part part;
  for (const Layer& layer : report.request.model.layers) {
    if (!layer.attention || layer.attention->window != window) continue;
    ++part.layers;
    part.keys += gguf::size_of(report.resolved.key_type(), saturated(Wide(layer.attention->key_width) * rows));
    part.values += gguf::size_of(report.resolved.value_type(), saturated(Wide(layer.attention->value_width) * rows));
  }
  return part;
}

std::string cache_line(const Report& report, bool window) {
  const Part part = part_of(report, window);
  const Cells& cells = report.cells;
  return "llama_kv_cache: size = " + mib(part.keys + part.values, 7) + " (" +
         right(std::to_string((window ? cells.window : cells.each).count()), 6) + " cells, " +
         right(std::to_string(part.layers), 3) + " layers, " + right(std::to_string(cells.sequences), 2) + "/" +
         std::to_string(cells.streams) + " seqs), K (" + std::string(report.resolved.key_type().name) +
         "): " + mib(part.keys, 7) + ", V (" + std::string(report.resolved.value_type().name) +
         "): " + mib(part.values, 7);
}

std::string state_line(const Report& report) {
  Bytes convolution, state;
  for (const Layer& layer : report.request.model.layers)
    if (layer.state) {
      convolution += Bytes(4) * layer.state->convolution * report.cells.sequences;
      state += Bytes(4) * layer.state->state * report.cells.sequences;
    }
  return "llama_memory_recurrent: size = " + mib(convolution + state, 7) + " (" +
         right(std::to_string(report.cells.sequences), 6) + " cells, " +
         right(std::to_string(std::int64_t(report.request.model.layers.size()) - report.request.model.predicting), 3) +
         " layers, " + right(std::to_string(report.cells.sequences), 2) +
         " seqs  0 rs_seq), R (f32): " + mib(convolution, 7) + ", S (f32): " + mib(state, 7) +
         ", P (f32): " + mib(Bytes(0), 7);
}

}  // namespace

std::vector<std::string> log_lines(const Report& report) {
  const Model& model = report.request.model;
  const auto has = [&](auto&& each) { return std::any_of(model.layers.begin(), model.layers.end(), each); };
  std::vector<std::string> lines;
  const std::string all = std::to_string(model.layers.size() + 1);
  lines.push_back("load_tensors: offloaded " + std::to_string(report.layers_on_gpu()) + "/" + all + " layers to GPU");
  for (std::size_t i = 0; i < report.gpus.size(); ++i)
    lines.push_back("load_tensors:        " + device_name(report.request.gpu.vendor) + std::to_string(i) +
                    " model buffer size = " + mib(report.gpus[i].weights, 8));
  if (has([](const Layer& layer) { return layer.attention && !layer.attention->window; }))
    lines.push_back(cache_line(report, false));
  if (has([](const Layer& layer) { return layer.attention && layer.attention->window; }))
    lines.push_back(cache_line(report, true));
  if (has([](const Layer& layer) { return layer.state.has_value(); })) lines.push_back(state_line(report));
  return lines;
}

std::string refusal(const Device& device, std::int64_t number, Bytes available) {
  const Bytes parts[] = {device.weights + device.projector, device.cache.total(), device.compute.bytes};
  Bytes used = device.context.bytes, failing;
  for (const Bytes part : parts) {
    failing = part;
    used += part;
    if (used > available) break;
  }
  return "ggml_backend_cuda_buffer_type_alloc_buffer: allocating " + fixed(double(failing.count()) / double(kMiB), 2) +
         " MiB on device " + std::to_string(number) + ": cudaMalloc failed: out of memory";
}

}  // namespace vram::llamacpp
