// Zamba2: Mamba 2 throughout, and one or two blocks of attention that several layers share, each with adapters of its
// own.
#include <algorithm>

#include "arch/decoder.h"
#include "arch/layer_kinds.h"
#include "arch/mamba.h"

namespace vram::arch::families {
namespace {

constexpr std::string_view kArchitectures[] = {"Zamba2ForCausalLM"};

/// source  transformers' Zamba2Config
constexpr Decoder kAbsent{2560, 0, 32000, 54, 4096, {32, 0, 0}, true};

struct Shared {
  std::int64_t blocks = 1;  // num_mem_blocks
  std::int64_t hidden = 0, wide = 0, intermediate = 0;
  std::int64_t rank = 128;  // of an adapter
  bool adapts_attention = false, bias = false;
  QkvHeads heads;
};

std::vector<std::string> kinds_of(const json::Fields& config, std::int64_t layers) {
  std::vector<std::string> absent(std::size_t(layers), "mamba");
  for (std::size_t i = 6; i < absent.size(); ++i)
    if ((i <= 42 && i % 6 == 0) || i == 47 || i == 51) absent[i] = "hybrid";
  return layer_kinds(config, config.has("layer_types") ? "layer_types" : "layers_block_type", layers, std::move(absent),
                     {"mamba", "hybrid", "linear_attention"});
}

void add_adapter(Block& block, const std::string& name, std::int64_t input, std::int64_t rank,
                 std::vector<std::int64_t> outputs) {
  block.column(name + ".A", input, {rank});
  block.column(name + ".B", rank, std::move(outputs));
}

/// The adapters that one hybrid layer brings to its block.
void add_adapters(Block& block, const Shared& shared, std::int64_t index) {
  if (shared.adapts_attention)
    for (const char* name : {"linear_q_adapter", "linear_k_adapter", "linear_v_adapter"})
      add_adapter(block, name, shared.wide, shared.rank, {shared.wide});
  add_adapter(block, "feed_forward.gate_up_proj_adapter_list." + std::to_string(index), shared.hidden, shared.rank,
              {shared.intermediate, shared.intermediate});
}

/// source  vllm/model_executor/models/zamba2.py, Zamba2AttentionDecoderLayer
void add_shared_block(Builder& builder, const std::string& model, const Shared& shared, std::int64_t which,
                      std::int64_t hybrids, const std::optional<RotaryTable>& rotary) {
  Block block = builder.block(model);
  block.qkv("qkv_proj", shared.wide, shared.heads);
  block.row("o_proj", shared.wide, shared.hidden);
  if (rotary) block.rotary(*rotary);
  gated_mlp(block, "feed_forward", shared.hidden, shared.intermediate, {.bias = shared.bias});
  for (std::int64_t i = which; i < hybrids; i += shared.blocks) add_adapters(block, shared, i);
  block.rms_norm("input_layernorm", 2 * shared.hidden);
  block.rms_norm("pre_ff_layernorm", shared.hidden);
  builder.add_part("shared block", Part::Place::kEveryStage, std::move(block));
}

/// The blocks are made before all layers, and with them the attention of every hybrid layer.
void add_attentions(Block& first, const Shared& shared, std::int64_t hybrids) {
  for (std::int64_t i = 0; i < hybrids; ++i)
    first.attention("attn." + std::to_string(i), attention_cache(first.builder(), shared.heads), false, false);
}

Mamba2 read_mamba(const json::Fields& config, const Shared& shared) {
  Mamba2 mamba;
  mamba.intermediate = config.count_or("mamba_expand", 2, 1) * shared.hidden;
  mamba.groups = config.count_or("mamba_ngroups", 1, 1);
  mamba.heads = config.count_or("n_mamba_heads", 8, 1);
  mamba.head_width = mamba.intermediate / mamba.heads;
  mamba.state = config.count_or("mamba_d_state", 64, 1);
  mamba.kernel = config.count_or("mamba_d_conv", 4, 1);
  mamba.conv_bias = config.flag_or("use_conv_bias", true);
  mamba.bias = shared.bias;
  mamba.chunk = mamba_chunk(config, 256);
  return mamba;
}

Shared read_shared(const json::Fields& config, const Decoder& decoder) {
  Shared shared;
  shared.blocks = config.count_or("num_mem_blocks", 1, 1);
  shared.hidden = decoder.hidden;
  shared.wide = 2 * decoder.hidden;
  shared.intermediate = config.count_or("intermediate_size", 4 * decoder.hidden, 1);
  shared.rank = config.count_or("adapter_rank", 128, 1);
  shared.adapts_attention = config.flag_or("use_shared_attention_adapter", false);
  shared.bias = config.flag_or("add_bias_linear", false);
  shared.heads = decoder.heads;
  return shared;
}

/// source  vllm/model_executor/models/zamba2.py, Zamba2ForCausalLM
void describe(Builder& builder, const Naming& naming) {
  const json::Fields& config = builder.text();
  Decoder decoder = read_decoder(builder, kAbsent);
  decoder.tied = true;  // the class always ties
  decoder.heads.kv = decoder.heads.query;
  decoder.heads.width = 2 * decoder.hidden / decoder.heads.query;
  const Shared shared = read_shared(config, decoder);
  const Mamba2 mamba = read_mamba(config, shared);
  const std::vector<std::string> kinds = kinds_of(config, decoder.layers);
  const std::int64_t hybrids = std::count(kinds.begin(), kinds.end(), "hybrid");
  std::optional<RotaryTable> rotary;
  const std::int64_t positions = config.flag_or("use_long_context", false) ? 16384 : decoder.positions;
  if (config.flag_or("use_mem_rope", false))
    rotary = rotary_table(builder, {.head_width = decoder.heads.width, .positions = positions});

  const std::string model = naming.under("model");
  add_ends(builder, decoder, model, naming, {.norm = "final_layernorm", .every_stage = true});
  for (std::int64_t i = 0; i < shared.blocks; ++i) add_shared_block(builder, model, shared, i, hybrids, rotary);
  for (std::int64_t i = 0; i < decoder.layers; ++i) {
    Block layer = builder.block(std::to_string(hybrids + i));
    if (i == 0) add_attentions(layer, shared, hybrids);
    if (kinds[std::size_t(i)] == "hybrid") layer.replicated("linear", decoder.hidden, {decoder.hidden});
    mamba2_mixer(layer, "mixer", decoder.hidden, mamba);
    layer.rms_norm("input_layernorm", decoder.hidden);
    builder.add_layer(std::move(layer));
  }
  describe_model(builder, decoder, model + ".layers");
  builder.model.recurrent = true;
  builder.model.pipeline_parallel = false;
}

}  // namespace

extern const Entry zamba2;
const Entry zamba2{kArchitectures, build_text<describe>, describe};

}  // namespace vram::arch::families
