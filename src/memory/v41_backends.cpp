#include "memory/v41_backends.h"

namespace vram::memory {
namespace {

using Backend = AttentionBackend;

Error refused(std::string sentence) { return {ErrorCode::kRefused, "", std::move(sentence), ""}; }

bool data_centre(const Platform& platform) { return platform.capability / 10 == 10; }
bool consumer(const Platform& platform) { return platform.capability / 10 == 12; }

}  // namespace

std::optional<Error> refused_v41(const AttentionConfig& config) {
  if (config.backend != Backend::kFlashInferMlaSparse && config.backend != Backend::kFlashInferMlaSparseSm120)
    return std::nullopt;
  const bool first = config.backend == Backend::kFlashInferMlaSparse;
  return refused(std::string(first ? "FLASHINFER_MLA_SPARSE" : "FLASHINFER_MLA_SPARSE_SM120") +
                 " is not a DeepSeek V4.1 attention backend. Use FLASHINFER_MLA_SPARSE_DSV41 for DeepSeek V4.1 "
                 "FlashInfer sparse MLA.");
}

Backend v41_kernels(const AttentionContext& context, const AttentionConfig& config, bool heads_fit) {
  const auto& asked = config.backend;
  if (asked == Backend::kCompressedFlashInfer || asked == Backend::kV41FlashInfer) return Backend::kV41FlashInfer;
  if (asked == Backend::kV41MegaAttention) return Backend::kV41MegaAttention;
  if (asked == Backend::kFlashMlaSparse || asked == Backend::kCompressedFlashMla || asked == Backend::kV41FlashMla)
    return Backend::kV41FlashMla;
  if (consumer(context.platform)) return Backend::kV41FlashInfer;
  return data_centre(context.platform) && heads_fit ? Backend::kV41MegaAttention : Backend::kV41FlashMla;
}

Result<std::string> v41_format(Backend kernels, const std::string& asked, const Platform& platform) {
  if (kernels == Backend::kV41FlashInfer && !consumer(platform)) {
    if (!asked.ends_with("_ds_mla")) return asked;
    return refused(asked +
                   " is a packed FlashMLA DeepSeek V4.1 KV cache format; the selected backend stores plain KV rows.");
  }
  std::string format = asked;
  if (asked == "auto" || asked == "fp8")
    format = kernels == Backend::kV41MegaAttention ? "nvfp4_ds_mla" : "fp8_ds_mla";
  else if (!asked.ends_with("_ds_mla"))
    return refused("DeepseekV4 packed KV layouts only support fp8 kv-cache, got " + asked +
                   ". Please set `--kv-cache-dtype fp8` or select a backend that supports bfloat16 KV cache.");
  if (format == "nvfp4_ds_mla" && !data_centre(platform))
    return refused("nvfp4_ds_mla needs the V4.1 KV records, which FlashMLA decodes only on SM100.");
  return format;
}

}  // namespace vram::memory
