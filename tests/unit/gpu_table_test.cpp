#include "report/gpu_table.h"

#include <gtest/gtest.h>

#include "json/write.h"

namespace vram::report {
namespace {

using hardware::Gpu;

Gpu h100() {
  Gpu gpu = hardware::find_gpu("H100")->gpu;
  gpu.index = 0;
  gpu.uuid = "GPU-1";
  gpu.free = Bytes(80'000 * kMiB);
  return gpu;
}

TEST(DetectedGpus, AreALineEach) {
  Gpu spark = hardware::find_gpu("GB10")->gpu;
  spark.index = 1;
  spark.free = Bytes(100 * kGiB);
  const Gpu gpus[] = {h100(), spark};
  EXPECT_EQ(detected_gpus_text(gpus, 80),
            "2 GPUs in this machine, 197.34 GiB with 2 GiB a GPU kept free.\n"
            "\n"
            "  GPU   name                       GiB     free   vLLM sees   compute\n"
            "    0   NVIDIA H100 80GB HBM3    79.65    78.12       79.18   9.0\n"
            "    1   NVIDIA GB10             121.69   100.00      121.69   12.1\n"
            "\n"
            "  GPU 1 shares the host's memory: free is what the host has available.\n");
}

TEST(DetectedGpus, AreASentenceWhenThereIsNone) {
  EXPECT_EQ(detected_gpus_text({}, 80),
            "No GPU was found in this machine. Name one with --gpu, for example --gpu RTX-4090.\n");
  EXPECT_EQ(json::write_line(detected_gpus_json({}, {})), R"({"gpus": [], "usable_bytes": 0, "warnings": []})");
}

TEST(DetectedGpus, AreExactInJson) {
  const Gpu gpus[] = {h100()};
  const std::string warnings[] = {"one"};
  EXPECT_EQ(
      json::write_line(detected_gpus_json(gpus, warnings)),
      R"({"gpus": [{"index": 0, "uuid": "GPU-1", "id": "H100-SXM-80GB", "name": "H100 SXM 80 GB", )"
      R"("driver_name": "NVIDIA H100 80GB HBM3", "vendor": "nvidia", "total_bytes": 85017624576, )"
      R"("driver_total_bytes": 85520809984, "compute_capability": "9.0", "architecture": null, )"
      R"("memory": "discrete", "bandwidth_bytes_per_second": 3352000000000, "multiprocessors": 132, "profile": "hopper_80gb", )"
      R"("free_bytes": 83886080000, "mig": false}], "usable_bytes": 83373326336, "warnings": ["one"]})");
}

TEST(GpuCatalogue, IsALineACard) {
  const std::vector<hardware::Record>& records = hardware::catalogue();
  const std::string text = gpu_catalogue_text(records, 80);
  EXPECT_NE(text.find("  H100-SXM-80GB             79.18   3352   132   9.0       8, nvlink       2022\n"),
            std::string::npos)
      << text.substr(0, 1000);
  EXPECT_NE(text.find("  MI300X                   191.98   5300   304   gfx942    8, xgmi         2023\n"),
            std::string::npos);
  EXPECT_NE(text.find(" ~ "), std::string::npos);
  EXPECT_EQ(std::size_t(std::count(text.begin(), text.end(), '\n')), records.size() + 3);
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1)
    EXPECT_LE(text.find('\n', begin) - begin, 80u);
  EXPECT_EQ(gpu_catalogue_json(records).find("gpus")->array()->size(), records.size());
}

}  // namespace
}  // namespace vram::report
