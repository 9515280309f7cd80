// Bytes of weights on one rank.
#pragma once

#include <array>
#include <span>

#include "memory/parameters.h"

namespace vram::memory {

/// What vLLM leaves out of a multimodal model, or does not divide.
struct Towers {
  // false: limited to none; a tower that serves no other is skipped. Kimi-K2.5 knows chunks of video alone.
  bool image = true, video = true, vision_chunk = true, audio = true;
  bool first_stage_only = false;  // otherwise on every stage that the model class creates them on
  friend bool operator==(const Towers&, const Towers&) = default;
};

/// Whether encoders run on the first stage alone.
bool towers_on_first_stage(bool model_runner_v2, vllm::Date as_of);

/// Whether a stage creates `part`.
bool held(const Part& part, const Stage& stage, const Towers& towers);

/// Whether every rank of tensor parallelism holds all of `part`.
bool whole_on_rank(const Part& part, const Parallel& parallel);

struct Weights {
  Bytes parameters, buffers;
  std::int64_t elements = 0;              // of the parameters
  std::array<Bytes, kDtypes> by_dtype{};  // both together
  [[nodiscard]] Bytes total() const { return parameters + buffers; }
  Weights& operator+=(const Weights& other);
};

/// Names a block and its modules for `inspect`: called before the tensors of each block.
using BlockSink = std::function<void(std::string_view block, std::int64_t repeat)>;

/// Parameters and buffers of one stage as created, before any repacking after load, or once vLLM has quantised what it
/// quantises itself.
///
///   errors  kRefused with vLLM's words where a size does not divide
Result<Weights> weigh(const Model& model, const Parallel& parallel, const Stage& stage, const Platform& platform,
                      const Towers& towers, Moment moment = Moment::kCreated);

/// The model has layers in a format that vLLM makes itself.
bool quantised_online(const Model& model);

/// A draft model's own tensors: on the last stage, less the tables that the target's layers have there already.
///
///   target, stage  the model that it drafts for and that model's last stage
Result<Weights> weigh_draft(const Model& draft, const Model& target, const Parallel& parallel, const Stage& stage,
                            const Platform& platform, const Towers& towers);

/// The same, tensor by tensor: `begin` announces each block, `sink` each of its tensors. Tables that layers share come
/// once.
std::optional<Error> each_parameter(const Model& model, const Parallel& parallel, const Stage& stage,
                                    const Platform& platform, const Towers& towers, const BlockSink& begin,
                                    const Sink& sink, Moment moment = Moment::kCreated);

/// Sizes of a block's tensors in order of creation, and how often the block comes in a row.
using TensorsSink = std::function<void(std::span<const Bytes> tensors, std::int64_t repeat)>;

/// The tensors of one stage, block by block. Tables that layers share come once; views never.
std::optional<Error> each_block(const Model& model, const Parallel& parallel, const Stage& stage,
                                const Platform& platform, const Towers& towers, const TensorsSink& sink);

}  // namespace vram::memory
