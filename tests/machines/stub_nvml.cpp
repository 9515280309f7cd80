// Answers as NVIDIA's library does, after the scene that the environment names. Built three times: whole, as an old
// driver has it, and without a call that cannot be done without.
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

constexpr int kSuccess = 0, kNotSupported = 3, kNotFound = 6, kDriverNotLoaded = 9, kGpuIsLost = 15, kMismatch = 18;
constexpr unsigned long long kMiB = 1ull << 20;

struct Gpu {
  const char* name;
  const char* uuid;
  unsigned long long total, free, reserved;  // MiB; no total: the call is not supported
  int major, minor;
  bool mig;
  int slices;
};
struct Slice {
  const char* name;
  const char* uuid;
  unsigned long long total, free;
  unsigned multiprocessors;
};

Gpu h100{"NVIDIA H100 80GB HBM3", "GPU-0001", 81559, 80000, 480, 9, 0, false, 0};
Gpu rtx4090{"NVIDIA GeForce RTX 4090", "GPU-0002", 24564, 20000, 483, 8, 9, false, 0};
Gpu unknown{"NVIDIA Next 9000", "GPU-0003", 300000, 299000, 1000, 20, 0, false, 0};
Gpu gb10{"NVIDIA GB10", "GPU-0004", 0, 0, 0, 12, 1, false, 0};
Gpu gh200{"NVIDIA GH200 480GB", "GPU-0005", 97871, 97280, 591, 9, 0, false, 0};
Gpu cut{"NVIDIA A100-SXM4-40GB", "GPU-0006", 40960, 100, 600, 8, 0, true, 2};
Gpu uncut{"NVIDIA A100-SXM4-40GB", "GPU-0007", 40960, 40300, 600, 8, 0, true, 0};
Slice slices[] = {{"NVIDIA A100-SXM4-40GB MIG 3g.20gb", "MIG-0001", 20096, 20000, 42},
                  {"NVIDIA A100-SXM4-40GB MIG 1g.5gb", "MIG-0002", 4864, 4800, 14}};

bool scene(std::string_view name) {
  const char* set = std::getenv("STUB_NVML");
  return set && name == set;
}

Gpu* gpu_at(unsigned index) {
  Gpu *const kTwo[] = {&h100, &rtx4090}, *const kMig[] = {&cut, &uncut}, *const kLost[] = {&h100, nullptr};
  if (scene("two")) return index < 2 ? kTwo[index] : nullptr;
  if (scene("mig")) return index < 2 ? kMig[index] : nullptr;
  if (scene("lost")) return index < 2 ? kLost[index] : nullptr;
  if (index > 0) return nullptr;
  return scene("unknown") ? &unknown : scene("gb10") ? &gb10 : scene("gh200") ? &gh200 : &h100;
}

Slice* slice_of(void* device) {
  for (Slice& slice : slices)
    if (device == &slice) return &slice;
  return nullptr;
}

int copy(const char* text, char* buffer, unsigned length) {
  std::strncpy(buffer, text, length);
  return kSuccess;
}

}  // namespace

#define STUB extern "C" __attribute__((visibility("default")))

STUB int nvmlInit_v2() {
  if (scene("hang")) pause();
  if (scene("crash")) std::abort();
  if (scene("no_driver")) return kDriverNotLoaded;
  if (scene("mismatch")) return kMismatch;
  return kSuccess;
}

#ifndef STUB_LACKS_COUNT
STUB int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = scene("none") ? 0 : scene("two") || scene("mig") || scene("lost") ? 2 : 1;
  return kSuccess;
}
#endif

STUB int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  *device = gpu_at(index);
  return *device ? kSuccess : kGpuIsLost;
}

STUB int nvmlDeviceGetName(void* device, char* buffer, unsigned length) {
  const Slice* slice = slice_of(device);
  return copy(slice ? slice->name : static_cast<Gpu*>(device)->name, buffer, length);
}

STUB int nvmlDeviceGetMemoryInfo(void* device, unsigned long long* memory) {
  const Gpu* gpu = static_cast<Gpu*>(device);
  if (gpu->total == 0) return kNotSupported;
  memory[0] = gpu->total * kMiB;
  memory[1] = gpu->free * kMiB;
  memory[2] = (gpu->total - gpu->free) * kMiB;
  return kSuccess;
}

STUB const char* nvmlErrorString(int code) {
  return code == kDriverNotLoaded ? "Driver Not Loaded"
         : code == kMismatch      ? "Driver/library version mismatch"
         : code == kGpuIsLost     ? "GPU is lost"
                                  : "Unknown Error";
}

#ifndef STUB_OLD_DRIVER
struct Memory2 {
  unsigned version;
  unsigned long long total, reserved, free, used;
};

STUB int nvmlDeviceGetMemoryInfo_v2(void* device, Memory2* memory) {
  if (memory->version != 0x02000028) return 25;  // NVML_ERROR_ARGUMENT_VERSION_MISMATCH
  if (const Slice* slice = slice_of(device)) {
    *memory = {memory->version, slice->total * kMiB, 0, slice->free * kMiB, (slice->total - slice->free) * kMiB};
    return kSuccess;
  }
  const Gpu* gpu = static_cast<Gpu*>(device);
  if (gpu->total == 0) return kNotSupported;
  *memory = {memory->version, gpu->total * kMiB, gpu->reserved * kMiB, gpu->free * kMiB,
             (gpu->total - gpu->reserved - gpu->free) * kMiB};
  return kSuccess;
}

STUB int nvmlDeviceGetCudaComputeCapability(void* device, int* major, int* minor) {
  *major = static_cast<Gpu*>(device)->major;
  *minor = static_cast<Gpu*>(device)->minor;
  return kSuccess;
}

STUB int nvmlDeviceGetUUID(void* device, char* buffer, unsigned length) {
  const Slice* slice = slice_of(device);
  return copy(slice ? slice->uuid : static_cast<Gpu*>(device)->uuid, buffer, length);
}

STUB int nvmlDeviceGetMigMode(void* device, unsigned* current, unsigned* pending) {
  *current = *pending = static_cast<Gpu*>(device)->mig;
  return kSuccess;
}

STUB int nvmlDeviceGetMaxMigDeviceCount(void*, unsigned* count) {
  *count = 7;
  return kSuccess;
}

STUB int nvmlDeviceGetMigDeviceHandleByIndex(void* device, unsigned index, void** slice) {
  // The second place is empty, as it is after a slice was taken down.
  if (index == 1 || index > 2 || static_cast<Gpu*>(device)->slices == 0) return kNotFound;
  *slice = &slices[index / 2];
  return kSuccess;
}

STUB int nvmlDeviceGetAttributes_v2(void* device, unsigned* attributes) {
  const Slice* slice = slice_of(device);
  if (!slice) return kNotSupported;
  attributes[0] = slice->multiprocessors;
  return kSuccess;
}
#endif
