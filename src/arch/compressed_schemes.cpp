#include "arch/compressed_schemes.h"

#include <algorithm>

#include "arch/layer_names.h"

namespace vram::arch {
namespace {

struct Known {
  bool mxfp4 = false, mxfp8 = false, float8_int4 = false, int8_int4 = false;
  bool packed_inputs = false, packed_outputs = false;
};
constexpr vllm::Step<Known> kKnown[] = {
    {{}, {}, "vllm v0.9.2 compressed_tensors/compressed_tensors.py _get_scheme_from_parts"},
    {{2025, 8, 16}, {.int8_int4 = true}, "~vllm v0.10.1 _is_dynamic_token_w4a8_int"},
    {{2025, 9, 12}, {.float8_int4 = true, .int8_int4 = true}, "vllm v0.10.2 _is_fp8_w4a8_sm90"},
    {{2026, 1, 13}, {.mxfp4 = true, .float8_int4 = true, .int8_int4 = true}, "vllm v0.14.1 _is_mxfp4"},
    {{2026, 4, 20}, {.mxfp4 = true, .mxfp8 = true, .float8_int4 = true, .int8_int4 = true}, "~vllm v0.20.0 _is_mxfp8"},
    {{2026, 6, 8},
     {.mxfp4 = true, .mxfp8 = true, .float8_int4 = true, .int8_int4 = true, .packed_outputs = true},
     "vllm v0.23.0 _is_wNa8o8_int"},
    {{2026, 7, 18},
     {.mxfp4 = true,
      .mxfp8 = true,
      .float8_int4 = true,
      .int8_int4 = true,
      .packed_inputs = true,
      .packed_outputs = true},
     "~vllm v0.26.0 _is_wNaM_int"},
};
static_assert(vllm::well_formed(kKnown));

constexpr vllm::Step<bool> kAnyBits[] = {
    {{}, false, "vllm v0.9.2 schemes/compressed_tensors_wNa16.py: 4 and 8 bits; also v0.24.0"},
    {{2026, 7, 5}, true, "~vllm v0.25.1 compressed_tensors_wNa16.py: 2 to 8 bits"},
};
static_assert(vllm::well_formed(kAnyBits));

bool is_float(const QuantArgs& args) { return args.type == "float"; }
bool in_groups(const QuantArgs& args) { return args.strategy == "channel" || args.strategy == "group"; }

bool is_nvfp4(const QuantArgs& args) {
  return args.strategy == "tensor_group" && args.symmetric && args.group == 16 && is_float(args) && args.bits == 4;
}
bool is_mx(const QuantArgs& args, int bits) {
  return args.strategy == "group" && args.symmetric && args.group == 32 && is_float(args) && args.bits == bits;
}
bool is_mxfp8(const QuantArgs& args) { return is_mx(args, 8) && args.scale_dtype == "torch.uint8"; }

bool is_w8a8_fp8(const QuantScheme& scheme) {
  const QuantArgs& w = scheme.weights;
  if (!scheme.inputs || !is_float(w) || !is_float(*scheme.inputs) || !w.symmetric || w.dynamic) return false;
  if (w.strategy != "tensor" && w.strategy != "channel" && w.strategy != "block") return false;
  return scheme.inputs->dynamic || (scheme.inputs->symmetric && scheme.inputs->strategy == "tensor");
}

bool is_w8a16_fp8(const QuantArgs& w) {
  return is_float(w) && w.symmetric && !w.dynamic &&
         (w.strategy == "tensor" || w.strategy == "channel" || w.strategy == "block");
}

bool is_w8a8_int8(const QuantScheme& scheme, bool dynamic) {
  const QuantArgs& w = scheme.weights;
  if (!scheme.inputs || w.bits != 8 || scheme.inputs->bits != 8) return false;
  return (w.strategy == "tensor" || w.strategy == "channel") && w.symmetric && !w.dynamic &&
         scheme.inputs->strategy == (dynamic ? "token" : "tensor") && scheme.inputs->dynamic == dynamic;
}

/// Of the two schemes with 4-bit weights the one with float inputs is asked first, and did not look at the types.
constexpr vllm::Step<bool> kFloatInputsAreFloat[] = {
    {{}, false, "vllm v0.12.0 compressed_tensors.py _is_fp8_w4a8; also v0.30.0"},
    {{2026, 10, 1}, true, "~vllm v0.31.0 compressed_tensors.py _is_fp8_w4a8"},
};
static_assert(vllm::well_formed(kFloatInputsAreFloat));

bool is_w4a8(const QuantScheme& scheme, bool float_input, vllm::Date as_of) {
  const QuantArgs& w = scheme.weights;
  if (!scheme.inputs) return false;
  const bool looks = !float_input || vllm::in_force(kFloatInputsAreFloat, as_of);
  if (looks && (w.type != "int" || is_float(*scheme.inputs) != float_input)) return false;
  const bool groups = w.strategy == "group" || (!float_input && w.strategy == "channel");
  return w.bits == 4 && scheme.inputs->bits == 8 && groups && scheme.inputs->strategy == "token" && w.symmetric &&
         (!float_input || scheme.inputs->symmetric) && !w.dynamic && scheme.inputs->dynamic;
}

bool is_weight_only(const QuantScheme& scheme) {
  return !scheme.inputs && in_groups(scheme.weights) && !scheme.weights.dynamic;
}

bool quantises_activations(std::string_view format) {
  return format == "naive-quantized" || format == "int-quantized" || format == "float-quantized" ||
         format == "nvfp4-pack-quantized";
}

Packing fp8(const QuantScheme& scheme) {
  const QuantArgs& w = scheme.weights;
  Fp8 format{.static_input = scheme.inputs && !scheme.inputs->dynamic, .maker = Maker::kCompressedTensors};
  if (w.strategy == "channel") format.scale = Fp8::Scale::kChannel;
  if (w.strategy == "block" && w.block.size() == 2) {
    format.scale = Fp8::Scale::kBlock;
    format.block_rows = int(w.block[0]);
    format.block_columns = int(w.block[1]);
  }
  return format;
}

Packing packed(const QuantScheme& scheme, PackedInt::Activations activations) {
  const QuantArgs& w = scheme.weights;
  return PackedInt{int(w.bits), w.strategy == "channel" ? -1 : int(w.group), w.symmetric,
                   w.order == "group" || w.order == "dynamic", activations};
}

Packing nvfp4(const QuantScheme& scheme) {
  using InputScale = Nvfp4::InputScale;
  return Nvfp4{16, !scheme.inputs, scheme.inputs ? InputScale::kFloat32 : InputScale::kNone, Maker::kCompressedTensors};
}

bool takes_bits(const QuantArgs& w, vllm::Date as_of) {
  return vllm::in_force(kAnyBits, as_of) ? w.bits >= 2 && w.bits <= 8 : w.bits == 4 || w.bits == 8;
}

}  // namespace

std::optional<QuantArgs> QuantArgs::read(const json::Fields& group, std::string_view name) {
  if (!group.has(name)) return std::nullopt;
  const json::Fields fields = group.inner(name);
  QuantArgs args;
  args.bits = fields.count_or("num_bits", 8, 1);
  args.type = fields.text_or("type", "int");
  args.symmetric = fields.flag_or("symmetric", true);
  args.group = fields.maybe_count("group_size", -1).value_or(-1);
  if (args.group == 0) args.group = -1;
  if (args.bits > 16) fields.refuse("num_bits", "expected at most 16 bits");
  const json::Value* dynamic = fields.find("dynamic");
  args.dynamic = dynamic && ((dynamic->boolean() && *dynamic->boolean()) || dynamic->string());  // "local"
  const json::Value* order = fields.find("actorder");
  if (order && order->string()) args.order = *order->string();
  if (order && order->boolean() && *order->boolean()) args.order = "group";
  args.block = fields.counts("block_structure");
  for (const std::int64_t size : args.block)
    if (size < 1 || size > (1 << 20)) fields.refuse("block_structure", "expected positive sizes");
  args.scale_dtype = fields.text_or("scale_dtype", "");
  // source  compressed_tensors/quantization/quant_args.py, validate_model_after
  const char* const usual = !fields.has("group_size") ? "tensor" : args.group > 0 ? "group" : "channel";
  args.strategy = fields.text_or("strategy", usual);
  return args;
}

Result<Packing> linear_format(const QuantScheme& scheme, const std::string& layer, const BuildOptions& options) {
  const QuantArgs& w = scheme.weights;
  const Known known = vllm::in_force(kKnown, options.as_of);
  if (is_nvfp4(w)) {
    if (scheme.inputs && !is_nvfp4(*scheme.inputs))
      return refused("For NVFP4 weights, input quantization must also be NVFP4 format, None for NVFP4A16");
    return nvfp4(scheme);
  }
  if (known.mxfp4 && is_mx(w, 4)) return Packing(Mxfp4{.maker = Maker::kCompressedTensors});
  if (known.mxfp8 && is_mxfp8(w)) return Packing(Mxfp8{.maker = Maker::kCompressedTensors});
  if (known.float8_int4 && options.capability == 90 && is_w4a8(scheme, true, options.as_of)) {
    if (w.group != 128) return refused("W4A8 kernels require group quantization with group size 128");
    return packed(scheme, PackedInt::Activations::kFp8);
  }
  const bool pack = scheme.format == "pack-quantized";
  const bool integer_inputs =
      scheme.inputs && scheme.inputs->type == "int" && w.type == "int" && !w.dynamic && in_groups(w);
  if (known.packed_outputs && integer_inputs && scheme.outputs && scheme.outputs->type == "int" &&
      !scheme.inputs->dynamic && scheme.inputs->strategy == "tensor" && scheme.inputs->bits == 8 &&
      !scheme.outputs->dynamic && scheme.outputs->strategy == "tensor" && scheme.outputs->bits == 8)
    return Error{ErrorCode::kUnsupported, layer, "weights with scales for their layer's output are not modelled", ""};
  if (known.packed_inputs && pack && integer_inputs && scheme.inputs->symmetric && scheme.inputs->dynamic &&
      (scheme.inputs->strategy == "token" || scheme.inputs->strategy == "group") &&
      (scheme.inputs->bits == 8 || scheme.inputs->bits == 4))
    return packed(scheme, PackedInt::Activations::kModel);
  if (is_weight_only(scheme) && pack && takes_bits(w, options.as_of))
    return packed(scheme, PackedInt::Activations::kModel);
  if (quantises_activations(scheme.format)) {
    if (is_w8a8_fp8(scheme) || is_w8a16_fp8(w)) return fp8(scheme);
    for (const bool dynamic : {false, true})
      if (is_w8a8_int8(scheme, dynamic))
        return Packing(Int8{w.strategy == "channel", !dynamic, !scheme.inputs->symmetric, Maker::kCompressedTensors});
    if (known.int8_int4 && is_w4a8(scheme, false, options.as_of)) return packed(scheme, PackedInt::Activations::kInt);
  }
  return refused("No compressed-tensors compatible scheme was found.");
}

Result<Packing> expert_format(const QuantScheme& scheme, const BuildOptions& options) {
  const QuantArgs& w = scheme.weights;
  const Known known = vllm::in_force(kKnown, options.as_of);
  if (known.mxfp4 && is_mx(w, 4)) return Packing(Mxfp4{.maker = Maker::kCompressedTensors});
  if (known.mxfp8 && is_mxfp8(w)) return Packing(Mxfp8{.maker = Maker::kCompressedTensors});
  if (is_weight_only(scheme)) {
    if (!takes_bits(w, options.as_of) || scheme.format != "pack-quantized")
      return refused(
          "For Fused MoE layers, only format: pack-quantized and bits: [4, 8] is supported but got format: "
          "pack-quantized and bits: " +
          std::to_string(w.bits));
    return packed(scheme, PackedInt::Activations::kModel);
  }
  if (is_nvfp4(w)) {
    if (scheme.inputs && !is_nvfp4(*scheme.inputs))
      return refused("For NVFP4 weights, input quantization must also be NVFP4 format or None for NVFP4A16");
    return nvfp4(scheme);
  }
  if (is_w8a8_fp8(scheme)) {
    const bool per_tensor = w.strategy == "tensor" && scheme.inputs->strategy == "tensor";
    const bool per_channel = w.strategy == "channel" && scheme.inputs->strategy == "token";
    if (!per_tensor && !per_channel && w.strategy != "block") return refused("AssertionError");
    if (per_channel && !scheme.inputs->dynamic)
      return refused(
          "For FP8 Fused MoE layer, we require either per tensor or channelwise, dynamic per token quantization.");
    return fp8(scheme);
  }
  if (is_w8a8_int8(scheme, true)) {
    if (w.strategy != "channel")
      return refused("For INT8 Fused MoE layers, we require channelwise, dynamic per token quantization.");
    return Packing(Int8{true, false, false, Maker::kCompressedTensors});
  }
  if (known.float8_int4 && is_w4a8(scheme, true, options.as_of)) return packed(scheme, PackedInt::Activations::kFp8);
  if (known.int8_int4 && is_w4a8(scheme, false, options.as_of)) return packed(scheme, PackedInt::Activations::kInt);
  return refused("Unsupported FusedMoe scheme");
}

}  // namespace vram::arch
