// The page, where it was built before the program: its files as they go over the wire.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vram::server {

struct Asset {
  std::string_view path;     // "/index.html"
  std::string_view tag;      // another one for another content: "\"2d15a80b7becfa4e\""
  std::string_view gzipped;  // its content
  std::string_view brotli;   // the same, smaller; empty where it was not built
};

/// Empty without a built page.
std::span<const Asset> assets();

inline constexpr std::string_view kFront = "/index.html";

/// The front page's text as it was built; empty without one.
std::string_view built_front();

/// The front page with what this service can do in it: <meta name="service" content="detect hub">. It is small, so it
/// goes over the wire as it is.
struct Front {
  std::string text, tag;
};
Front front_page(std::string_view abilities);

/// "text/html; charset=utf-8" for "/index.html"
std::string_view media_type(std::string_view path);

}  // namespace vram::server
