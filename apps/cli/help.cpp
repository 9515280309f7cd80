#include "help.h"

#include <algorithm>
#include <string>
#include <vector>

#include "arguments.h"
#include "report/text_style.h"

namespace vram::cli {
namespace {

constexpr std::size_t kContinued = 6;  // indent of a command's other lines

struct Entry {
  std::string term;
  std::string_view meaning;
};

/// `text` behind `head`, its other lines indented to where it begins.
std::string hanging(std::string_view head, std::string_view text, int width) {
  std::string lines = report::wrapped(text, width, std::string(std::size_t(report::columns(head)), ' '));
  return std::string(head) + lines.substr(std::min(std::size_t(report::columns(head)), lines.size())) + '\n';
}

/// Terms at the left, their meanings in a column beside the widest.
std::string listing(std::span<const Entry> entries, int width) {
  int widest = 0;
  for (const Entry& entry : entries) widest = std::max(widest, report::columns(entry.term));
  std::string text;
  for (const Entry& entry : entries)
    text += hanging("  " + report::padded_right(entry.term, widest) + "  ", entry.meaning, width);
  return text;
}

std::string term_of(const Option& option) {
  std::string term = option.alias.empty() ? "" : std::string(option.alias) + ", ";
  term += option.name;
  if (!option.argument.empty()) term += ' ' + std::string(option.argument);
  return term;
}

std::string paragraph(std::string_view text, int width) { return hanging("", text, width); }

/// A command to type: each break marked as a shell wants it, and none between an option and its value.
std::string typed(std::string command, int width) {
  constexpr char kUnbroken = '\x01';
  for (std::size_t at = command.find(" --"); at != std::string::npos; at = command.find(" --", at + 1)) {
    const std::size_t value = command.find(' ', at + 1);
    if (value != std::string::npos && command.compare(value, 3, " --") != 0) command[value] = kUnbroken;
  }
  std::string lines = hanging(command.substr(0, kContinued), command.substr(kContinued), width - 2);
  for (std::size_t at = lines.find("\n "); at != std::string::npos; at = lines.find("\n ", at + 3))
    lines.insert(at, " \\");
  std::replace(lines.begin(), lines.end(), kUnbroken, ' ');
  return lines;
}

}  // namespace

std::string overview(std::string_view program, std::span<const Command* const> commands, int width) {
  std::vector<const Command*> sorted(commands.begin(), commands.end());
  std::sort(sorted.begin(), sorted.end(), [](const Command* a, const Command* b) { return a->order < b->order; });
  std::vector<Entry> entries;
  for (const Command* command : sorted) entries.push_back({std::string(command->name), command->summary});
  const std::string name(program);
  std::string text = "Usage: " + name + " COMMAND [options]\n\n";
  text += paragraph("Says how much GPU memory serving a language model takes, before it is served.", width) + '\n';
  text += listing(entries, width) + '\n';
  text +=
      paragraph("\"" + name + " COMMAND --help\" says more about one; --version tells this program's version.", width);
  if (!sorted.empty()) text += "Example:\n" + typed(name + ' ' + std::string(sorted.front()->example), width);
  return text;
}

std::string help(std::string_view program, const Command& command, int width) {
  const std::string name(program);
  const std::string usage = name + ' ' + std::string(command.name) + ' ' + std::string(command.usage);
  std::vector<Entry> entries;
  const std::vector<Option> options = options_of(command);
  for (const Option& option : options) entries.push_back({term_of(option), option.help});
  std::string text = hanging("Usage: ", usage, width) + '\n';
  text += paragraph(command.about, width) + '\n';
  text += listing(entries, width) + '\n';
  text += paragraph("Exit status: " + std::string(command.exit), width);
  text += "Example:\n" + typed(name + ' ' + std::string(command.example), width);
  return text;
}

}  // namespace vram::cli
