#include "io/checkpoint_files.h"

#include <algorithm>
#include <filesystem>

#include "io/files.h"
#include "readers/weights_index.h"
#include "units/text.h"

namespace vram::io {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kMostIndex(64 * kMiB);
constexpr Bytes kGuess(std::int64_t{1} << 16);  // most headers are shorter

using Found = Result<std::shared_ptr<const Checkpoint>>;

/// Length, checked, and the text of a header.
struct HeaderText {
  std::string text;
  Bytes file;
};

Result<HeaderText> read_header_text(const std::string& path) {
  const auto file = PlainFile::open(path);
  if (!file) return file.error();
  auto front = file->read(Bytes(0), kGuess);
  if (!front) return front.error();
  const auto* bytes = reinterpret_cast<const unsigned char*>(front->data());
  const auto length = safetensors_header_length({bytes, front->size()}, file->size(), path);
  if (!length) return length.error();
  const Bytes held = Bytes(std::int64_t(front->size() - kSafetensorsPrefix));
  std::string text = front->substr(kSafetensorsPrefix, std::size_t(std::min(held, *length).count()));
  if (*length > held) {
    auto rest = file->read(Bytes(std::int64_t(front->size())), *length - held);
    if (!rest) return rest.error();
    text += *rest;
  }
  return HeaderText{std::move(text), file->size()};
}

std::optional<Error> add_file(Checkpoint& checkpoint, const std::string& path) {
  auto header = read_header_text(path);
  if (!header) return header.error();
  return checkpoint.add(std::move(header->text), header->file, path);
}

Found finished(Checkpoint checkpoint) {
  checkpoint.origin = headers_of(checkpoint.files.size());
  return std::make_shared<const Checkpoint>(std::move(checkpoint));
}

Result<WeightsIndex> read_index(const fs::path& path) {
  const auto text = read_file(path.string(), kMostIndex);
  if (!text) return text.error();
  return read_weights_index(*text, path.string());
}

/// Null where there is none.
Found shared(std::optional<Checkpoint> checkpoint) {
  if (!checkpoint) return std::shared_ptr<const Checkpoint>();
  return std::make_shared<const Checkpoint>(*std::move(checkpoint));
}

Found read_indexed(const fs::path& folder, const fs::path& index_path) {
  const auto index = read_index(index_path);
  if (!index) return index.error();
  Checkpoint checkpoint;
  std::string missing;
  for (const WeightsIndex::File& file : index->files) {
    const std::string path = (folder / file.name).string();
    std::error_code ignored;
    if (!fs::exists(path, ignored)) {
      missing = path;
      continue;
    }
    if (auto error = add_file(checkpoint, path)) return *std::move(error);
  }
  if (missing.empty()) return finished(std::move(checkpoint));
  if (!checkpoint.has_headers()) return shared(total_of(*index));
  return Error{ErrorCode::kNotFound, missing, "the index names it, but it is missing", "is the download complete?"};
}

}  // namespace

std::vector<std::string> weight_files(std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& name) {
    return !name.ends_with(".safetensors") || name.starts_with("adapter_") || name.find('/') != std::string::npos;
  });
  const auto second_copy = [](const std::string& name) { return name.starts_with("consolidated"); };
  if (!std::all_of(names.begin(), names.end(), second_copy)) std::erase_if(names, second_copy);
  std::sort(names.begin(), names.end());
  return names;
}

Found read_checkpoint(const std::string& folder) {
  const fs::path path(folder);
  std::error_code problem;
  if (const fs::path index = path / "model.safetensors.index.json"; fs::exists(index, problem))
    return read_indexed(path, index);
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path, problem), end; !problem && entry != end; entry.increment(problem))
    names.push_back(entry->path().filename().string());
  if (problem) return system_error(folder, problem.value());
  Checkpoint checkpoint;
  for (const std::string& name : weight_files(std::move(names)))
    if (auto error = add_file(checkpoint, (path / name).string())) return *std::move(error);
  if (checkpoint.has_headers()) return finished(std::move(checkpoint));
  const fs::path index = path / "pytorch_model.bin.index.json";
  if (!fs::exists(index, problem)) return std::shared_ptr<const Checkpoint>();
  const auto read = read_index(index);
  if (!read) return read.error();
  return shared(total_of(*read));
}

Found read_checkpoint_file(const std::string& path) {
  Checkpoint checkpoint;
  if (auto error = add_file(checkpoint, path)) return *std::move(error);
  return finished(std::move(checkpoint));
}

}  // namespace vram::io
