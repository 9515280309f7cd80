file(GLOB files ${SOURCE}/*.json)
list(SORT files)
file(WRITE ${TEXTS} "")
foreach(file IN LISTS files)
  get_filename_component(id ${file} NAME_WLE)
  file(READ ${file} text)
  # Between tokens a line's end means nothing, and inside a string JSON has none.
  string(REPLACE "\n" "" text "${text}")
  file(APPEND ${TEXTS} "${id} ${text}\n")
endforeach()
file(WRITE ${OUTPUT}
"// Generated from data/${FOLDER}.
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace vram::${MODULE} {
namespace {

std::vector<std::pair<std::string_view, std::string_view>> files;

}  // namespace

std::span<const std::pair<std::string_view, std::string_view>> embedded_${FOLDER}();
void give_${FOLDER}(std::string_view lines);

std::span<const std::pair<std::string_view, std::string_view>> embedded_${FOLDER}() { return files; }

void give_${FOLDER}(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\\n'));
    const std::size_t name = line.find(' ');
    files.emplace_back(line.substr(0, name), line.substr(name + 1));
    lines.remove_prefix(line.size() + 1);
  }
}
}  // namespace vram::${MODULE}
")
