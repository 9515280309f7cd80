// AMD: the kernel driver's own files. The card's folder has its memory; the compute driver's topology has its gfx
// target.
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "hardware/catalogue.h"
#include "probe/host.h"
#include "probe/vendors.h"
#include "units/text.h"

namespace vram::probe::vendors {
namespace {

namespace fs = std::filesystem;
using hardware::Gpu;
using hardware::MemoryKind;

constexpr std::string_view kAmd = "0x1002";

/// Folders of `parent` whose names are `prefix` and a number, by number.
std::vector<fs::path> numbered(const fs::path& parent, std::string_view prefix) {
  std::vector<std::pair<std::int64_t, fs::path>> found;
  std::error_code none;
  for (auto at = fs::directory_iterator(parent, none); !none && at != fs::directory_iterator(); at.increment(none)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    if (const auto number = read_integer(std::string_view(name).substr(prefix.size())))
      found.emplace_back(*number, at->path());
  }
  std::sort(found.begin(), found.end());
  std::vector<fs::path> folders;
  for (auto& [number, path] : found) folders.push_back(std::move(path));
  return folders;
}

/// The number after "name " at the start of a line.
std::optional<std::int64_t> property(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ' ')
      return read_integer(line.substr(name.size() + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

/// What the compute driver knows of a GPU.
struct Node {
  std::int64_t domain = 0, location = 0;  // where on the PCI bus
  std::int64_t target = 0;                // 90402 is gfx942
  bool has_cpu = false;                   // an APU: host and GPU in one node
  std::optional<int> compute_units;
};

std::vector<Node> topology(const fs::path& root) {
  std::vector<Node> nodes;
  for (const fs::path& folder : numbered(root / "sys/class/kfd/kfd/topology/nodes", "")) {
    const auto text = read_small(folder / "properties");
    if (!text) continue;
    Node node;
    node.target = property(*text, "gfx_target_version").value_or(0);
    if (node.target <= 0) continue;  // a CPU's node
    node.domain = property(*text, "domain").value_or(0);
    node.location = property(*text, "location_id").value_or(0);
    node.has_cpu = property(*text, "cpu_cores_count").value_or(0) > 0;
    const std::int64_t simds = property(*text, "simd_count").value_or(0);
    const std::int64_t per_unit = property(*text, "simd_per_cu").value_or(0);
    if (simds > 0 && per_unit > 0) node.compute_units = int(std::min<std::int64_t>(simds / per_unit, 100'000));
    nodes.push_back(node);
  }
  return nodes;
}

/// "PCI_SLOT_NAME=0000:c1:00.0" of the card's uevent as domain and location, the latter bus << 8 | device << 3 |
/// function.
std::optional<std::pair<std::int64_t, std::int64_t>> pci_place(const std::optional<std::string>& uevent) {
  constexpr std::string_view kName = "PCI_SLOT_NAME=";
  const std::size_t at = uevent ? uevent->find(kName) : std::string::npos;
  if (at == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(*uevent).substr(at + kName.size());
  unsigned parts[4] = {};
  for (unsigned& part : parts) {
    const auto [end, failure] = std::from_chars(rest.data(), rest.data() + rest.size(), part, 16);
    if (failure != std::errc{}) return std::nullopt;
    rest.remove_prefix(std::min(std::size_t(end - rest.data()) + 1, rest.size()));
  }
  return std::pair<std::int64_t, std::int64_t>(parts[0], parts[1] << 8 | parts[2] << 3 | parts[3]);
}

/// "gfx942" of 90402: the last two numbers are hexadecimal digits.
std::string architecture(std::int64_t target) {
  static constexpr char kDigits[] = "0123456789abcdef";
  return "gfx" + std::to_string(target / 10000) + kDigits[target / 100 % 100 & 15] + kDigits[target % 100 & 15];
}

struct Card {
  fs::path folder;
  std::string device;   // "0x74a1"
  std::string product;  // may be empty
  Bytes vram, used, shared;
};

std::optional<Card> read_card(const fs::path& folder) {
  if (read_small(folder / "vendor").value_or("") != kAmd) return std::nullopt;
  const auto vram = read_number_in(folder / "mem_info_vram_total");
  if (!vram || *vram < 0) return std::nullopt;  // a driver without compute
  Card card{
      folder, read_small(folder / "device").value_or(""), read_small(folder / "product_name").value_or(""), {}, {}, {}};
  card.vram = Bytes(*vram);
  card.used = Bytes(std::max<std::int64_t>(0, read_number_in(folder / "mem_info_vram_used").value_or(0)));
  card.shared = Bytes(std::max<std::int64_t>(0, read_number_in(folder / "mem_info_gtt_total").value_or(0)));
  return card;
}

/// An APU gives out the larger of the part that firmware sets aside and the part of the host's memory that it may map.
///   source  Linux, drivers/gpu/drm/amd/amdgpu: apu_prefer_gtt
void share_host_memory(const Card& card, const std::optional<HostMemory>& host, Gpu& gpu) {
  gpu.memory = MemoryKind::kUnified;
  gpu.total = gpu.driver_total = std::max(card.vram, card.shared);
  if (card.shared > card.vram && host)
    gpu.free = std::min(host->available, gpu.total);
  else
    gpu.free = card.vram - card.used;
}

Gpu described(const Card& card, const Node& node, const std::optional<hardware::Record>& known, int index,
              const std::optional<HostMemory>& host) {
  Gpu gpu = known ? known->gpu : Gpu{};
  gpu.vendor = hardware::Vendor::kAmd;
  if (!known) gpu.name = card.product.empty() ? "AMD GPU " + card.device : card.product;
  if (!known) gpu.driver_name = gpu.name;
  if (!card.product.empty()) gpu.driver_name = card.product;
  gpu.index = index;
  gpu.uuid = read_small(card.folder / "unique_id").value_or("");
  gpu.architecture = architecture(node.target);
  gpu.capability = {int(node.target / 10000), int(node.target / 100 % 100)};
  if (node.compute_units) gpu.multiprocessors = node.compute_units;
  gpu.total = gpu.driver_total = card.vram;
  gpu.free = card.vram - card.used;
  if (node.has_cpu || gpu.memory == MemoryKind::kUnified) share_host_memory(card, host, gpu);
  return gpu;
}

Result<Detection> detect(const System& system) {
  Detection detection;
  const std::vector<Node> nodes = topology(system.root);
  const std::optional<HostMemory> host = host_memory(system.root);
  for (const fs::path& folder : numbered(system.root / "sys/class/drm", "card")) {
    const std::optional<Card> card = read_card(folder / "device");
    if (!card) continue;
    const std::string shown = "AMD GPU " + card->device + (card->product.empty() ? "" : ", " + card->product + ',');
    const auto place = pci_place(read_small(card->folder / "uevent"));
    const auto node = std::ranges::find_if(
        nodes, [&](const Node& n) { return place && n.domain == place->first && n.location == place->second; });
    if (node == nodes.end()) {
      detection.warnings.push_back(shown + " is left out: the compute driver does not know it");
      continue;
    }
    const Bytes size = node->has_cpu ? std::max(card->vram, card->shared) : card->vram;
    auto known = hardware::known_as_device(card->device, size);
    if (!known) known = hardware::known_as(card->product, size);
    if (node->has_cpu && !known) {
      detection.warnings.push_back(shown + " is left out: it is the processor's own");
      continue;
    }
    detection.gpus.push_back(described(*card, *node, known, int(detection.gpus.size()), host));
  }
  return detection;
}

}  // namespace

extern const Entry amd;
const Entry amd{detect};

}  // namespace vram::probe::vendors
