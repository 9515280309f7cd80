// How vLLM divides the layers into groups that share a block table each; nothing here knows how much memory there is.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "memory/kv_layers.h"

namespace vram::memory {

/// Layers that share one block table, with how many a stage holds.
struct LayerGroup {
  struct Member {
    KvSpec spec;
    std::vector<std::int64_t> layers;  // a stage
    [[nodiscard]] std::int64_t total() const;
  };
  std::vector<Member> members;  // one; the distinct specs in order of appearance where `uniform_type`
  bool uniform_type = false;    // one table for layers of different pages

  [[nodiscard]] const KvSpec& first() const { return members.front().spec; }
  [[nodiscard]] std::int64_t layers_on(std::size_t stage) const;
  [[nodiscard]] std::int64_t layers() const;
  [[nodiscard]] Bytes pages_on(std::size_t stage) const;  // of all layers together
  [[nodiscard]] Bytes pages() const;
};

/// Everything that does not depend on lengths and bytes.
struct KvGrouping {
  std::size_t stages = 0;
  std::vector<LayerGroup> groups;  // of the whole model; of the first stage where each has its own, as it found them
  std::vector<std::vector<LayerGroup>> by_stage;  // up to 0.10, where each stage groups its own layers; in order
  std::vector<LayerGroup::Member> layers;  // before anything was changed: what the check of 0.13 and older counts
  Tokens cache_block_size;                 // cache_config.block_size
  std::string layout;                      // kv_cache_layout
  std::vector<std::string> log;
  std::vector<std::vector<std::string>> log_by_stage;  // up to 0.10
  /// What a block takes on a stage, once the layers are grouped.
  struct Block {
    Bytes bytes;                         // in the pool
    Bytes divided;                       // by which the stage's memory is divided
    std::optional<std::string> refusal;  // of the layout
  };
  std::vector<Block> blocks;  // a stage; none where the grouping is refused
  std::optional<std::string> refusal;
  std::size_t refused_stage = 0;  // up to 0.10: whose groups are refused
};

/// Groups the layers of one replica.
///
///   source  vllm/v1/core/kv_cache_utils.py, get_kv_cache_groups; from 0.31 kv_cache_planning.py
KvGrouping group_layers(std::span<const KvSpecs> stages, vllm::Date as_of, const KvShape& settings);

/// Whether every stage groups its own layers (up to 0.10) instead of the replica as a whole.
bool groups_by_stage(vllm::Date as_of);

/// Whether vLLM groups the layers before it measures what memory they get (from 0.33), or once it has.
bool groups_before_profiling(vllm::Date as_of);

/// Layers of `group` given by their index in `layers`, in this order; their specs stay apart as members.
LayerGroup uniform_group(const KvLayers& layers, std::span<const std::size_t> group);

}  // namespace vram::memory
