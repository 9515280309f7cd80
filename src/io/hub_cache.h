// The hub's cache on disk in its own layout, which every program that uses the hub shares: models--org--name with
// refs/<revision>, snapshots/<commit>/<file> and blobs/<etag>. And beside it our own: headers of files of weights.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/hub_settings.h"

namespace vram::io {

class HubCache {
 public:
  HubCache(const HubSettings& settings, const HubName& name);

  /// The commit that the revision stood for when it was last looked up, or the revision itself where it is a commit.
  [[nodiscard]] std::optional<std::string> commit() const;
  /// The folder of a commit's files, whether or not it is there.
  [[nodiscard]] std::string snapshot(std::string_view commit) const;

  // Writing is for the next run's sake: where it cannot be done, nothing is said and nothing is left half done.
  void keep_commit(std::string_view commit) const;
  /// `etag` names the blob; where it is none, the file stands in the snapshot itself.
  void keep_file(std::string_view commit, std::string_view file, std::string_view etag, std::string_view text) const;

  /// Prefix and header of a .safetensors file, as fetched before.
  [[nodiscard]] std::optional<std::string> header(std::string_view commit, std::string_view file) const;
  void keep_header(std::string_view commit, std::string_view file, std::string_view front) const;
  void drop_header(std::string_view commit, std::string_view file) const;

  /// Any other text about a file that was kept before.
  [[nodiscard]] std::optional<std::string> kept(std::string_view commit, std::string_view file) const;
  void keep(std::string_view commit, std::string_view file, std::string_view text) const;

 private:
  [[nodiscard]] std::string own_path(std::string_view commit, std::string_view file, std::string_view kind) const;

  std::string folder_, headers_, revision_;
};

/// Whether `text` is the full name of a commit.
bool is_commit(std::string_view text);

}  // namespace vram::io
