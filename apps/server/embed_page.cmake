# Writes OUTPUT: the files of the folder SOURCE, gzipped, as a table of paths and bytes.
file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/*)
list(SORT files)
set(entries "")
foreach(file IN LISTS files)
  set(packed ${OUTPUT}.gz)
  execute_process(COMMAND gzip -9 -n -c ${SOURCE}/${file} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${packed} hex HEX)
  file(REMOVE ${packed})
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f]){32})" "\\1\"\n     \"" escaped "${escaped}")
  string(APPEND entries "    {\"/${file}\", std::string_view(\n     \"${escaped}\", ${length})},\n")
endforeach()
file(WRITE ${OUTPUT}
"// Generated from the built page.
#include \"server/assets.h\"

#include <array>

namespace vram::server {

std::span<const Asset> assets() {
  static constexpr auto kAssets = std::to_array<Asset>({
${entries}    {\"\", \"\"},
  });
  return std::span(kAssets).first(kAssets.size() - 1);
}

}  // namespace vram::server
")
