#include "llamacpp/plan.h"

#include <algorithm>

#include "llamacpp/log_lines.h"
#include "units/text.h"

namespace vram::llamacpp {
namespace {

constexpr Bytes kMargin(1024 * kMiB);         // that --fit leaves free
constexpr std::int64_t kLeastContext = 4096;  // that --fit goes down to
constexpr std::int64_t kContextStep = 256;
constexpr double kComputeSpread = 0.15;
constexpr Bytes kLeastSpread(16 * kMiB);
constexpr memory::Estimate kContext{Bytes(400 * kMiB), Bytes(250 * kMiB), Bytes(650 * kMiB)};

/// Everything placed for one choice of context and layers.
struct Placement {
  Cells cells;
  std::vector<Device> gpus;
  Device host;
};

std::int64_t widest_value(const Model& model) {
  std::int64_t widest = 0;
  for (const Layer& layer : model.layers)
    if (layer.attention) widest = std::max(widest, layer.attention->value_width);
  return widest;
}

/// `gpu_layers` from the end, the output first; of several GPUs each takes an equal share.
Placement place(const Request& request, Tokens context, std::int64_t gpu_layers) {
  const Model& model = request.model;
  const Settings& settings = request.settings;
  Placement placed{cells_of(model, settings, context), std::vector<Device>(std::size_t(request.gpu_count)), {}};
  const std::int64_t all = std::int64_t(model.layers.size()) + 1;
  const std::int64_t on_gpu = std::clamp<std::int64_t>(gpu_layers, 0, all), first = all - on_gpu;
  const std::int64_t value = widest_value(model);
  const auto device_of = [&](std::int64_t layer) -> Device& {
    if (layer < first) return placed.host;
    return placed.gpus[std::size_t((layer - first) * request.gpu_count / on_gpu)];
  };
  for (std::int64_t i = 0; i + 1 < all; ++i) {
    const Layer& layer = model.layers[std::size_t(i)];
    Device& device = device_of(i);
    ++device.layers;
    device.weights += layer.weights;
    const Cache cache = cache_of(layer, settings, placed.cells, value);
    Cache& held = settings.offload_cache ? device.cache : placed.host.cache;
    held.keys += cache.keys;
    held.values += cache.values;
    held.state += cache.state;
  }
  device_of(all - 1).weights += model.output;
  placed.host.weights += model.input;
  (settings.offload_projector ? placed.gpus.front() : placed.host).projector += request.projector;
  const Bytes compute = compute_buffer(model, settings, placed.cells);
  for (Device& gpu : placed.gpus) {
    gpu.compute = memory::Estimate::about(compute, kComputeSpread, kLeastSpread);
    gpu.context = kContext;
  }
  return placed;
}

bool fits(const Placement& placed, Bytes available, Bytes margin) {
  return std::all_of(placed.gpus.begin(), placed.gpus.end(),
                     [&](const Device& gpu) { return gpu.used() + margin <= available; });
}

struct Choice {
  Tokens context;
  std::int64_t gpu_layers;
};

/// The longest context that leaves the margin free with all layers on the GPUs; the least where none does.
Tokens fitted_context(const Request& request, Tokens most, Tokens least, std::int64_t gpu_layers, Bytes available) {
  std::int64_t low = least.count() / kContextStep, high = most.count() / kContextStep;
  while (low < high) {
    const std::int64_t middle = high - (high - low) / 2;
    if (fits(place(request, Tokens(middle * kContextStep), gpu_layers), available, kMargin))
      low = middle;
    else
      high = middle - 1;
  }
  return Tokens(low * kContextStep);
}

Choice choose(const Request& request, Bytes available) {
  const Settings& settings = request.settings;
  const std::int64_t all = std::int64_t(request.model.layers.size()) + 1;
  const bool unified = settings.unified || !settings.parallel;
  const std::int64_t streams = unified ? 1 : *settings.parallel;
  const bool free_context = !settings.context || *settings.context == Tokens(0);
  Choice choice{free_context ? request.model.trained_context : *settings.context, settings.gpu_layers.value_or(all)};
  if (!settings.fit) return choice;
  if (free_context) choice.context = request.model.trained_context * streams;
  if (fits(place(request, choice.context, choice.gpu_layers), available, kMargin)) return choice;
  const Tokens least = std::min(choice.context, Tokens(kLeastContext) * streams);
  if (free_context) choice.context = fitted_context(request, choice.context, least, choice.gpu_layers, available);
  while (!settings.gpu_layers && choice.gpu_layers > 0 &&
         !fits(place(request, choice.context, choice.gpu_layers), available, kMargin))
    --choice.gpu_layers;
  return choice;
}

std::optional<Error> impossible(const Model& model, const Settings& settings) {
  for (const Layer& layer : model.layers) {
    if (!layer.attention) continue;
    const auto odd = [&](std::int64_t width, const gguf::Type& type) { return width % type.block != 0; };
    const bool keys = odd(layer.attention->key_width, settings.key_type());
    if (!keys && !odd(layer.attention->value_width, settings.value_type())) continue;
    const gguf::Type& type = keys ? settings.key_type() : settings.value_type();
    return Error{ErrorCode::kBadInput, keys ? "cache_type_k" : "cache_type_v",
                 std::string(type.name) + " keeps blocks of " + std::to_string(type.block) +
                     ", and a token's row has " +
                     std::to_string(keys ? layer.attention->key_width : layer.attention->value_width),
                 "f16 holds any row"};
  }
  return std::nullopt;
}

double probability(const Device& device, Bytes available) {
  if (device.high() <= available) return 1;
  if (device.low() > available) return 0;
  return double((available - device.low()).count()) / double((device.high() - device.low()).count());
}

plan::Verdict judge(const Report& report) {
  plan::Verdict verdict;
  if (!report.resolved.flash_attention && report.resolved.value_type().block > 1) {
    verdict.reason = plan::Reason::kInvalidArguments;
    verdict.message = "quantized V cache was requested, but this requires Flash Attention";
    return verdict;
  }
  verdict.probability_fits = 1;
  for (const Device& gpu : report.gpus)
    verdict.probability_fits = std::min(verdict.probability_fits, probability(gpu, report.available));
  verdict.fits = report.fullest().used() <= report.available;
  if (verdict.fits) return verdict;
  const auto full = std::max_element(report.gpus.begin(), report.gpus.end(),
                                     [](const Device& a, const Device& b) { return a.used() < b.used(); });
  verdict.reason = plan::Reason::kOutOfMemoryLoading;
  verdict.message = refusal(*full, std::int64_t(full - report.gpus.begin()), report.available);
  return verdict;
}

std::vector<plan::Assumption> assumptions_of(const Report& report) {
  const auto source = std::string("llama.cpp ") + kRelease + ", ";
  std::vector<plan::Assumption> list;
  list.push_back(
      {"compute_buffer_bytes", std::to_string(report.fullest().compute.bytes.count()),
       "what its graphs hold at once, by the buffers that llama.cpp reserved for models of each kind; a GPU's "
       "kernels may take more",
       source + "ggml/src/ggml-alloc.c"});
  list.push_back({"cuda_context_bytes", std::to_string(report.fullest().context.bytes.count()),
                  "CUDA's context and cuBLAS, estimated", "estimated"});
  const bool experts = std::any_of(report.request.model.layers.begin(), report.request.model.layers.end(),
                                   [](const Layer& layer) { return layer.experts > Bytes(0); });
  if (experts && report.host.layers > 0)
    list.push_back(
        {"n_gpu_layers", std::to_string(report.layers_on_gpu()),
         "whole layers stay with the host here; --fit moves experts alone first, which leaves more on the GPU",
         source + "common/fit.cpp"});
  if (report.request.projector > Bytes(0))
    list.push_back({"mmproj", std::to_string(report.request.projector.count()),
                    "the vision tower's weights; its graph's buffer depends on the images and is not counted",
                    source + "tools/mtmd/clip.cpp"});
  return list;
}

}  // namespace

const Device& Report::fullest() const {
  return *std::max_element(gpus.begin(), gpus.end(),
                           [](const Device& a, const Device& b) { return a.used() < b.used(); });
}

std::int64_t Report::layers_on_gpu() const {
  return std::clamp<std::int64_t>(resolved.gpu_layers.value_or(0), 0, std::int64_t(request.model.layers.size()) + 1);
}

Result<Report> plan(const Request& request) {
  if (auto error = impossible(request.model, request.settings)) return *std::move(error);
  Report report{request, request.settings, {}, {}, {}, request.gpu.free.value_or(request.gpu.total), {}, {}, {}};
  const Choice choice = choose(request, report.available);
  Placement placed = place(request, choice.context, choice.gpu_layers);
  report.cells = placed.cells;
  report.gpus = std::move(placed.gpus);
  report.host = placed.host;
  report.resolved.context = placed.cells.context;
  report.resolved.parallel = placed.cells.sequences;
  report.resolved.unified = placed.cells.streams == 1 && (request.settings.unified || !request.settings.parallel);
  report.resolved.gpu_layers = std::min(choice.gpu_layers, std::int64_t(request.model.layers.size()) + 1);
  report.verdict = judge(report);
  report.assumptions = assumptions_of(report);
  report.log = log_lines(report);
  return report;
}

}  // namespace vram::llamacpp
