# Writes OUTPUT: the files of the folder SOURCE as a table of paths and bytes, gzipped, and in Brotli where FILE.br lies
# beside FILE.
file(GLOB_RECURSE files RELATIVE ${SOURCE} ${SOURCE}/*)
list(FILTER files EXCLUDE REGEX "\\.br$")
list(SORT files)

# Sets `out` to the bytes of `file` as a string_view.
function(literal file out)
  file(READ ${file} hex HEX)
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${hex}")
  string(REGEX REPLACE "((\\\\x[0-9a-f][0-9a-f]){32})" "\\1\"\n     \"" escaped "${escaped}")
  set(${out} "std::string_view(\n     \"${escaped}\", ${length})" PARENT_SCOPE)
endfunction()

set(entries "")
set(front "{}")
if(EXISTS ${SOURCE}/index.html)
  literal(${SOURCE}/index.html front)
endif()
foreach(file IN LISTS files)
  file(SHA256 ${SOURCE}/${file} sum)
  string(SUBSTRING ${sum} 0 16 tag)
  set(packed ${OUTPUT}.gz)
  execute_process(COMMAND gzip -9 -n -c ${SOURCE}/${file} OUTPUT_FILE ${packed} COMMAND_ERROR_IS_FATAL ANY)
  literal(${packed} gzipped)
  file(REMOVE ${packed})
  set(brotli "{}")
  if(EXISTS ${SOURCE}/${file}.br)
    literal(${SOURCE}/${file}.br brotli)
  endif()
  string(APPEND entries "    {\"/${file}\", \"\\\"${tag}\\\"\", ${gzipped}, ${brotli}},\n")
endforeach()
file(WRITE ${OUTPUT}
"// Generated from the built page.
#include \"server/assets.h\"

#include <array>

namespace vram::server {

std::span<const Asset> assets() {
  static constexpr auto kAssets = std::to_array<Asset>({
${entries}    {\"\", \"\", \"\", \"\"},
  });
  return std::span(kAssets).first(kAssets.size() - 1);
}

std::string_view built_front() {
  return ${front};
}

}  // namespace vram::server
")
