// What a renderer of text may assume about where its characters go. The caller looks; the renderers are pure.
#pragma once

#include <string>
#include <string_view>

namespace vram::report {

struct TextStyle {
  int width = 80;        // columns, at most 100
  bool colour = false;   // the 16 named colours
  bool unicode = true;   // block characters and dashes; else letters and hyphens
  bool bar = false;      // draw the memory of each rank
  bool verbose = false;  // assumptions with their sources, a line a component
};

enum class Paint {
  kNone,
  kBold,
  kDim,
  kGood,
  kBad,
  kUnsure,
  kWeights,
  kActivations,
  kOutside,
  kCache,
  kGraphs,
  kContext
};

/// `text` between the escape codes of `paint`, or as it is without colour.
std::string painted(std::string_view text, Paint paint, const TextStyle& style);

/// Columns that UTF-8 `text` takes; every character of ours is one column wide.
int columns(std::string_view text);

std::string padded_right(std::string_view text, int width);
std::string padded_left(std::string_view text, int width);

/// Lines of at most `width` columns, broken at blanks; a word that is longer stands alone.
std::string wrapped(std::string_view text, int width, std::string_view indent);

}  // namespace vram::report
