#include "choose.h"

#include <algorithm>
#include <cassert>

#include "units/text.h"

namespace vram::cli {
namespace {

/// How many words `name` takes at the front of `words`; 0 when they are others.
std::size_t matched(std::string_view name, std::span<const std::string> words) {
  const std::size_t blank = name.find(' ');
  if (name.substr(0, blank) != words[0]) return 0;
  if (blank == std::string_view::npos) return 1;
  return words.size() > 1 && name.substr(blank + 1) == words[1] ? 2 : 0;
}

/// A path, a hub id, a file or a catalogue's name has one of these; a command has none.
bool looks_like_model(std::string_view word) { return word.find_first_of("/.:\\") != std::string_view::npos; }

/// A command's name that these words nearly are. Its first word alone counts: "vllm" for "vllm serve".
std::optional<std::string_view> nearly(std::span<const std::string> words, std::span<const Command* const> commands) {
  std::vector<std::string_view> names;
  for (const Command* command : commands) {
    const std::size_t blank = command->name.find(' ');
    if (blank != std::string_view::npos && command->name.substr(0, blank) == words[0]) return command->name;
    names.push_back(command->name);
  }
  return nearest(words[0], names);
}

}  // namespace

Result<Chosen> choose(std::span<const std::string> words, std::span<const Command* const> commands,
                      std::string_view otherwise) {
  const Command *fallback = nullptr, *longest = nullptr;
  std::size_t most = 0;
  for (const Command* command : commands) {
    if (command->name == otherwise) fallback = command;
    if (const std::size_t count = matched(command->name, words); count > most) {
      longest = command;
      most = count;
    }
  }
  if (longest) {
    const auto rest = words.subspan(most);
    return Chosen{longest, {rest.begin(), rest.end()}};
  }
  assert(fallback);
  const std::string& first = words[0];
  if (!first.empty() && first[0] != '-' && !looks_like_model(first))
    if (const auto meant = nearly(words, commands))
      return Error{ErrorCode::kNotFound, first, "no command is called that",
                   "did you mean \"" + std::string(*meant) + "\"?"};
  return Chosen{fallback, {words.begin(), words.end()}};
}

}  // namespace vram::cli
