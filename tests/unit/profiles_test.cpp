#include "formula/profiles.h"

#include <gtest/gtest.h>

namespace vram::formula {
namespace {

TEST(Profiles, FourAreBuiltIn) {
  const Profiles expected = {{"default", {1.5, 0.0, 1.10}},
                             {"ada_16gb", {1.6, 0.5, 1.12}},
                             {"hopper_80gb", {2.0, 1.0, 1.08}},
                             {"studio_dual", {2.5, 1.0, 1.15}}};
  EXPECT_EQ(built_in_profiles(), expected);
}

Profiles merged_with(std::string_view text, std::vector<Error>& warnings) {
  return merged(built_in_profiles(), text, "profiles.json", warnings);
}

TEST(Profiles, AUsersProfileReplacesOneAndMissingKeysReadTheDefaults) {
  std::vector<Error> warnings;
  const Profiles profiles = merged_with(
      R"({"mine": {"overhead_gib": 3, "note": "x"}, "ada_16gb": {"vision_gib": 2.5}, "none": {}})", warnings);
  EXPECT_TRUE(warnings.empty());
  EXPECT_EQ(profiles.size(), 6u);
  EXPECT_EQ(profiles.at("mine"), (Profile{3, 0.0, 1.10}));
  EXPECT_EQ(profiles.at("ada_16gb"), (Profile{1.5, 2.5, 1.10}));
  EXPECT_EQ(profiles.at("none"), Profile{});
}

struct BrokenCase {
  const char* text;
  const char* warning;
};

class Broken : public testing::TestWithParam<BrokenCase> {};

TEST_P(Broken, IsAWarningAndTheBuiltInProfilesStay) {
  std::vector<Error> warnings;
  EXPECT_EQ(merged_with(GetParam().text, warnings), built_in_profiles());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].sentence(), GetParam().warning);
}

INSTANTIATE_TEST_SUITE_P(
    All, Broken,
    testing::Values(
        BrokenCase{"{\"mine\": ",
                   "profiles.json: it is not valid JSON at byte 10; only the built-in profiles are used"},
        BrokenCase{"[1]",
                   "profiles.json: expected an object of profiles by name, found a list; only the built-in profiles "
                   "are used"},
        BrokenCase{"{\"mine\": 3}",
                   "profiles.json: \"mine\": expected an object, found 3; this profile of the file is left out"},
        BrokenCase{"{\"mine\": {\"frag_factor\": \"1.1\"}}",
                   "profiles.json: \"mine\": \"frag_factor\": expected a number from 0.1 to 100, found \"1.1\"; this "
                   "profile of the file is left out"},
        BrokenCase{"{\"ada_16gb\": {\"overhead_gib\": -1}}",
                   "profiles.json: \"ada_16gb\": \"overhead_gib\": expected a number from 0 to 1,000,000, found -1.0; "
                   "this profile of the file is left out"}));

TEST(Profiles, AnUnknownNameIsAnErrorThatListsTheKnown) {
  EXPECT_EQ(find_profile(built_in_profiles(), "big", "--profile").error().sentence(),
            "--profile: no profile is called \"big\"; known are ada_16gb, default, hopper_80gb, studio_dual");
}

struct GpuCase {
  const char* name;
  std::int64_t mib;
  const char* profile;
};

class Detection : public testing::TestWithParam<GpuCase> {};

TEST_P(Detection, FollowsTheExistingRule) {
  EXPECT_EQ(profile_for(GetParam().name, Bytes(GetParam().mib * kMiB)), GetParam().profile);
}

INSTANTIATE_TEST_SUITE_P(All, Detection,
                         testing::Values(GpuCase{"NVIDIA GeForce RTX 4090", 24564, "ada_16gb"},
                                         GpuCase{"NVIDIA GeForce RTX 4080 SUPER", 16376, "ada_16gb"},
                                         GpuCase{"Odd 4090 with much memory", 96000, "ada_16gb"},
                                         GpuCase{"NVIDIA H100 80GB HBM3", 81559, "hopper_80gb"},
                                         GpuCase{"NVIDIA A100-SXM4-80GB", 81920, "hopper_80gb"},
                                         GpuCase{"Just enough", 80000, "hopper_80gb"},
                                         GpuCase{"Just not", 79999, "default"},
                                         GpuCase{"NVIDIA GeForce RTX 3090", 24576, "default"},
                                         GpuCase{"", 0, "default"}));

}  // namespace
}  // namespace vram::formula
