# vram_embed(<module> <folder>)
# Compiles the JSON files of data/<folder> into the module: `vram::<module>::embedded_<folder>()` answers their texts,
# sorted by file name, which is each one's id.
function(vram_embed module folder)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/${folder}/*.json)
  set(generated ${PROJECT_BINARY_DIR}/generated/${module}_${folder}.cpp)
  add_custom_command(OUTPUT ${generated}
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${generated} -D MODULE=${module} -D FOLDER=${folder}
            -D SOURCE=${PROJECT_SOURCE_DIR}/data/${folder} -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(vram_${module} PRIVATE ${generated})
endfunction()
