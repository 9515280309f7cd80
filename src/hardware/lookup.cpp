// From a name to the card: cheaply where the name is a file's own, and by all names of all cards where it is not.
#include <algorithm>
#include <cassert>
#include <cstdlib>

#include "hardware/catalogue.h"
#include "hardware/embedded.h"
#include "hardware/names.h"
#include "units/text.h"

namespace vram::hardware {
namespace {

constexpr std::size_t kLongest = 200;
constexpr std::int64_t kMostGpus = 1024;

bool has_size(const Record& record, int gigabytes) {
  return std::ranges::find(record.marketed_gb, gigabytes) != record.marketed_gb.end();
}

bool fits(const Record& record, const Name& known, const Name& wanted) {
  return !wanted.gigabytes || known.gigabytes == wanted.gigabytes || has_size(record, *wanted.gigabytes);
}

/// The cards that `wanted` may mean, and those that bear its name with another size.
struct Matches {
  std::vector<const Record*> meant;
  std::vector<const Record*> other_size;
};

/// A name without a size that is an id or an alias, size and all, means that card alone: "H100" is the SXM card, though
/// others are called H100 with a word more. Else every card of that name is meant.
Matches search(const std::vector<Record>& records, const Name& wanted) {
  Matches matches;
  for (const Record& record : records) {
    bool meant = false, named = false, outright = false;
    const auto look = [&](std::string_view text, bool own) {
      const Name known = read_name(text);
      if (known.key != wanted.key) return;
      named = true;
      meant = meant || fits(record, known, wanted);
      outright = outright || (own && known == wanted);
    };
    look(record.gpu.id, true);
    for (const std::string& alias : record.aliases) look(alias, true);
    for (const std::string& name : record.driver_names) look(name, false);
    if (outright) return {{&record}, {}};
    if (meant) matches.meant.push_back(&record);
    if (named && !meant) matches.other_size.push_back(&record);
  }
  return matches;
}

/// The file whose own name is `wanted`, when there is exactly one: what search() would answer, without reading any
/// other.
std::optional<std::size_t> file_of(const Name& wanted) {
  const auto files = embedded_gpus();
  for (std::size_t i = 0; i < files.size(); ++i)
    if (read_name(files[i].first) == wanted) return i;
  return std::nullopt;
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

Result<GpuChoice> chosen(const Gpu& gpu, const Reading& reading, std::string_view text, std::string_view place) {
  if (reading.count >= 1 && reading.count <= kMostGpus) return GpuChoice{gpu, int(reading.count)};
  return Error{ErrorCode::kBadInput, std::string(place),
               "expected 1 to 1024 GPUs, found " + std::to_string(reading.count) + " in " + quoted(text), ""};
}

/// Beside those that bear the name, the cards whose ids go on after it are offered too: "A100" and "A100-PCIe-40GB".
Error ambiguous(const std::vector<Record>& records, const Matches& matches, const Name& name, std::string_view text,
                std::string_view place) {
  std::vector<std::string_view> ids;
  for (const Record& record : records) {
    const bool meant = std::ranges::find(matches.meant, &record) != matches.meant.end();
    if (meant || (!name.gigabytes && read_name(record.gpu.id).key.starts_with(name.key))) ids.push_back(record.gpu.id);
  }
  return {ErrorCode::kBadInput, std::string(place), quoted(text) + " may be " + one_of(ids), "say which"};
}

Error other_size(const Record& record, const Name& name, std::string_view text, std::string_view place) {
  return {ErrorCode::kNotFound, std::string(place),
          quoted(text) + ": " + record.gpu.id + " has " + std::to_string(record.marketed_gb.front()) + " GB, not " +
              std::to_string(name.gigabytes.value_or(0)),
          "leave the size out, or give the memory by itself"};
}

Error unknown(const std::vector<Record>& records, const std::string& text, std::string_view place) {
  std::vector<std::string> keys;
  for (const Record& record : records) {
    keys.push_back(read_name(record.gpu.id).key);
    for (const std::string& alias : record.aliases) keys.push_back(read_name(alias).key);
  }
  std::string hint = "the catalogue of GPUs lists those that are known";
  const std::vector<std::string_view> candidates(keys.begin(), keys.end());
  // The last reading has lost its count, which would only lead away from the name.
  if (const auto near = nearest(read_name(readings(text).back().name).key, candidates)) {
    const Matches matches = search(records, {std::string(*near), std::nullopt});
    std::vector<std::string> ids;
    for (const Record* record : matches.meant) ids.push_back(quoted(record->gpu.id));
    hint = "did you mean " + one_of(std::vector<std::string_view>(ids.begin(), ids.end())) + '?';
  }
  return {ErrorCode::kNotFound, std::string(place), "no GPU is called " + quoted(text), hint};
}

std::int64_t distance(Bytes a, Bytes b) { return std::abs((a - b).count()); }

/// A quarter more or less is another card: the sizes that share a name differ by a third and more.
bool about_equal(Bytes seen, Bytes known) { return distance(seen, known) < known.count() / 4; }

/// Of the records that `answers` accepts, the one whose driver's figure is nearest.
template <class Answers>
std::optional<Record> nearest_in_size(Bytes driver_total, Answers answers) {
  std::optional<Record> best;
  for (const Record& record : catalogue()) {
    if (!answers(record)) continue;
    if (!best || distance(driver_total, record.gpu.driver_total) < distance(driver_total, best->gpu.driver_total))
      best = record;
  }
  return best;
}

/// The longest run of digits in `text`: what tells most GPUs apart.
std::string_view longest_number(std::string_view text) {
  std::string_view longest;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = std::min(text.find_first_of("0123456789", at), text.size());
    at = std::min(text.find_first_not_of("0123456789", begin), text.size());
    if (at - begin > longest.size()) longest = text.substr(begin, at - begin);
  }
  return longest;
}

/// The records in whose files `text`'s number stands: whatever answers to the name is among them, and reading a few
/// files instead of all saves most of a start. Without a number, or with a broken file, none.
std::vector<Record> likely(std::string_view text) {
  std::vector<Record> records;
  const std::string_view number = longest_number(text);
  if (number.empty()) return records;
  for (const auto& [id, content] : embedded_gpus()) {
    if (content.find(number) == std::string_view::npos && id.find(number) == std::string_view::npos) continue;
    auto record = read_record(id, content);
    if (!record) return {};
    records.push_back(*std::move(record));
  }
  return records;
}

/// The names that a reading may stand for.
std::vector<Name> names_of(const Reading& reading) {
  std::vector<Name> names = {read_name(reading.name)};
  if (auto sized = read_name_with_bare_size(reading.name)) names.push_back(*std::move(sized));
  std::erase_if(names, [](const Name& name) { return name.key.empty(); });
  return names;
}

}  // namespace

Result<GpuChoice> find_gpu(std::string_view text, std::string_view place) {
  const std::string shown(text.substr(0, 60));
  if (text.size() > kLongest)
    return Error{ErrorCode::kTooLarge, std::string(place), quoted(shown) + "… is too long for the name of a GPU", ""};
  const std::vector<Reading> forms = readings(text);
  if (forms.front().name.empty())
    return Error{ErrorCode::kBadInput, std::string(place), "expected the name of a GPU, found nothing", ""};

  for (const Reading& reading : forms) {
    const auto file = file_of(read_name(reading.name));
    if (!file) continue;
    const auto& [id, content] = embedded_gpus()[*file];
    const Result<Record> record = read_record(id, content);
    if (!record) return record.error();
    return chosen(record->gpu, reading, shown, place);
  }

  const std::vector<Record> few = likely(text);
  const Reading& first = forms.front();
  for (const Name& name : names_of(first)) {
    const Matches matches = search(few, name);
    if (matches.meant.size() == 1) return chosen(matches.meant.front()->gpu, first, shown, place);
    if (!matches.meant.empty()) break;
  }

  const std::vector<Record>& records = catalogue();
  std::optional<Error> nearly;
  for (const Reading& reading : forms) {
    for (const Name& name : names_of(reading)) {
      const Matches matches = search(records, name);
      if (matches.meant.size() == 1) return chosen(matches.meant.front()->gpu, reading, shown, place);
      if (!matches.meant.empty()) return ambiguous(records, matches, name, reading.name, place);
      if (!matches.other_size.empty() && !nearly)
        nearly = other_size(*matches.other_size.front(), name, reading.name, place);
    }
  }
  return nearly ? *nearly : unknown(records, shown, place);
}

std::optional<Record> known_as(std::string_view driver_name, Bytes driver_total) {
  const Name wanted = read_name(driver_name);
  return nearest_in_size(driver_total, [&](const Record& record) {
    const auto is_wanted = [&](const std::string& name) { return read_name(name) == wanted; };
    return about_equal(driver_total, record.gpu.driver_total) && std::ranges::any_of(record.driver_names, is_wanted);
  });
}

std::optional<Record> known_as_device(std::string_view pci_device, Bytes driver_total) {
  return nearest_in_size(driver_total, [&](const Record& record) {
    const bool sized = record.gpu.memory == MemoryKind::kUnified || about_equal(driver_total, record.gpu.driver_total);
    return sized && std::ranges::find(record.pci_devices, pci_device) != record.pci_devices.end();
  });
}

}  // namespace vram::hardware
