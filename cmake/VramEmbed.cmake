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

# vram_embed_later(<module> <folder>)
# As vram_embed, but the texts are written to <folder>.txt, a line each of the name, a space and the text in the order of
# the names, and `vram::<module>::give_<folder>()` takes that file's text, which must outlive every answer.
function(vram_embed_later module folder)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/data/${folder}/*.json)
  set(generated ${PROJECT_BINARY_DIR}/generated/${module}_${folder}.cpp)
  add_custom_command(OUTPUT ${generated} ${PROJECT_BINARY_DIR}/${folder}.txt
    COMMAND ${CMAKE_COMMAND} -D OUTPUT=${generated} -D TEXTS=${PROJECT_BINARY_DIR}/${folder}.txt -D MODULE=${module}
            -D FOLDER=${folder} -D SOURCE=${PROJECT_SOURCE_DIR}/data/${folder}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_later.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_later.cmake VERBATIM)
  target_sources(vram_${module} PRIVATE ${generated})
endfunction()
