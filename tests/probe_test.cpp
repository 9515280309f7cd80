// Detection against a library, a program and trees of the test's own.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "probe/child.h"
#include "probe/detect.h"
#include "probe/nvidia_driver.h"

namespace vram::probe {
namespace {

namespace fs = std::filesystem;
using hardware::Capability;
using hardware::MemoryKind;
using namespace std::chrono_literals;

class Probe : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(programs_);
    system_ = {fs::path(VRAM_TEST_DATA) / "machines/plain", {}, {programs_}, 5000ms};
  }
  void TearDown() override {
    fs::remove_all(programs_);
    unsetenv("STUB_NVML");
  }

  void machine(const char* name) { system_.root = fs::path(VRAM_TEST_DATA) / "machines" / name; }
  void library(const char* scene, const char* path = STUB_NVML_PATH) {
    setenv("STUB_NVML", scene, 1);
    system_.nvml = {"/nowhere/libnvidia-ml.so.1", path};
  }
  /// A program of that name which refuses any other question than the existing tool's.
  void program(const std::string& body) {
    const fs::path path = programs_ / "nvidia-smi";
    std::ofstream(path) << "#!/bin/sh\n"
                           "[ \"$*\" = \"--query-gpu=index,name,memory.total,memory.free,compute_cap,uuid "
                           "--format=csv,noheader,nounits\" ] || exit 77\n"
                        << body;
    fs::permissions(path, fs::perms::owner_all);
  }
  Detection found() {
    const auto detection = detect(system_);
    EXPECT_TRUE(detection) << (detection ? "" : detection.error().sentence());
    return detection ? *detection : Detection{};
  }

  System system_;
  fs::path programs_ = fs::path(testing::TempDir()) / ("programs-" + std::to_string(getpid()));
};

// ---- NVIDIA's library

TEST_F(Probe, ReadsEveryGpuOfTheLibrary) {
  library("two");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 2u);
  EXPECT_TRUE(detection.warnings.empty());
  const hardware::Gpu& h100 = detection.gpus[0];
  EXPECT_EQ(h100.id, "H100-SXM-80GB");
  EXPECT_EQ(h100.driver_name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(h100.index, 0);
  EXPECT_EQ(h100.uuid, "GPU-0001");
  EXPECT_EQ(h100.driver_total, Bytes(81559 * kMiB));
  EXPECT_EQ(h100.total, Bytes(81079 * kMiB)) << "less what the driver reserves";
  EXPECT_EQ(h100.free, Bytes(80000 * kMiB));
  EXPECT_EQ(h100.capability, (Capability{9, 0}));
  EXPECT_EQ(h100.multiprocessors, 132) << "from the catalogue";
  EXPECT_EQ(detection.gpus[1].id, "RTX-4090");
  EXPECT_EQ(detection.gpus[1].total, Bytes(24081 * kMiB));
  EXPECT_EQ(hardware::usable_vram(detection.gpus), Bytes((81559 + 24564 - 4096) * kMiB));
}

TEST_F(Probe, OldLibraryDoesWithoutTheNewCalls) {
  library("two", STUB_NVML_OLD_PATH);
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 2u);
  EXPECT_EQ(detection.gpus[0].driver_total, Bytes(81559 * kMiB));
  EXPECT_EQ(detection.gpus[0].total, Bytes(85'017'624'576)) << "less what the catalogue knows to be reserved";
  EXPECT_EQ(detection.gpus[0].capability, Capability{});
  EXPECT_EQ(detection.gpus[0].uuid, "");
}

TEST_F(Probe, GpuThatTheCatalogueHasNotKeepsTheDriversFigures) {
  library("unknown");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  const hardware::Gpu& gpu = detection.gpus[0];
  EXPECT_EQ(gpu.id, "");
  EXPECT_EQ(gpu.name, "NVIDIA Next 9000");
  EXPECT_EQ(gpu.total, Bytes(299000 * kMiB));
  EXPECT_EQ(gpu.capability, (Capability{20, 0}));
  EXPECT_EQ(gpu.bandwidth, std::nullopt);
}

TEST_F(Probe, SlicesStandInPlaceOfTheGpuThatIsCut) {
  library("mig");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 2u);
  const hardware::Gpu& large = detection.gpus[0];
  EXPECT_TRUE(large.mig);
  EXPECT_EQ(large.id, "") << "a slice is not the card of the catalogue";
  EXPECT_EQ(large.driver_name, "NVIDIA A100-SXM4-40GB MIG 3g.20gb");
  EXPECT_EQ(large.uuid, "MIG-0001");
  EXPECT_EQ(large.total, Bytes(20096 * kMiB));
  EXPECT_EQ(large.capability, (Capability{8, 0}));
  EXPECT_EQ(large.multiprocessors, 42);
  EXPECT_EQ(detection.gpus[1].driver_name, "NVIDIA A100-SXM4-40GB MIG 1g.5gb");
  ASSERT_EQ(detection.warnings.size(), 1u);
  EXPECT_EQ(detection.warnings[0], "NVML: GPU 1, NVIDIA A100-SXM4-40GB, is in MIG mode and has no slices");
}

TEST_F(Probe, GpuThatIsLostIsLeftOut) {
  library("lost");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  ASSERT_EQ(detection.warnings.size(), 1u);
  EXPECT_EQ(detection.warnings[0], "NVML: GPU 1 is left out: GPU is lost");
}

TEST_F(Probe, UnifiedMemoryIsTheHosts) {
  machine("spark");
  library("gb10");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  const hardware::Gpu& gpu = detection.gpus[0];
  EXPECT_EQ(gpu.id, "GB10");
  EXPECT_EQ(gpu.memory, MemoryKind::kUnified);
  EXPECT_EQ(gpu.total, Bytes(124610 * kMiB)) << "what start-ups print; MemTotal is a little less";
  EXPECT_EQ(gpu.free, Bytes(110'000'000) * 1024) << "MemAvailable";
}

TEST_F(Probe, CoherentMemoryIsTheGpusOwn) {
  machine("spark");
  library("gh200");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  EXPECT_EQ(detection.gpus[0].id, "GH200-96GB");
  EXPECT_EQ(detection.gpus[0].memory, MemoryKind::kCoherent);
  EXPECT_EQ(detection.gpus[0].total, Bytes(97280 * kMiB));
  EXPECT_EQ(detection.gpus[0].free, Bytes(97280 * kMiB));
}

TEST_F(Probe, LibraryWithoutGpusIsAnEmptyList) {
  library("none");
  EXPECT_TRUE(found().gpus.empty());
}

TEST_F(Probe, DriverThatIsNotLoadedIsNoGpu) {
  library("no_driver");
  const Detection detection = found();
  EXPECT_TRUE(detection.gpus.empty());
  ASSERT_EQ(detection.warnings.size(), 1u);
  EXPECT_EQ(detection.warnings[0], "NVML is installed and says \"Driver Not Loaded\"");
}

TEST_F(Probe, LibraryThatFailsIsUnavailable) {
  library("mismatch");
  const auto detection = detect(system_);
  ASSERT_FALSE(detection);
  EXPECT_EQ(detection.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(detection.error().sentence(), "NVML: Driver/library version mismatch; name the GPU with --gpu");
}

TEST_F(Probe, LibraryThatCrashesTakesNothingWithIt) {
  library("crash");
  const auto detection = detect(system_);
  ASSERT_FALSE(detection);
  EXPECT_EQ(detection.error().sentence(), "NVML was ended by signal 6; name the GPU with --gpu");
}

TEST_F(Probe, LibraryThatHangsIsGivenUpAndTheProgramNotAsked) {
  library("hang");
  program("echo 0, NVIDIA L4, 23034, 22000, 8.9, GPU-9\n");
  system_.limit = 200ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto detection = detect(system_);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  ASSERT_FALSE(detection);
  EXPECT_EQ(detection.error().sentence(), "NVML did not answer within 0.2 s; name the GPU with --gpu");
}

TEST_F(Probe, LibraryThatLacksACallIsPassedOver) {
  library("two", STUB_NVML_BROKEN_PATH);
  program("echo 0, NVIDIA L4, 23034, 22000, 8.9, GPU-9\n");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  EXPECT_EQ(detection.gpus[0].id, "L4");
  ASSERT_EQ(detection.warnings.size(), 1u);
  EXPECT_EQ(detection.warnings[0], "NVML lacks nvmlDeviceGetCount_v2");
}

// ---- nvidia-smi

TEST_F(Probe, ProgramIsAskedWhereThereIsNoLibrary) {
  program(
      "echo '0, NVIDIA GeForce RTX 4090, 24564, 23000, 8.9, GPU-aaaa'\n"
      "echo '1, NVIDIA GeForce RTX 3090, 24576, 24000, 8.6, GPU-bbbb'\n");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 2u);
  EXPECT_TRUE(detection.warnings.empty());
  EXPECT_EQ(detection.gpus[0].id, "RTX-4090");
  EXPECT_EQ(detection.gpus[0].driver_total, Bytes(24564 * kMiB));
  EXPECT_EQ(detection.gpus[0].total, Bytes(24081 * kMiB)) << "less what the catalogue knows to be reserved";
  EXPECT_EQ(detection.gpus[0].free, Bytes(23000 * kMiB));
  EXPECT_EQ(detection.gpus[1].index, 1);
  EXPECT_EQ(detection.gpus[1].uuid, "GPU-bbbb");
}

TEST_F(Probe, ProgramsBrokenLinesAreLeftOutWithAWarning) {
  program(
      "echo '0, NVIDIA L4, 23034, 22000, 8.9'\n"
      "echo\n"
      "echo 'x, NVIDIA L4, 23034, 22000, 8.9, GPU-1'\n"
      "echo '2, NVIDIA L4, 23034, 22000, [N/A], GPU-2'\n"
      "echo '3, NVIDIA L4, [N/A], [N/A], 8.9, GPU-3'\n");
  machine("two-mi300x/sys");  // a folder without /proc: nobody knows the host's memory
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  EXPECT_EQ(detection.gpus[0].index, 2);
  EXPECT_EQ(detection.gpus[0].capability, Capability{});
  ASSERT_EQ(detection.warnings.size(), 3u);
  EXPECT_EQ(detection.warnings[0],
            "nvidia-smi: line 1 has 5 of 6 fields and is left out: \"0, NVIDIA L4, 23034, 22000, 8.9\"");
  EXPECT_EQ(detection.warnings[1],
            "nvidia-smi: line 3 has no index and is left out: \"x, NVIDIA L4, 23034, 22000, 8.9, GPU-1\"");
  EXPECT_EQ(detection.warnings[2], "GPU 3, NVIDIA L4, is left out: its driver does not say how much memory it has");
}

TEST_F(Probe, ProgramOnUnifiedMemoryGivesNoSize) {
  machine("spark");
  program("echo '0, NVIDIA GB10, [N/A], [N/A], 12.1, GPU-4'\n");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  EXPECT_EQ(detection.gpus[0].id, "GB10");
  EXPECT_EQ(detection.gpus[0].memory, MemoryKind::kUnified);
}

TEST_F(Probe, ProgramThatFailsIsUnavailable) {
  program("echo NVIDIA-SMI has failed\nexit 9\n");
  const auto detection = detect(system_);
  ASSERT_FALSE(detection);
  EXPECT_EQ(detection.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(detection.error().sentence(),
            "nvidia-smi exited with status 9 and said \"NVIDIA-SMI has failed\"; name the GPU with --gpu");
}

TEST_F(Probe, ProgramThatHangsIsKilledWithItsChildren) {
  const fs::path mark = programs_ / "alive";
  program("(sleep 1; touch '" + mark.string() + "') &\nsleep 60\n");
  system_.limit = 200ms;
  const auto begin = std::chrono::steady_clock::now();
  const auto detection = detect(system_);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
  ASSERT_FALSE(detection);
  EXPECT_EQ(detection.error().sentence(), "nvidia-smi did not answer within 0.2 s; name the GPU with --gpu");
  usleep(1'200'000);
  EXPECT_FALSE(fs::exists(mark));
}

TEST_F(Probe, ProgramThatClosesItsOutputAndStaysIsKilled) {
  program("exec 1>&-\nsleep 60\n");
  system_.limit = 200ms;
  EXPECT_FALSE(detect(system_));
}

TEST_F(Probe, ProgramThatNeverEndsItsAnswerIsKilled) {
  program("while :; do echo '0, NVIDIA L4, 23034, 22000, 8.9, GPU-1'; done\n");
  const auto detection = detect(system_);
  ASSERT_FALSE(detection);
  EXPECT_EQ(detection.error().sentence(), "nvidia-smi answered more than 1 MiB; name the GPU with --gpu");
}

TEST_F(Probe, FileThatIsNoProgramIsPassedOver) {
  std::ofstream(programs_ / "nvidia-smi") << "not executable";
  EXPECT_TRUE(found().gpus.empty());
}

// ---- no driver, and boards

TEST_F(Probe, MachineWithoutADriverHasNoGpu) {
  const Detection detection = found();
  EXPECT_TRUE(detection.gpus.empty());
  EXPECT_TRUE(detection.warnings.empty());
}

TEST_F(Probe, BoardSaysWhatItIs) {
  machine("jetson-orin-nx");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  EXPECT_EQ(detection.gpus[0].id, "Jetson-Orin-NX-16GB");
  EXPECT_EQ(detection.gpus[0].driver_name, "Orin");
  EXPECT_EQ(detection.gpus[0].capability, (Capability{8, 7}));
  EXPECT_EQ(detection.gpus[0].total, Bytes(16'030'000) * 1024);
  EXPECT_EQ(detection.gpus[0].free, Bytes(12'000'000) * 1024);
}

// ---- AMD

TEST_F(Probe, ReadsCardsOfTheKernelDriver) {
  machine("two-mi300x");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 2u);
  EXPECT_TRUE(detection.warnings.empty());
  const hardware::Gpu& gpu = detection.gpus[0];
  EXPECT_EQ(gpu.id, "MI300X");
  EXPECT_EQ(gpu.vendor, hardware::Vendor::kAmd);
  EXPECT_EQ(gpu.driver_name, "AMD Instinct MI300X OAM");
  EXPECT_EQ(gpu.total, Bytes(196592 * kMiB));
  EXPECT_EQ(gpu.free, Bytes(206'141'652'992 - 297'439'232));
  EXPECT_EQ(gpu.architecture, "gfx942");
  EXPECT_EQ(gpu.capability, (Capability{9, 4}));
  EXPECT_EQ(gpu.multiprocessors, 304);
  EXPECT_EQ(gpu.uuid, "5d4a3f2e1c0b9a87");
  EXPECT_EQ(detection.gpus[1].index, 1);
  EXPECT_EQ(detection.gpus[1].driver_name, "AMD Instinct MI300X") << "the file is missing; the device number is not";
}

TEST_F(Probe, ApuMapsTheHostsMemory) {
  machine("strix-halo");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  const hardware::Gpu& gpu = detection.gpus[0];
  EXPECT_EQ(gpu.id, "Strix-Halo-128GB");
  EXPECT_EQ(gpu.memory, MemoryKind::kUnified);
  EXPECT_EQ(gpu.total, Bytes(66'571'993'088)) << "the larger of what is set aside and what may be mapped";
  EXPECT_EQ(gpu.free, Bytes(66'571'993'088)) << "the host has more available than may be mapped";
  EXPECT_EQ(gpu.architecture, "gfx1151");
}

TEST_F(Probe, ProcessorsOwnGpuAndOldCardsAreLeftOut) {
  machine("ryzen-with-7900xtx");
  const Detection detection = found();
  ASSERT_EQ(detection.gpus.size(), 1u);
  EXPECT_EQ(detection.gpus[0].id, "RX-7900-XTX");
  EXPECT_EQ(detection.gpus[0].architecture, "gfx1100");
  ASSERT_EQ(detection.warnings.size(), 2u);
  EXPECT_EQ(detection.warnings[0], "AMD GPU 0x13c0 is left out: it is the processor's own");
  EXPECT_EQ(detection.warnings[1], "AMD GPU 0x67df, Radeon RX 580, is left out: the compute driver does not know it");
}

TEST_F(Probe, OneVendorsFailureIsAWarningBesideTheOthersGpus) {
  machine("two-mi300x");
  library("mismatch");
  const Detection detection = found();
  EXPECT_EQ(detection.gpus.size(), 2u);
  ASSERT_EQ(detection.warnings.size(), 1u);
  EXPECT_EQ(detection.warnings[0], "NVML: Driver/library version mismatch; name the GPU with --gpu");
}

TEST(ThisMachine, HasTheDriversLimit) {
  const System system = this_machine();
  EXPECT_EQ(system.limit, 5000ms);
  EXPECT_EQ(system.nvml.front(), "libnvidia-ml.so.1");
  EXPECT_FALSE(system.program_folders.empty());
}

}  // namespace
}  // namespace vram::probe
