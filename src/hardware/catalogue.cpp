#include "hardware/catalogue.h"

#include <algorithm>
#include <cassert>
#include <span>
#include <utility>

#include "hardware/embedded.h"
#include "json/fields.h"
#include "units/text.h"

namespace vram::hardware {
namespace {

constexpr std::string_view kKeys[] = {"name",
                                      "driver_names",
                                      "aliases",
                                      "vendor",
                                      "total_bytes",
                                      "total_spread_bytes",
                                      "total_basis",
                                      "driver_total_bytes",
                                      "marketed_gb",
                                      "compute_capability",
                                      "architecture",
                                      "memory",
                                      "bandwidth_bytes_per_second",
                                      "multiprocessors",
                                      "link",
                                      "gpus_per_node",
                                      "year",
                                      "pci_devices",
                                      "source"};

constexpr std::pair<std::string_view, Vendor> kVendors[] = {
    {"nvidia", Vendor::kNvidia}, {"amd", Vendor::kAmd}, {"intel", Vendor::kIntel}};
constexpr std::pair<std::string_view, MemoryKind> kMemoryKinds[] = {
    {"discrete", MemoryKind::kDiscrete}, {"coherent", MemoryKind::kCoherent}, {"unified", MemoryKind::kUnified}};
constexpr std::pair<std::string_view, Link> kLinks[] = {{"none", Link::kNone},
                                                        {"pcie", Link::kPcie},
                                                        {"nvlink", Link::kNvlink},
                                                        {"infinity-fabric", Link::kInfinityFabric},
                                                        {"xe-link", Link::kXeLink}};
constexpr std::pair<std::string_view, bool> kBases[] = {{"measured", true}, {"estimated", false}};

template <class T, std::size_t N>
std::string_view word_of(const std::pair<std::string_view, T> (&words)[N], T value) {
  for (const auto& [word, meaning] : words)
    if (meaning == value) return word;
  return "";
}

template <class T, std::size_t N>
T one_of(const json::Fields& fields, std::string_view name, const std::pair<std::string_view, T> (&words)[N]) {
  const std::string text = fields.text_or(name, "");
  std::vector<std::string_view> known;
  for (const auto& [word, meaning] : words) {
    if (word == text) return meaning;
    known.push_back(word);
  }
  fields.refuse(name, "expected " + vram::one_of(known) + ", found \"" + text + '"');
  return words[0].second;
}

/// A whole number of bytes or bytes a second; larger than the counts that Fields reads.
std::optional<std::int64_t> large(const json::Fields& fields, std::string_view name, const json::Value* value) {
  if (!value) return std::nullopt;
  const std::int64_t* whole = value->integer();
  if (whole && *whole > 0) return *whole;
  fields.refuse(name, "expected a positive whole number, found " + json::describe(*value));
  return std::nullopt;
}

std::int64_t large(const json::Fields& fields, std::string_view name) {
  if (!fields.has(name)) fields.refuse(name, "expected a positive whole number, found nothing");
  return large(fields, name, fields.find(name)).value_or(0);
}

Capability capability(const json::Fields& fields) {
  const std::string text = fields.text_or("compute_capability", "0.0");
  const std::size_t dot = std::min(text.find('.'), text.size());
  const auto major = read_integer(std::string_view(text).substr(0, dot));
  const auto minor = read_integer(std::string_view(text).substr(std::min(dot + 1, text.size())));
  if (!major || !minor || *major < 0 || *major > 99 || *minor < 0 || *minor > 9) {
    fields.refuse("compute_capability", "expected \"major.minor\", found \"" + text + '"');
    return {};
  }
  return {int(*major), int(*minor)};
}

void read_spread(const json::Fields& fields, Record& record) {
  record.lowest = record.highest = record.gpu.total;
  const json::Value* spread = fields.find("total_spread_bytes");
  if (!spread) return;
  const json::Array* ends = spread->array();
  if (!ends || ends->size() != 2) return fields.refuse("total_spread_bytes", "expected two sizes, lowest and highest");
  record.lowest = Bytes(large(fields, "total_spread_bytes", &(*ends)[0]).value_or(0));
  record.highest = Bytes(large(fields, "total_spread_bytes", &(*ends)[1]).value_or(0));
  if (record.lowest > record.gpu.total || record.gpu.total > record.highest)
    fields.refuse("total_spread_bytes", "expected total_bytes to lie between its two sizes");
}

std::vector<Record> read_all() {
  std::vector<Record> records;
  for (const auto& [id, text] : embedded_gpus()) {
    Result<Record> record = read_record(id, text);
    assert(record && "a test reads every file of data/gpus");
    if (record) records.push_back(*std::move(record));
  }
  return records;
}

void refuse_unknown_keys(const json::Fields& fields) {
  for (const auto& [key, value] : fields.value().object()->members()) {
    if (std::ranges::find(kKeys, key) != std::end(kKeys)) continue;
    const auto meant = nearest(key, kKeys);
    fields.refuse(key, "no such key", meant ? "did you mean \"" + std::string(*meant) + "\"?" : "");
  }
}

}  // namespace

std::string_view word(Vendor vendor) { return word_of(kVendors, vendor); }
std::string_view word(MemoryKind memory) { return word_of(kMemoryKinds, memory); }
std::string_view word(Link link) { return word_of(kLinks, link); }

Result<Record> read_record(std::string_view id, std::string_view text) {
  const std::string place = "data/gpus/" + std::string(id) + ".json";
  const Result<json::Value> parsed = json::parse(text, place);
  if (!parsed) return parsed.error();
  if (!parsed->object()) return Error{ErrorCode::kBadInput, place, "expected an object", ""};
  const json::Fields fields(*parsed, place);
  refuse_unknown_keys(fields);

  Record record;
  Gpu& gpu = record.gpu;
  gpu.id = id;
  gpu.name = fields.text_or("name", "");
  record.driver_names = fields.texts("driver_names");
  record.aliases = fields.texts("aliases");
  record.sources = fields.texts("source");
  if (gpu.name.empty()) fields.refuse("name", "expected the name that people write");
  if (record.driver_names.empty()) fields.refuse("driver_names", "expected at least one name");
  if (record.sources.empty()) fields.refuse("source", "expected at least one source");
  if (!record.driver_names.empty()) gpu.driver_name = record.driver_names.front();

  gpu.vendor = one_of(fields, "vendor", kVendors);
  gpu.total = Bytes(large(fields, "total_bytes"));
  gpu.driver_total = fields.has("driver_total_bytes") ? Bytes(large(fields, "driver_total_bytes")) : gpu.total;
  if (gpu.driver_total < gpu.total) fields.refuse("driver_total_bytes", "expected at least total_bytes");
  read_spread(fields, record);
  record.measured = one_of(fields, "total_basis", kBases);
  for (const std::int64_t gigabytes : fields.counts("marketed_gb")) record.marketed_gb.push_back(int(gigabytes));
  if (record.marketed_gb.empty()) fields.refuse("marketed_gb", "expected at least one size");

  gpu.capability = capability(fields);
  gpu.architecture = fields.text_or("architecture", "");
  gpu.memory = one_of(fields, "memory", kMemoryKinds);
  gpu.bandwidth = large(fields, "bandwidth_bytes_per_second");
  if (const auto count = fields.maybe_count("multiprocessors", 1)) gpu.multiprocessors = int(*count);
  gpu.link = one_of(fields, "link", kLinks);
  gpu.per_node = int(fields.count("gpus_per_node"));
  gpu.year = int(fields.count("year"));
  record.pci_devices = fields.texts("pci_devices");
  if (fields.error()) return *fields.error();
  return record;
}

const std::vector<Record>& catalogue() {
  static const std::vector<Record> kRecords = read_all();
  return kRecords;
}

}  // namespace vram::hardware
