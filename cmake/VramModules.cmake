# vram_module(<name> [USES <module>...] [LIBRARIES <target>...])
# One static library of the sources in src/<name>; links what it names and nothing more. A folder without sources is a
# header-only module.
function(vram_module name)
  cmake_parse_arguments(arg "" "" "USES;LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  list(TRANSFORM arg_USES PREPEND vram_)
  if(sources)
    add_library(vram_${name} STATIC ${sources})
    target_link_libraries(vram_${name} PUBLIC vram_build ${arg_USES} PRIVATE ${arg_LIBRARIES})
  else()
    add_library(vram_${name} INTERFACE)
    target_link_libraries(vram_${name} INTERFACE vram_build ${arg_USES})
  endif()
endfunction()

# vram_registry(<module> <folder>)
# A folder is a registry: every src/<module>/<folder>/<file>.cpp defines `<folder>::<file>` (see the folder's header),
# and the table of all of them is generated here, so that adding a file is all it takes.
function(vram_registry module folder)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${module}/${folder}/*.cpp)
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS files)
    get_filename_component(id ${file} NAME_WE)
    string(APPEND declarations "extern const Entry ${id};\n")
    string(APPEND entries "    &${id},\n")
  endforeach()
  set(generated ${PROJECT_BINARY_DIR}/generated/${module}_${folder}.cpp)
  file(CONFIGURE OUTPUT ${generated} @ONLY CONTENT
"// Generated from the files of src/${module}/${folder}.
#include \"${module}/${folder}.h\"

namespace vram::${module}::${folder} {
${declarations}
std::span<const Entry* const> all() {
  static constexpr const Entry* kAll[] = {
${entries}  };
  return kAll;
}
}  // namespace vram::${module}::${folder}
")
  target_sources(vram_${module} PRIVATE ${generated})
endfunction()
