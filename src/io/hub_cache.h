// The hub's cache on disk in its own layout, which every program that uses the hub shares: models--org--name with
// refs/<revision>, snapshots/<commit>/<file> and blobs/<etag>; ModelScope's models/org--name with
// snapshots/<revision>/<file>. And beside it our own: headers of files of weights.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/hub_settings.h"

namespace vram::io {

class HubCache {
 public:
  HubCache(const HubSettings& settings, const HubName& name);

  /// The commit that the revision stood for when it was last looked up, or the revision itself where it is a commit.
  /// ModelScope's revisions stand for themselves.
  [[nodiscard]] std::optional<std::string> commit() const;
  /// What headers of it were kept under; empty where none can be.
  [[nodiscard]] std::string key(std::string_view commit) const;
  /// The folder of a commit's files, whether or not it is there; one of ModelScope's older layouts where it is there.
  ///   source  modelscope_hub 0.5.1 _download.py: _repo_cache_dir_path, _find_legacy_repo_dir
  [[nodiscard]] std::string snapshot(std::string_view commit) const;

  // Writing is for the next run's sake: where it cannot be done, nothing is said and nothing is left half done.
  void keep_commit(std::string_view commit, std::string_view key) const;
  /// `etag` names the blob; where it is none, the file stands in the snapshot itself.
  void keep_file(std::string_view commit, std::string_view file, std::string_view etag, std::string_view text) const;

  /// Prefix and header of a .safetensors file, as fetched before. Nothing is kept without a key.
  [[nodiscard]] std::optional<std::string> header(std::string_view key, std::string_view file) const;
  void keep_header(std::string_view key, std::string_view file, std::string_view front) const;
  void drop_header(std::string_view key, std::string_view file) const;

  /// Any other text about a file that was kept before.
  [[nodiscard]] std::optional<std::string> kept(std::string_view key, std::string_view file) const;
  void keep(std::string_view key, std::string_view file, std::string_view text) const;

 private:
  [[nodiscard]] std::string own_path(std::string_view key, std::string_view file, std::string_view kind) const;

  HubKind kind_;
  std::string folder_, headers_, revision_;
  std::vector<std::string> older_;  // folders of ModelScope's older layouts, of its main branch
};

/// Whether `text` is the full name of a commit.
bool is_commit(std::string_view text);

}  // namespace vram::io
