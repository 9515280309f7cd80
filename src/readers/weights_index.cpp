#include "readers/weights_index.h"

#include <algorithm>
#include <unordered_map>

#include "readers/json_cursor.h"

namespace vram {
namespace {

using readers::JsonCursor;
using readers::shown;

/// A path within the index's own folder.
bool stays_inside(std::string_view name) {
  if (name.empty() || name.size() > 255 || name.front() == '/' || name.find('\\') != std::string_view::npos)
    return false;
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; })) return false;
  for (std::string_view rest = name;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == rest.size()) return true;
    rest.remove_prefix(part.size() + 1);
  }
}

class IndexScan {
 public:
  IndexScan(std::string_view text, std::string_view place) : place_(place), cursor_(text, unescaped_) {}

  Result<WeightsIndex> run() {
    const bool read = cursor_.members([&](std::string_view name) {
      if (name == "metadata") return read_metadata();
      return name == "weight_map" ? read_map() : cursor_.skip();
    });
    if (cursor_.failed()) return bad(cursor_.problem(), "is the download complete?");
    if (error_) return *std::move(error_);
    if (!read || !cursor_.finished()) return bad("something follows its end");
    if (index_.files.empty())
      return bad("it has no \"weight_map\" that names files", "is it the index of a checkpoint?");
    return std::move(index_);
  }

 private:
  [[nodiscard]] Error bad(std::string problem, std::string hint = "") const {
    return {ErrorCode::kBadInput, std::string(place_), std::move(problem), std::move(hint)};
  }

  /// Some tools write total_size as a fraction or a text: then it is not known.
  bool read_metadata() {
    return cursor_.members([&](std::string_view name) {
      if (name != "total_size" || !cursor_.at_whole()) return cursor_.skip();
      const auto size = cursor_.whole();
      if (size) index_.total_size = Bytes(*size);
      return size.has_value();
    });
  }

  bool read_map() {
    return cursor_.members([&](std::string_view tensor) {
      const auto file = cursor_.string();
      if (!file) return false;
      WeightsIndex::File* found = file_of(*file);
      if (!found) return false;
      ++found->tensors;
      found->letters += std::int64_t(tensor.size());
      return true;
    });
  }

  WeightsIndex::File* file_of(std::string_view name) {
    if (!index_.files.empty() && index_.files[last_].name == name) return &index_.files[last_];
    const auto [entry, is_new] = places_.try_emplace(std::string(name), index_.files.size());
    if (is_new) {
      if (!stays_inside(name)) {
        error_ = bad("\"weight_map\": " + shown(name) + " is no name of a file beside it");
        return nullptr;
      }
      index_.files.push_back({std::string(name)});
    }
    last_ = entry->second;
    return &index_.files[last_];
  }

  std::string_view place_;
  std::deque<std::string> unescaped_;
  JsonCursor cursor_;
  WeightsIndex index_;
  std::unordered_map<std::string, std::size_t> places_;
  std::size_t last_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<WeightsIndex> read_weights_index(std::string_view text, std::string_view place) {
  return IndexScan(text, place).run();
}

}  // namespace vram
