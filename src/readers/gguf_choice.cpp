#include "readers/gguf_choice.h"

#include <algorithm>
#include <cstdlib>

#include "readers/gguf.h"
#include "units/text.h"

namespace vram::gguf {
namespace {

constexpr std::string_view kEnd = ".gguf";
constexpr std::string_view kPreferred[] = {"Q4_K_M", "Q8_0"};

std::string_view file_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }
std::string_view folder_of(std::string_view path) { return path.substr(0, path.size() - file_of(path).size()); }

bool is_model(std::string_view path) {
  constexpr std::string_view kOthers[] = {"mmproj", "imatrix", "mtp-", "eagle3-", "dflash-", "dspark-"};
  const std::string_view file = file_of(path);
  return path.ends_with(kEnd) && std::ranges::none_of(kOthers, [&](std::string_view other) {
           return file.find(other) != std::string_view::npos;
         });
}

/// A split model is named by its first part.
bool is_later_part(std::string_view path) {
  const std::vector<std::string> parts = part_names(file_of(path));
  return !parts.empty() && parts.front() != file_of(path);
}

bool has_tag(std::string_view path, std::string_view tag) {
  const std::string where = lower(path), what = lower(tag);
  for (std::size_t at = 0; (at = where.find(what, at)) != std::string::npos; ++at) {
    const std::size_t end = at + what.size();
    if (end < where.size() && (where[end] == '.' || where[end] == '-')) return true;
  }
  return false;
}

/// "Qwen3-8B-Q4_K_M-00001-of-00002.gguf" -> "Q4_K_M"; empty where the name ends otherwise.
std::string tag_of(std::string_view path) {
  std::string_view stem = file_of(path);
  constexpr std::size_t kPart = std::string_view("-00001-of-00002").size();
  if (!stem.ends_with(kEnd)) return "";
  const bool split = !part_names(stem).empty();
  stem.remove_suffix(kEnd.size() + (split ? kPart : 0));
  std::string tag(stem.substr(stem.find_last_of("-.") + 1));
  const bool word = std::ranges::all_of(tag, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  });
  if (!word || tag.size() == stem.size()) return "";
  for (char& c : tag)
    if (c >= 'a' && c <= 'z') c = char(c - 'a' + 'A');
  return tag;
}

/// "Q4_K_M" -> 4, "BF16" -> 16; 0 without a number.
int bits_of(std::string_view path) {
  const std::string tag = tag_of(path);
  const std::size_t digit = tag.find_first_of("0123456789");
  constexpr std::size_t kLongest = 4;
  return digit == std::string::npos ? 0 : std::atoi(tag.substr(digit, kLongest).c_str());
}

}  // namespace

std::optional<std::string> choose_model(std::span<const std::string> files, std::string_view tag) {
  const auto first = [&](std::string_view wanted) -> std::optional<std::string> {
    const auto found = std::ranges::find_if(files, [&](const std::string& path) {
      return is_model(path) && !is_later_part(path) && (wanted.empty() || has_tag(path, wanted));
    });
    return found == files.end() ? std::nullopt : std::optional(*found);
  };
  if (!tag.empty()) return first(tag);
  for (const std::string_view preferred : kPreferred)
    if (auto found = first(preferred)) return found;
  return first("");
}

std::optional<std::string> choose_projector(std::span<const std::string> files, std::string_view model) {
  const std::string* best = nullptr;
  const auto distance = [&](std::string_view path) { return std::abs(bits_of(path) - bits_of(model)); };
  for (const std::string& path : files) {
    if (!path.ends_with(kEnd) || path.find("mmproj") == std::string::npos) continue;
    if (!folder_of(model).starts_with(folder_of(path))) continue;
    const std::size_t depth = folder_of(path).size(), before = best ? folder_of(*best).size() : 0;
    if (!best || depth > before || (depth == before && distance(path) < distance(*best))) best = &path;
  }
  return best ? std::optional(*best) : std::nullopt;
}

std::vector<std::string> model_tags(std::span<const std::string> files) {
  std::vector<std::string> tags;
  for (const std::string& path : files) {
    std::string tag = is_model(path) ? tag_of(path) : "";
    if (!tag.empty() && std::ranges::find(tags, tag) == tags.end()) tags.push_back(std::move(tag));
  }
  return tags;
}

}  // namespace vram::gguf
