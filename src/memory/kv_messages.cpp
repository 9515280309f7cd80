#include "memory/kv_messages.h"

#include "units/text.h"

namespace vram::memory {
namespace {

constexpr vllm::Step<bool> kRoundsGib[] = {
    {{}, false, "vllm v0.13.0 vllm/v1/core/kv_cache_utils.py"},
    {{2026, 1, 7}, true, "https://github.com/vllm-project/vllm/commit/c907d22158"},
};
static_assert(vllm::well_formed(kRoundsGib));

/// How a release words its refusals.
enum class Wording { kGigabytes, kNoEstimate, kLostEstimate, kEstimate, kDocs, kCloseDocs, kCpuRemark };
constexpr vllm::Step<Wording> kWording[] = {
    {{}, Wording::kGigabytes, "vllm v0.8.0 vllm/v1/core/kv_cache_utils.py check_enough_kv_cache_memory"},
    {{2025, 3, 28}, Wording::kNoEstimate, "~ vllm v0.8.3 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 4, 15}, Wording::kLostEstimate, "~ vllm v0.8.5 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 5, 25}, Wording::kEstimate, "~ vllm v0.9.1 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 12, 5}, Wording::kDocs, "~ vllm v0.13.0 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 12, 24}, Wording::kCloseDocs, "~ https://github.com/vllm-project/vllm/commit/7adeb4bfa8"},
    {{2026, 5, 15}, Wording::kCpuRemark, "~ vllm v0.22.0 vllm/v1/core/kv_cache_utils.py"},
};
static_assert(vllm::well_formed(kWording));

enum class Mismatch { kDivide, kBlockStride, kNotMla };
constexpr vllm::Step<Mismatch> kMismatch[] = {
    {{}, Mismatch::kDivide, "vllm v0.12.0 vllm/v1/core/kv_cache_utils.py unify_kv_cache_spec_page_size"},
    {{2026, 6, 21}, Mismatch::kBlockStride, "https://github.com/vllm-project/vllm/commit/2cac89f9da"},
    {{2026, 8, 25}, Mismatch::kNotMla, "~ vllm v0.29.0 vllm/v1/core/kv_cache_utils.py"},
};
static_assert(vllm::well_formed(kMismatch));

enum class Fit { kNone, kGpuMemory, kCacheMemory };
constexpr vllm::Step<Fit> kFit[] = {
    {{}, Fit::kNone, "vllm v0.13.0 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 12, 23}, Fit::kGpuMemory, "https://github.com/vllm-project/vllm/commit/8ee90c83f8"},
    {{2026, 10, 10}, Fit::kCacheMemory, "~ vllm v0.32.0 vllm/v1/core/kv_cache_utils.py _auto_fit_max_model_len"},
};
static_assert(vllm::well_formed(kFit));

constexpr vllm::Step<bool> kNamesAllRanks[] = {
    {{}, false, "vllm v0.11.2 vllm/v1/core/kv_cache_utils.py"},
    {{2025, 11, 19}, true, "~ vllm v0.12.0 vllm/v1/core/kv_cache_utils.py _report_kv_cache_config"},
};
static_assert(vllm::well_formed(kNamesAllRanks));

constexpr const char* kDocsLink =
    " See https://docs.vllm.ai/en/latest/configuration/conserving_memory/ for more details.";

std::string number(std::int64_t n) { return std::to_string(n); }

std::string share(std::int64_t part, std::int64_t whole) { return fixed(double(part) / double(whole) * 100, 2); }

}  // namespace

std::string printed_gib(Bytes bytes, vllm::Date as_of) {
  std::string text = fixed(gib(bytes), 2);
  if (vllm::in_force(kRoundsGib, as_of) && text.ends_with('0')) text.pop_back();
  return text;
}

std::string padding_layers(std::int64_t padding, std::int64_t layers) {
  return "Add " + number(padding) + " padding layers, may waste at most " + share(padding, layers) +
         "% KV cache memory";
}

std::string hidden_block(std::int64_t block, const std::string& layer, Bytes wasted, Bytes page) {
  return "Using block size " + number(block) + " for hidden-state cache layer " + layer + "; page alignment wastes " +
         number(wasted.count()) + " bytes (" + share(wasted.count(), page.count()) + "%) per block";
}

std::string overridden(std::int64_t blocks, std::int64_t override) {
  return "Overriding num_gpu_blocks=" + number(blocks) + " with num_gpu_blocks_override=" + number(override);
}

std::string multiplied(std::int64_t ranks, vllm::Date as_of) {
  const std::string by = "Multiplying the GPU KV cache size by the ";
  if (!vllm::in_force(kNamesAllRanks, as_of)) return by + "dcp_world_size " + number(ranks) + '.';
  return by + "cp_world_size " + number(ranks) + " (pcp_world_size 1 * dcp_world_size " + number(ranks) + ").";
}

std::string no_memory(vllm::Date as_of) {
  const Wording wording = vllm::in_force(kWording, as_of);
  std::string text =
      "No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine";
  if (wording == Wording::kCpuRemark)
    text += " (this flag also controls CPU memory reservation on the CPU backend, despite its name)";
  text += '.';
  if (wording >= Wording::kDocs) text += kDocsLink;
  return text;
}

std::string too_long(Tokens length, Bytes needed, Bytes memory, Tokens estimate, vllm::Date as_of) {
  const Wording wording = vllm::in_force(kWording, as_of);
  const std::string unit = wording == Wording::kGigabytes ? " GB" : " GiB";
  std::string text = "To serve at least one request with the " +
                     std::string(wording == Wording::kCpuRemark ? "model's" : "models's") + " max seq len (" +
                     number(length.count()) + "), (" + printed_gib(needed, as_of) + unit +
                     " KV cache is needed, which is larger than the available KV cache memory (" +
                     printed_gib(memory, as_of) + unit + ").";
  const std::string estimated =
      estimate <= Tokens(0)
          ? ""
          : "Based on the available memory, the estimated maximum model length is " + number(estimate.count()) + '.';
  switch (wording) {
    case Wording::kGigabytes:
    case Wording::kNoEstimate:
      text += ' ';
      break;
    case Wording::kLostEstimate:
      // The second half of the sentence is a string of its own there and goes nowhere.
      text += estimated.empty() ? "  " : " Based on the available memory,  ";
      break;
    case Wording::kEstimate:
    case Wording::kDocs:
      text += ' ' + estimated + ' ';
      break;
    case Wording::kCloseDocs:
    case Wording::kCpuRemark:
      text += ' ' + estimated + (estimated.empty() ? "" : " ");
      break;
  }
  text += "Try increasing `gpu_memory_utilization`";
  if (wording == Wording::kCpuRemark) text += " (which also controls CPU memory on the CPU backend)";
  text += " or decreasing `max_model_len` when initializing the engine.";
  if (wording >= Wording::kDocs) text += kDocsLink;
  return text;
}

std::string page_mismatch(const std::string& layer, vllm::Date as_of) {
  const std::string cannot =
      "Layer " + layer +
      ": page size is not divisible by the maximum page size and cannot be padded. Padding is only "
      "supported for ";
  switch (vllm::in_force(kMismatch, as_of)) {
    case Mismatch::kDivide:
      return "The page size of the layer is not divisible by the maximum page size. Cannot unify by adjusting "
             "block_size.";
    case Mismatch::kBlockStride:
      return cannot +
             "attention layers whose backend indexes KV pages by the block stride (indexes_kv_by_block_stride is "
             "True).";
    case Mismatch::kNotMla:
      return cannot + "non-MLA attention layers.";
  }
  return {};
}

std::string layout_cannot(const std::string& layout, const std::vector<Bytes>& pages) {
  std::string sizes;
  for (const Bytes page : pages) sizes += (sizes.empty() ? "" : ", ") + number(page.count());
  return "KV cache layout " + layout + " cannot express this model's mixed page sizes ([" + sizes +
         "]); a backend should declare block-outermost supported layouts (e.g. BLHNC), or set "
         "VLLM_KV_CACHE_LAYOUT=BLHNC.";
}

std::string fitted(Tokens full, Tokens length, Bytes memory, vllm::Date as_of) {
  const Fit rule = vllm::in_force(kFit, as_of);
  if (rule == Fit::kNone) return {};
  const std::string text = "Auto-fit max_model_len: ", size = printed_gib(memory, as_of) + " GiB";
  const std::string what =
      length >= full ? "full model context length " + number(full.count()) + " fits in "
                     : "reduced from " + number(full.count()) + " to " + number(length.count()) + " to fit in ";
  if (rule == Fit::kCacheMemory) return text + what + "available KV cache memory (" + size + " GPU)";
  return text + what + "available GPU memory" + (length >= full ? "" : " (" + size + " available for KV cache)");
}

std::string fitted_without_cache(Tokens full, vllm::Date as_of) {
  if (vllm::in_force(kFit, as_of) == Fit::kNone) return {};
  return "Auto-fit max_model_len: attention-free model, using derived max_model_len=" + number(full.count());
}

std::string cannot_fit(vllm::Date as_of) {
  // Releases that cannot fit a length refuse the first token in their usual words.
  if (vllm::in_force(kFit, as_of) == Fit::kNone) return no_memory(as_of);
  return "Cannot auto-fit max_model_len: not enough GPU memory available to serve even a single token. Try increasing "
         "`gpu_memory_utilization`.";
}

}  // namespace vram::memory
