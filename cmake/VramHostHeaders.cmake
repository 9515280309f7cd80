# The JSON library is headers only, but it lies among the host's own headers, which no other system may see.
set(staged ${PROJECT_BINARY_DIR}/host_headers)
file(MAKE_DIRECTORY ${staged})
get_target_property(beside nlohmann_json::nlohmann_json INTERFACE_INCLUDE_DIRECTORIES)
find_path(nlohmann_folder nlohmann/json.hpp HINTS ${beside} NO_CMAKE_FIND_ROOT_PATH REQUIRED)
file(CREATE_LINK ${nlohmann_folder}/nlohmann ${staged}/nlohmann SYMBOLIC)
set_target_properties(nlohmann_json::nlohmann_json PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES ${staged} INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${staged})
