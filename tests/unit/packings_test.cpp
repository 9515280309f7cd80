#include "memory/packings.h"

#include <gtest/gtest.h>

namespace vram::memory {
namespace {

constexpr vllm::Date kV0_19{2026, 3, 30}, kV0_33{2026, 11, 5};

/// Llama-3.1-8B on the first of two ranks, and experts of Qwen3-30B-A3B's sizes, sixteen of them, on two ranks.
LinearOnRank qkv() { return {"qkv_proj", 4096, {2048, 512, 512}, 4096, 6144, 2}; }
LinearOnRank down() { return {"down_proj", 7168, {4096}, 14336, 4096, 2}; }
ExpertsOnRank experts() { return {"experts", 16, 16, 2048, 384, 768}; }
ExpertsOnRank whole_experts() { return {"experts", 8, 16, 2048, 768, 768}; }

class Sum {
 public:
  explicit Sum(Platform platform = {kV0_33, 90, false}) : creation_{parallel_, platform, Dtype::kBfloat16} {
    parallel_.tensor = 2;
  }
  Sum(const Sum&) = delete;

  std::int64_t linear(const Packing& packing, const LinearOnRank& layer) {
    return sum([&](const Sink& sink) { return create_packed(packing, layer, creation_, sink); });
  }
  std::int64_t of_experts(const Packing& packing, const ExpertsOnRank& layer) {
    return sum([&](const Sink& sink) { return create_packed_experts(packing, layer, creation_, sink); });
  }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  template <class Create>
  std::int64_t sum(const Create& create) {
    std::int64_t bytes = 0;
    const Sink sink = [&](const Parameter& parameter) { bytes += parameter.bytes().count(); };
    const auto error = create(sink);
    refusal_ = error ? error->problem : "";
    return error ? -1 : bytes;
  }

  Parallel parallel_;
  Creation creation_;
  std::string refusal_;
};

struct Case {
  const char* name;
  Packing packing;
  std::int64_t qkv, down, experts;  // bytes; 0: not asked
};

using enum Fp8::Scale;
using InputScale = Nvfp4::InputScale;

/// Bytes that vLLM 0.33.0 itself creates on an H100, from its parameters' shapes and dtypes.
const Case kCases[] = {
    {"bfloat16", Unquantised{}, 25165824, 58720256, 75497472},
    {"fp8, static", Fp8{.scale = kTensor, .static_input = true}, 12582936, 29360136, 37749056},
    {"fp8 in blocks of 64 x 128", Fp8{.scale = kBlock, .block_rows = 64, .block_columns = 128}, 12589056, 29374464,
     37767168},
    {"ModelOpt's fp8 in blocks",
     Fp8{.scale = kBlock, .block_rows = 128, .block_columns = 128, .maker = Maker::kModelOpt}, 12585984, 29367296, 0},
    {"int8 by channel", Int8{}, 12595200, 29376512, 37928960},
    {"Quark's int8", Int8{true, true, true, Maker::kQuark}, 12598277, 29380613, 37974192},
    {"GPTQ, 8 bits by channel", Gptq{.bits = 8}, 12592128, 29372416, 37974016},
    {"AWQ", Awq{}, 6537216, 15253504, 19611648},
    {"4 bits packed", PackedInt{.group = 128}, 6488080, 15138832, 19464320},
    {"4 bits packed, with zero points", PackedInt{.group = 64, .symmetric = false}, 6782992, 15826960, 20349056},
    {"ModelOpt's NVFP4", Nvfp4{.maker = Maker::kModelOpt}, 7077912, 16515080, 21234048},
    {"NVFP4", Nvfp4{}, 7077912, 16515080, 21234048},
    {"NVFP4, weights alone", Nvfp4{16, true, InputScale::kNone, Maker::kCompressedTensors}, 7077900, 16515076,
     21234048},
    {"MXFP4", Mxfp4{.maker = Maker::kCompressedTensors}, 6684672, 15597568, 20054016},
    {"Quark's MXFP4", Mxfp4{.maker = Maker::kQuark}, 6684672, 15597568, 20054016},
    {"MXFP8", Mxfp8{}, 12976128, 30277632, 38928384},
};

TEST(Packings, BytesAreVllms) {
  Sum sum;
  for (const Case& each : kCases) {
    EXPECT_EQ(sum.linear(each.packing, qkv()), each.qkv) << each.name;
    EXPECT_EQ(sum.linear(each.packing, down()), each.down) << each.name;
    if (each.experts) {
      EXPECT_EQ(sum.of_experts(each.packing, experts()), each.experts) << each.name;
    }
  }
}

TEST(Packings, BlackwellKeepsTheInputScalesOfAllExperts) {
  const Packing nvfp4 = Nvfp4{.maker = Maker::kModelOpt};
  EXPECT_EQ(Sum({kV0_33, 100, false}).of_experts(nvfp4, whole_experts()), 21233952);
  EXPECT_EQ(Sum({kV0_33, 80, false}).of_experts(nvfp4, whole_experts()), 21233856);
}

TEST(Packings, SizesThatDoNotDivideAreRefusedInVllmsWords) {
  ExpertsOnRank narrow = experts();
  narrow.intermediate = 192;
  const Packing blocks = Fp8{.scale = kBlock, .block_rows = 128, .block_columns = 128};
  Sum old({kV0_19, 90, false}), now;
  EXPECT_EQ(old.of_experts(blocks, narrow), -1);
  EXPECT_EQ(old.refusal(),
            "The output_size of gate's and up's weight = 192 is not divisible by weight quantization block_n = 128.");
  EXPECT_GT(now.of_experts(blocks, narrow), 0) << "the grid is refined since 0.29";

  LinearOnRank odd = down();
  odd.input = 7200;
  odd.input_whole = 14400;
  EXPECT_EQ(now.linear(blocks, odd), -1);
  EXPECT_EQ(now.refusal(),
            "Weight input_size_per_partition = 7200 is not divisible by weight quantization block_k = 128.");
}

TEST(Packings, MarlinAndTrtllmRoundGptOssUp) {
  const Packing gpt_oss = Mxfp4{.model = Mxfp4::Model::kGptOss};
  const ExpertsOnRank layer{"experts", 32, 32, 2880, 1440, 2880, true, true};
  const auto bytes = [](std::int64_t hidden, std::int64_t size) {
    return 32 * (2 * size * hidden * 17 / 32 + hidden * size * 17 / 32 + 2 * (2 * size + hidden));
  };
  EXPECT_EQ(Sum({kV0_33, 90, false}).of_experts(gpt_oss, layer), bytes(2880, 1472)) << "Triton";
  EXPECT_EQ(Sum({kV0_33, 89, false}).of_experts(gpt_oss, layer), bytes(3072, 1536)) << "Marlin";
  EXPECT_EQ(Sum({kV0_33, 100, false}).of_experts(gpt_oss, layer), bytes(3072, 1536)) << "FlashInfer";
}

}  // namespace
}  // namespace vram::memory
