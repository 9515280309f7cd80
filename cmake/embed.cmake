file(GLOB files ${SOURCE}/*.json)
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
  get_filename_component(id ${file} NAME_WLE)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
  # Adjacent literals keep lines short and stop a hexadecimal escape from running into the next character.
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f]){32})" "\\1\"\n     \"" escaped "${escaped}")
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  string(APPEND entries "    {\"${id}\", std::string_view(\n     \"${escaped}\", ${length})},\n")
endforeach()
file(WRITE ${OUTPUT}
"// Generated from data/${FOLDER}.
#pragma GCC diagnostic ignored \"-Woverlength-strings\"  // every compiler that is used takes longer ones
#include <span>
#include <string_view>
#include <utility>

namespace vram::${MODULE} {
std::span<const std::pair<std::string_view, std::string_view>> embedded_${FOLDER}();

std::span<const std::pair<std::string_view, std::string_view>> embedded_${FOLDER}() {
  static constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
${entries}  };
  return kFiles;
}
}  // namespace vram::${MODULE}
")
