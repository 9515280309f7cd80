#include "server/assets.h"

#include <utility>

#include "units/fingerprint.h"

namespace vram::server {

std::string_view media_type(std::string_view path) {
  static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".wasm", "application/wasm"},
      {".svg", "image/svg+xml"},
      {".json", "application/json"},
      {".webmanifest", "application/manifest+json"}};
  for (const auto& [ending, type] : kTypes)
    if (path.ends_with(ending)) return type;
  return "application/octet-stream";
}

Front front_page(std::string_view abilities) {
  Front front{std::string(built_front()), {}};
  const std::size_t end = front.text.find("</head>");
  if (end != std::string::npos)
    front.text.insert(end, "<meta name=\"service\" content=\"" + std::string(abilities) + "\">");
  front.tag = '"' + fingerprint(front.text) + '"';
  return front;
}

}  // namespace vram::server
