#include "probe/host.h"

#include <fstream>
#include <string_view>

#include "units/text.h"

namespace vram::probe {
namespace {

constexpr std::size_t kLongest = 64u << 10;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks(" \t\r\n\0", 5);  // the device tree ends its strings with a NUL
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

/// "MemTotal:       131072000 kB"
std::optional<Bytes> kilobytes(std::string_view meminfo, std::string_view name) {
  const std::size_t at = meminfo.find(name);
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view line = meminfo.substr(at + name.size());
  line = trimmed(line.substr(0, line.find('\n')));
  const auto count = read_integer(line.substr(0, line.find(' ')));
  if (!count || *count < 0) return std::nullopt;
  return Bytes(1024) * *count;
}

}  // namespace

std::optional<std::string> read_small(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(kLongest, '\0');
  file.read(text.data(), std::streamsize(text.size()));
  text.resize(std::size_t(file.gcount()));
  return std::string(trimmed(text));
}

std::optional<std::int64_t> read_number_in(const std::filesystem::path& path) {
  const auto text = read_small(path);
  return text ? read_integer(*text) : std::nullopt;
}

std::optional<HostMemory> host_memory(const std::filesystem::path& root) {
  const auto meminfo = read_small(root / "proc/meminfo");
  if (!meminfo) return std::nullopt;
  const auto total = kilobytes(*meminfo, "MemTotal:");
  const auto available = kilobytes(*meminfo, "MemAvailable:");
  if (!total || !available) return std::nullopt;
  return HostMemory{*total, *available};
}

}  // namespace vram::probe
