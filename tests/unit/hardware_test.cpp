#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "hardware/catalogue.h"
#include "hardware/embedded.h"
#include "hardware/names.h"

namespace vram::hardware {
namespace {

struct Spelling {
  const char* text;
  const char* id;
  int count = 1;
};

class Finds : public testing::TestWithParam<Spelling> {};

TEST_P(Finds, TheGpu) {
  const auto found = find_gpu(GetParam().text);
  ASSERT_TRUE(found) << found.error().sentence();
  EXPECT_EQ(found->gpu.id, GetParam().id);
  EXPECT_EQ(found->count, GetParam().count);
}

// As typed, as drivers print it, and as people write it in published logs and issues.
constexpr Spelling kSpellings[] = {
    {"4090", "RTX-4090"},
    {"RTX-4090", "RTX-4090"},
    {"rtx4090", "RTX-4090"},
    {"NVIDIA GeForce RTX 4090", "RTX-4090"},
    {"NVIDIAGeForceRTX4090", "RTX-4090"},
    {"geforce-rtx-4090", "RTX-4090"},
    {"rtx 4090 24gb", "RTX-4090"},
    {"  RTX 4090  ", "RTX-4090"},
    {"4090 48GB", "RTX-4090-48GB"},
    {"4090 48G", "RTX-4090-48GB"},
    {"NVIDIA GeForce RTX 4090 D", "RTX-4090-D"},
    {"4090D", "RTX-4090-D"},
    {"2x4090", "RTX-4090", 2},
    {"4090x2", "RTX-4090", 2},
    {"2x RTX 4090 24GB", "RTX-4090", 2},
    {"H100", "H100-SXM-80GB"},
    {"h100", "H100-SXM-80GB"},
    {"2xH100", "H100-SXM-80GB", 2},
    {"H100-SXM-80GBx2", "H100-SXM-80GB", 2},
    {"H100-SXM-80GB-x2", "H100-SXM-80GB", 2},
    {"H100 80GB x 8", "H100-SXM-80GB", 8},
    {"8 H100", "H100-SXM-80GB", 8},
    {"8 x H100", "H100-SXM-80GB", 8},
    {"8\xC3\x97H100", "H100-SXM-80GB", 8},
    {"8*H100", "H100-SXM-80GB", 8},
    {"H100:8", "H100-SXM-80GB", 8},
    {"H100 SXM5", "H100-SXM-80GB"},
    {"NVIDIA H100 80GB HBM3", "H100-SXM-80GB"},
    {"NVIDIA_H100_80GB_HBM3", "H100-SXM-80GB"},
    {"NVIDIA H100 80GB (H100-80GB-HBM3)", "H100-SXM-80GB"},
    {"NVIDIA H100 80GB (79.19 GiB)", "H100-SXM-80GB"},
    {"H100 PCIe", "H100-PCIe-80GB"},
    {"NVIDIA H100 NVL", "H100-NVL-94GB"},
    {"H100 94GB", "H100-NVL-94GB"},
    {"H200", "H200-SXM-141GB"},
    {"H200 141GB HBM3e", "H200-SXM-141GB"},
    {"H200 NVL", "H200-NVL-141GB"},
    {"H20", "H20-SXM-96GB"},
    {"NVIDIA H20-3e", "H20-SXM-141GB"},
    {"4x A100 40GB", "A100-SXM-40GB", 4},
    {"A100-40GB", "A100-SXM-40GB"},
    {"A100-40", "A100-SXM-40GB"},
    {"A100 80GB", "A100-SXM-80GB"},
    {"NVIDIA A100-SXM4-80GB", "A100-SXM-80GB"},
    {"NVIDIA_A100-SXM4-40GB", "A100-SXM-40GB"},
    {"NVIDIA A100-PCIE-40GB", "A100-PCIe-40GB"},
    {"NVIDIA A100 80GB PCIe", "A100-PCIe-80GB"},
    {"A800-SXM4-80GB", "A800-SXM-80GB"},
    {"A10", "A10"},
    {"NVIDIA A10G", "A10G"},
    {"A40", "A40"},
    {"Tesla T4", "T4"},
    {"NVIDIA T4", "T4"},
    {"L4", "L4"},
    {"L40", "L40"},
    {"L40s", "L40S"},
    {"v100 16gb x4", "V100-SXM2-16GB", 4},
    {"V100-SXM2-32GB", "V100-SXM2-32GB"},
    {"B200", "B200"},
    {"B200 SXM (183,359 MiB)", "B200"},
    {"B200 192GB", "B200"},
    {"GB200", "GB200"},
    {"NVIDIA B300 SXM6 AC", "B300"},
    {"GB300", "GB300"},
    {"GB10", "GB10"},
    {"2x GB10", "GB10", 2},
    {"DGX Spark", "GB10"},
    {"DGX Spark GB10", "GB10"},
    {"NVIDIA GB10 (DGX Spark, unified memory)", "GB10"},
    {"nvidia-gb10-dgx-spark", "GB10"},
    {"NVIDIA GH200 480GB", "GH200-96GB"},
    {"NVIDIA GH200 120GB", "GH200-96GB"},
    {"4x NVIDIA GH200 96GB (95.00 GiB)", "GH200-96GB", 4},
    {"RTX A6000", "RTX-A6000"},
    {"A6000", "RTX-A6000"},
    {"rtxa5000", "RTX-A5000"},
    {"RTX 6000 Ada", "RTX-6000-Ada"},
    {"NVIDIA RTX 6000 Ada Generation", "RTX-6000-Ada"},
    {"RTX 6000 48GB", "RTX-6000-Ada"},
    {"Quadro RTX 6000", "Quadro-RTX-6000"},
    {"RTX PRO 6000", "RTX-PRO-6000"},
    {"RTX 6000 Pro Blackwell", "RTX-PRO-6000"},
    {"NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX-PRO-6000"},
    {"RTX PRO 6000 Blackwell Max-Q Workstation Edition", "RTX-PRO-6000"},
    {"RTX PRO 4500 Blackwell Server Edition", "RTX-PRO-4500"},
    {"RTX 2000 Ada", "RTX-2000-Ada"},
    {"2060", "RTX-2060"},
    {"NVIDIA GeForce RTX 2060 12GB", "RTX-2060-12GB"},
    {"RTX 3080-10GB", "RTX-3080"},
    {"3080 12", "RTX-3080-12GB"},
    {"4060ti 16gb", "RTX-4060-Ti-16GB"},
    {"4070 Ti SUPER", "RTX-4070-Ti-Super"},
    {"5090", "RTX-5090"},
    {"NVIDIA GeForce RTX 5090 (32 GiB, sm_120)", "RTX-5090"},
    {"RTX 5090 Laptop GPU (24 GB)", "RTX-5090-Laptop"},
    {"MI300X", "MI300X"},
    {"8xMI300X", "MI300X", 8},
    {"MI300Xx8", "MI300X", 8},
    {"AMD Instinct MI300X OAM", "MI300X"},
    {"AMD_Instinct_MI355_OAM", "MI355X"},
    {"Radeon RX 7900 XTX", "RX-7900-XTX"},
    {"7900xtx", "RX-7900-XTX"},
    {"R9700", "Radeon-R9700"},
    {"W7900D", "Radeon-PRO-W7900"},
    {"AMD Strix Halo", "Strix-Halo-128GB"},
    {"Ryzen AI Max+ 395", "Strix-Halo-128GB"},
    {"Intel(R) Arc(TM) Pro B60 Graphics", "Arc-Pro-B60"},
    {"Intel Arc Pro B70", "Arc-Pro-B70"},
    {"Jetson AGX Orin 64GB", "Jetson-AGX-Orin-64GB"},
    {"Orin NX", "Jetson-Orin-NX-16GB"},
};
INSTANTIATE_TEST_SUITE_P(All, Finds, testing::ValuesIn(kSpellings));

struct Refusal {
  const char* text;
  ErrorCode code;
  const char* sentence;
};

class Refuses : public testing::TestWithParam<Refusal> {};

TEST_P(Refuses, WithASentence) {
  const auto found = find_gpu(GetParam().text);
  ASSERT_FALSE(found) << found->gpu.id;
  EXPECT_EQ(found.error().code, GetParam().code);
  EXPECT_EQ(found.error().sentence(), GetParam().sentence);
}

constexpr Refusal kRefusals[] = {
    {"h1000", ErrorCode::kNotFound, "--gpu: no GPU is called \"h1000\"; did you mean \"H100-SXM-80GB\"?"},
    {"2x RTX 409O", ErrorCode::kNotFound, "--gpu: no GPU is called \"2x RTX 409O\"; did you mean \"RTX-4090\"?"},
    {"A1000", ErrorCode::kNotFound,
     "--gpu: no GPU is called \"A1000\"; did you mean \"A100-SXM-40GB\" or \"A100-SXM-80GB\"?"},
    {"toaster", ErrorCode::kNotFound,
     "--gpu: no GPU is called \"toaster\"; the catalogue of GPUs lists those that are known"},
    {"NVIDIA", ErrorCode::kNotFound,
     "--gpu: no GPU is called \"NVIDIA\"; the catalogue of GPUs lists those that are known"},
    {"", ErrorCode::kBadInput, "--gpu: expected the name of a GPU, found nothing"},
    {"A100", ErrorCode::kBadInput,
     "--gpu: \"A100\" may be A100-PCIe-40GB, A100-PCIe-80GB, A100-SXM-40GB or A100-SXM-80GB; say which"},
    {"2xA100 SXM", ErrorCode::kBadInput, "--gpu: \"A100 SXM\" may be A100-SXM-40GB or A100-SXM-80GB; say which"},
    {"RTX 4060 Ti", ErrorCode::kBadInput,
     "--gpu: \"RTX 4060 Ti\" may be RTX-4060-Ti-16GB or RTX-4060-Ti-8GB; say which"},
    {"RTX 6000", ErrorCode::kBadInput,
     "--gpu: \"RTX 6000\" may be Quadro-RTX-6000, RTX-6000-Ada or RTX-PRO-6000; say which"},
    {"H100 96GB", ErrorCode::kNotFound,
     "--gpu: \"H100 96GB\": H100-NVL-94GB has 94 GB, not 96; leave the size out, or give the memory by itself"},
    {"0x4090", ErrorCode::kBadInput, "--gpu: expected 1 to 1024 GPUs, found 0 in \"0x4090\""},
    {"H100x5000", ErrorCode::kBadInput, "--gpu: expected 1 to 1024 GPUs, found 5000 in \"H100x5000\""},
};
INSTANTIATE_TEST_SUITE_P(All, Refuses, testing::ValuesIn(kRefusals));

TEST(FindGpu, TakesNoLongText) {
  const auto found = find_gpu(std::string(100'000, 'x'), "gpu.name");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(found.error().place, "gpu.name");
}

TEST(Catalogue, EveryFileIsReadAndItsTotalIsNotTheMarketedSize) {
  ASSERT_GE(embedded_gpus().size(), 100u);
  for (const auto& [id, text] : embedded_gpus()) {
    const auto record = read_record(id, text);
    ASSERT_TRUE(record) << record.error().sentence();
    const std::int64_t marketed = record->marketed_gb.front() * kGiB;
    EXPECT_LE(record->gpu.total.count(), marketed) << id;
    EXPECT_GE(record->gpu.total.count(), marketed * 3 / 4) << id;
    EXPECT_LE(record->gpu.total, record->gpu.driver_total) << id;
    EXPECT_FALSE(record->sources.empty()) << id;
    EXPECT_NE(record->gpu.name.find(std::to_string(record->marketed_gb.front()) + " GB"), std::string::npos) << id;
    EXPECT_TRUE(record->gpu.vendor == Vendor::kIntel || record->gpu.capability >= Capability({7, 0})) << id;
    EXPECT_EQ(record->gpu.vendor == Vendor::kAmd, !record->gpu.architecture.empty()) << id;
  }
}

TEST(Catalogue, EveryNameLeadsToOneCard) {
  std::map<std::pair<std::string, int>, std::string> owners;
  for (const Record& record : catalogue()) {
    std::vector<std::string> names = record.aliases;
    names.push_back(record.gpu.id);
    names.push_back(record.gpu.name);
    for (const std::string& name : names) {
      const auto found = find_gpu(name);
      ASSERT_TRUE(found) << found.error().sentence();
      EXPECT_EQ(found->gpu.id, record.gpu.id) << name;
      EXPECT_EQ(found->count, 1) << name;
    }
    names.insert(names.end(), record.driver_names.begin(), record.driver_names.end());
    for (const std::string& name : names) {
      const Name read = read_name(name);
      const auto [owner, added] =
          owners.try_emplace({read.key, read.gigabytes.value_or(record.marketed_gb.front())}, record.gpu.id);
      EXPECT_EQ(owner->second, record.gpu.id) << name << " names two cards of one size";
    }
  }
}

TEST(Catalogue, RepeatsNoAliasOfItsOwn) {
  for (const Record& record : catalogue()) {
    std::set<std::string> names = {record.gpu.id};
    for (const std::string& name : record.aliases) EXPECT_TRUE(names.insert(name).second) << record.gpu.id << name;
  }
}

TEST(Catalogue, TotalsAreThoseThatStartUpsPrint) {
  struct Printed {
    const char* id;
    double gib;  // "total" of vLLM's own lines in published logs
  };
  constexpr Printed kPrinted[] = {{"H100-SXM-80GB", 79.18},
                                  {"A100-SXM-80GB", 79.25},
                                  {"A100-SXM-40GB", 39.49},
                                  {"RTX-3090", 23.56},
                                  {"RTX-4090", 23.52},
                                  {"RTX-4090-D", 23.55},
                                  {"L40S", 44.42},
                                  {"L40", 44.39},
                                  {"T4", 14.56},
                                  {"A10", 22.06},
                                  {"H200-SXM-141GB", 139.8},
                                  {"B200", 178.36},
                                  {"GB200", 184.31},
                                  {"GB300", 276.62},
                                  {"GH200-96GB", 95.0},
                                  {"H20-SXM-96GB", 95.0},
                                  {"RTX-PRO-6000", 94.97},
                                  {"RTX-PRO-4500", 31.38},
                                  {"GB10", 121.69},
                                  {"MI300X", 191.98},
                                  {"RTX-5060-Ti-16GB", 15.48}};
  for (const Printed& printed : kPrinted) {
    const auto found = find_gpu(printed.id);
    ASSERT_TRUE(found) << found.error().sentence();
    EXPECT_NEAR(gib(found->gpu.total), printed.gib, 0.011) << printed.id;
  }
}

TEST(Catalogue, KeepsTheDesignsFigures) {
  EXPECT_EQ(find_gpu("H100-SXM-80GB")->gpu.total, Bytes(85'017'624'576));
  EXPECT_EQ(find_gpu("H100-SXM-80GB")->gpu.driver_total, Bytes(85'520'809'984));
  EXPECT_EQ(find_gpu("H100-SXM-80GB")->gpu.driver_name, "NVIDIA H100 80GB HBM3");
  EXPECT_EQ(find_gpu("GB10")->gpu.memory, MemoryKind::kUnified);
  EXPECT_EQ(find_gpu("GH200")->gpu.memory, MemoryKind::kCoherent);
  EXPECT_EQ(find_gpu("GB10")->gpu.capability, (Capability{12, 1}));
}

struct BadRecord {
  const char* name;
  std::string from, to;  // what is changed in a good record
  const char* sentence;
};

TEST(ReadRecord, RefusesWhatTheSchemaHasNot) {
  const std::string good = R"({"name": "X 1 GB", "driver_names": ["X"], "vendor": "amd", "total_bytes": 100,
    "total_basis": "measured", "marketed_gb": [1], "compute_capability": "9.0", "memory": "discrete",
    "bandwidth_bytes_per_second": 5, "link": "pcie", "gpus_per_node": 8, "year": 2024, "source": ["s"]})";
  ASSERT_TRUE(read_record("X", good)) << read_record("X", good).error().sentence();
  const BadRecord kBad[] = {
      {"an unknown key", "\"year\"", "\"yeer\"", "data/gpus/X.json: \"yeer\": no such key; did you mean \"year\"?"},
      {"no source", "\"s\"", "", "data/gpus/X.json: \"source\": expected at least one source"},
      {"a word that is not in the list", "pcie", "rope",
       "data/gpus/X.json: \"link\": expected none, pcie, nvlink, infinity-fabric or xe-link, found \"rope\""},
      {"a size that is text", "100", "\"100\"",
       "data/gpus/X.json: \"total_bytes\": expected a positive whole number, found \"100\""},
      {"a capability of one number", "9.0", "9",
       "data/gpus/X.json: \"compute_capability\": expected \"major.minor\", found \"9\""},
      {"a driver that reports less", "\"year\"", "\"driver_total_bytes\": 99, \"year\"",
       "data/gpus/X.json: \"driver_total_bytes\": expected at least total_bytes"},
      {"a spread beside the total", "\"year\"", "\"total_spread_bytes\": [101, 102], \"year\"",
       "data/gpus/X.json: \"total_spread_bytes\": expected total_bytes to lie between its two sizes"},
      {"no JSON", "}", "", "data/gpus/X.json: it is not valid JSON at byte 284"},
  };
  for (const BadRecord& bad : kBad) {
    std::string text = good;
    text.replace(text.find(bad.from), bad.from.size(), bad.to);
    const auto record = read_record("X", text);
    ASSERT_FALSE(record) << bad.name;
    EXPECT_EQ(record.error().sentence(), bad.sentence) << bad.name;
  }
}

TEST(KnownAs, GoesByNameAndSize) {
  EXPECT_EQ(known_as("NVIDIA GeForce RTX 4060 Ti", Bytes(16380 * kMiB))->gpu.id, "RTX-4060-Ti-16GB");
  EXPECT_EQ(known_as("NVIDIA GeForce RTX 4060 Ti", Bytes(8188 * kMiB))->gpu.id, "RTX-4060-Ti-8GB");
  EXPECT_EQ(known_as("Orin", Bytes(7620 * kMiB))->gpu.id, "Jetson-Orin-Nano-8GB");
  EXPECT_FALSE(known_as("NVIDIA GeForce RTX 3060", Bytes(8192 * kMiB)));
  EXPECT_FALSE(known_as("NVIDIA A100-SXM4-40GB MIG 1g.5gb", Bytes(4864 * kMiB)));
  EXPECT_EQ(known_as_device("0x744c", Bytes(20464 * kMiB))->gpu.id, "RX-7900-XT");
}

TEST(UsableVram, KeepsTwoGibibytesAGpu) {
  Gpu small, large;
  small.driver_total = Bytes(24564 * kMiB);
  large.driver_total = Bytes(81559 * kMiB);
  const Gpu gpus[] = {small, large};
  EXPECT_EQ(usable_vram(gpus), Bytes((24564 + 81559 - 2 * 2048) * kMiB));
  EXPECT_EQ(usable_vram({}), Bytes(0));
}

}  // namespace
}  // namespace vram::hardware
