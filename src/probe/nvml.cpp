// NVML without its header: the few calls that are needed, by name. They run in a child process, which writes a line a
// GPU; the parent reads the lines.
#include <dlfcn.h>

#include <algorithm>
#include <array>

#include "probe/child.h"
#include "probe/nvidia_driver.h"
#include "units/text.h"

namespace vram::probe {
namespace {

using Device = void*;

// nvmlReturn_t
constexpr int kSuccess = 0, kDriverNotLoaded = 9;
// What the child's exit status says.
constexpr int kDone = 0, kNoLibrary = 10, kLacksSymbols = 11, kNoDriver = 12, kRefused = 13;
constexpr unsigned kMostDevices = 1024;

struct Memory {
  unsigned long long total, free, used;
};
struct Memory2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};
static_assert(sizeof(Memory2) == 40);
struct Attributes {
  unsigned multiprocessors, copy_engines, decoders, encoders, jpegs, ofas, gpu_slices, compute_slices;
  unsigned long long memory_mib;
};

/// The calls that cannot be done without, then those that may be missing.
struct Library {
  int (*init)() = nullptr;
  int (*count)(unsigned*) = nullptr;
  int (*device)(unsigned, Device*) = nullptr;
  int (*name)(Device, char*, unsigned) = nullptr;
  int (*memory)(Device, Memory*) = nullptr;

  int (*memory2)(Device, Memory2*) = nullptr;
  int (*capability)(Device, int*, int*) = nullptr;
  int (*uuid)(Device, char*, unsigned) = nullptr;
  const char* (*error)(int) = nullptr;
  int (*mig_mode)(Device, unsigned*, unsigned*) = nullptr;
  int (*mig_count)(Device, unsigned*) = nullptr;
  int (*mig_device)(Device, unsigned, Device*) = nullptr;
  int (*attributes)(Device, Attributes*) = nullptr;
};

template <class Function>
bool load(void* handle, const char* name, Function& function) {
  void* symbol = dlsym(handle, name);
  static_assert(sizeof symbol == sizeof function);
  function = reinterpret_cast<Function>(symbol);
  return symbol != nullptr;
}

/// The name of the first call that is missing and needed; nullptr when the library will do.
const char* load_all(void* handle, Library& nvml) {
  load(handle, "nvmlDeviceGetMemoryInfo_v2", nvml.memory2);
  load(handle, "nvmlDeviceGetCudaComputeCapability", nvml.capability);
  load(handle, "nvmlDeviceGetUUID", nvml.uuid);
  load(handle, "nvmlErrorString", nvml.error);
  load(handle, "nvmlDeviceGetMigMode", nvml.mig_mode);
  load(handle, "nvmlDeviceGetMaxMigDeviceCount", nvml.mig_count);
  load(handle, "nvmlDeviceGetMigDeviceHandleByIndex", nvml.mig_device);
  load(handle, "nvmlDeviceGetAttributes_v2", nvml.attributes);
  if (!load(handle, "nvmlInit_v2", nvml.init)) return "nvmlInit_v2";
  if (!load(handle, "nvmlDeviceGetCount_v2", nvml.count)) return "nvmlDeviceGetCount_v2";
  if (!load(handle, "nvmlDeviceGetHandleByIndex_v2", nvml.device)) return "nvmlDeviceGetHandleByIndex_v2";
  if (!load(handle, "nvmlDeviceGetName", nvml.name)) return "nvmlDeviceGetName";
  if (!load(handle, "nvmlDeviceGetMemoryInfo", nvml.memory) && !nvml.memory2) return "nvmlDeviceGetMemoryInfo";
  return nullptr;
}

std::string error_text(const Library& nvml, int code) {
  const char* text = nvml.error ? nvml.error(code) : nullptr;
  return text ? text : "error " + std::to_string(code);
}

/// Tabs and line ends are the protocol's own.
std::string plain(std::string text) {
  for (char& c : text)
    if (c == '\t' || c == '\n') c = ' ';
  return text;
}

std::string text_of(int (*call)(Device, char*, unsigned), Device device) {
  std::array<char, 96> buffer{};  // NVML_DEVICE_NAME_V2_BUFFER_SIZE and NVML_DEVICE_UUID_V2_BUFFER_SIZE
  if (!call || call(device, buffer.data(), unsigned(buffer.size()) - 1) != kSuccess) return "";
  return plain(buffer.data());
}

/// total, free and reserved, tab-separated; empty where the driver does not say.
std::string memory_fields(const Library& nvml, Device device) {
  Memory2 second{};
  second.version = unsigned(sizeof second) | 2u << 24;
  if (nvml.memory2 && nvml.memory2(device, &second) == kSuccess)
    return std::to_string(second.total) + '\t' + std::to_string(second.free) + '\t' + std::to_string(second.reserved);
  Memory first{};
  if (nvml.memory && nvml.memory(device, &first) == kSuccess)
    return std::to_string(first.total) + '\t' + std::to_string(first.free) + '\t';
  return "\t\t";
}

/// One line of the protocol; a slice takes its GPU's index and capability.
void describe(const Library& nvml, unsigned index, Device gpu, Device device, int out) {
  int major = 0, minor = 0;
  if (!nvml.capability || nvml.capability(gpu, &major, &minor) != kSuccess) major = minor = 0;
  Attributes attributes{};
  const bool slice = device != gpu;
  const bool known = slice && nvml.attributes && nvml.attributes(device, &attributes) == kSuccess;
  write_all(out, "gpu\t" + std::to_string(index) + '\t' + text_of(nvml.name, device) + '\t' +
                     text_of(nvml.uuid, device) + '\t' + memory_fields(nvml, device) + '\t' + std::to_string(major) +
                     '\t' + std::to_string(minor) + '\t' + (slice ? "1" : "0") + '\t' +
                     (known ? std::to_string(attributes.multiprocessors) : "") + '\n');
}

/// Whether the GPU is cut into slices; those are described in its place.
bool describe_slices(const Library& nvml, unsigned index, Device gpu, int out) {
  unsigned current = 0, pending = 0, most = 0;
  if (!nvml.mig_mode || !nvml.mig_count || !nvml.mig_device) return false;
  if (nvml.mig_mode(gpu, &current, &pending) != kSuccess || current == 0) return false;
  if (nvml.mig_count(gpu, &most) != kSuccess) return false;
  bool any = false;
  for (unsigned i = 0; i < std::min(most, kMostDevices); ++i) {
    Device slice = nullptr;
    if (nvml.mig_device(gpu, i, &slice) != kSuccess) continue;  // the places of a GPU need not all be taken
    describe(nvml, index, gpu, slice, out);
    any = true;
  }
  if (!any)
    write_all(out, "warning\tGPU " + std::to_string(index) + ", " + text_of(nvml.name, gpu) +
                       ", is in MIG mode and has no slices\n");
  return true;
}

int ask(const System& system, int out) {
  void* handle = nullptr;
  for (const std::string& name : system.nvml)
    if (!handle) handle = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return kNoLibrary;
  Library nvml;
  if (const char* missing = load_all(handle, nvml)) {
    write_all(out, missing);
    return kLacksSymbols;
  }
  if (const int code = nvml.init(); code != kSuccess) {
    write_all(out, error_text(nvml, code));
    return code == kDriverNotLoaded ? kNoDriver : kRefused;
  }
  unsigned count = 0;
  if (const int code = nvml.count(&count); code != kSuccess) {
    write_all(out, error_text(nvml, code));
    return kRefused;
  }
  for (unsigned i = 0; i < std::min(count, kMostDevices); ++i) {
    Device gpu = nullptr;
    if (const int code = nvml.device(i, &gpu); code != kSuccess)
      write_all(out, "warning\tGPU " + std::to_string(i) + " is left out: " + plain(error_text(nvml, code)) + '\n');
    else if (!describe_slices(nvml, i, gpu, out))
      describe(nvml, i, gpu, gpu, out);
  }
  return kDone;  // the child ends here, and the driver cleans up after it: no nvmlShutdown that could hang
}

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields;
  for (;;) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    fields.emplace_back(line.substr(0, tab));
    if (tab == line.size()) return fields;
    line.remove_prefix(tab + 1);
  }
}

Answered read_lines(std::string_view output) {
  Answered answer;
  const auto bytes = [](const std::string& text) -> std::optional<Bytes> {
    const auto count = read_integer(text);
    return count ? std::optional(Bytes(*count)) : std::nullopt;
  };
  const auto small = [](const std::string& text) {
    return int(std::clamp<std::int64_t>(read_integer(text).value_or(0), 0, 1 << 20));
  };
  while (!output.empty()) {
    const std::size_t end = std::min(output.find('\n'), output.size());
    const std::vector<std::string> fields = split(output.substr(0, end));
    output.remove_prefix(std::min(end + 1, output.size()));
    if (fields.size() == 2 && fields[0] == "warning") answer.warnings.push_back("NVML: " + fields[1]);
    if (fields.size() != 11 || fields[0] != "gpu") continue;
    DriverGpu gpu;
    gpu.index = small(fields[1]);
    gpu.name = fields[2];
    gpu.uuid = fields[3];
    gpu.total = bytes(fields[4]);
    gpu.free = bytes(fields[5]);
    gpu.reserved = bytes(fields[6]);
    gpu.capability = {small(fields[7]), small(fields[8])};
    gpu.mig = fields[9] == "1";
    if (!fields[10].empty()) gpu.multiprocessors = small(fields[10]);
    answer.gpus.push_back(std::move(gpu));
  }
  return answer;
}

}  // namespace

DriverAnswer ask_nvml(const System& system) {
  const Outcome outcome = run_in_child(system.limit, [&](int out) { return ask(system, out); });
  if (outcome.succeeded()) return read_lines(outcome.output);
  if (outcome.end == Outcome::End::kExited) {
    const std::string said = plain(outcome.output.substr(0, 200));
    if (outcome.status == kNoLibrary) return Absent{};
    if (outcome.status == kLacksSymbols) return Absent{"NVML lacks " + said};
    if (outcome.status == kNoDriver) return Absent{"NVML is installed and says \"" + said + '"'};
    if (outcome.status == kRefused) return Failed{"NVML: " + said};
  }
  return Failed{"NVML " + outcome.words(system.limit), outcome.end == Outcome::End::kTimedOut};
}

}  // namespace vram::probe
