file(GLOB files ${SOURCE}/*.json)
list(SORT files)
set(entries "")
file(WRITE ${TEXTS} "")
foreach(file IN LISTS files)
  get_filename_component(id ${file} NAME_WLE)
  string(APPEND entries "    {\"${id}\", {}},\n")
  file(READ ${file} text)
  # Between tokens a line's end means nothing, and inside a string JSON has none.
  string(REPLACE "\n" "" text "${text}")
  file(APPEND ${TEXTS} "${text}\n")
endforeach()
file(WRITE ${OUTPUT}
"// Generated from data/${FOLDER}.
#include <span>
#include <string_view>
#include <utility>

namespace vram::${MODULE} {
namespace {

std::pair<std::string_view, std::string_view> files[] = {
${entries}};

}  // namespace

std::span<const std::pair<std::string_view, std::string_view>> embedded_${FOLDER}();
void give_${FOLDER}(std::string_view lines);

std::span<const std::pair<std::string_view, std::string_view>> embedded_${FOLDER}() { return files; }

void give_${FOLDER}(std::string_view lines) {
  for (auto& [name, text] : files) {
    text = lines.substr(0, lines.find('\\n'));
    lines.remove_prefix(text.size() + (text.size() < lines.size()));
  }
}
}  // namespace vram::${MODULE}
")
