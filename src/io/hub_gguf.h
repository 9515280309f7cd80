// GGUF files of a hub: metadata and table of tensors by range requests, never the tensors.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/hub_settings.h"
#include "readers/gguf.h"

namespace vram::io {

/// "org/name:Q4_K_M" or "org/name/folder/file.gguf", each with @revision behind org/name where one is given.
struct GgufName {
  HubName hub;
  std::string tag;   // empty, as in "org/name:": llama.cpp's own choice
  std::string file;  // a path in the model; empty: the tag chooses
};

/// Nothing where `typed` is spelled otherwise.
///   source  llama.cpp 0216dab364, common/download.cpp: common_download_split_repo_tag
std::optional<GgufName> read_gguf_name(std::string_view typed);

struct HubGguf {
  gguf::File model;
  std::optional<gguf::File> projector;
};

/// The model, all parts of a split one, from the hub's cache on this machine where it is there, else from the hub: of
/// each file the beginning, in steps of a few MiB until the table of its tensors is whole. These are kept for the next
/// run, and an interrupted one goes on where it was.
///
///   projector  fetch the one that llama.cpp would load with it too
///   errors     as hub_model; as gguf::read_gguf and gguf::joined; kNotFound with the tags that there are
Result<HubGguf> hub_gguf(const GgufName& name, const HubSettings& settings, bool projector,
                         const HttpProgress& progress);

}  // namespace vram::io
