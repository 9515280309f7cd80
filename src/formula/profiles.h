// Overhead profiles: what a machine takes beside weights and KV cache, under a name. Four are built in; a user's file
// is merged over them.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "units/quantity.h"
#include "units/result.h"

namespace vram::formula {

/// Each number's default is what a user's profile reads where it leaves the key out.
struct Profile {
  double overhead_gib = 1.5;
  double vision_gib = 0.0;
  double frag_factor = 1.10;
  friend bool operator==(const Profile&, const Profile&) = default;
};

using Profiles = std::map<std::string, Profile, std::less<>>;

/// The files of data/profiles: id and text.
std::span<const std::pair<std::string_view, std::string_view>> embedded_profiles();

Profiles built_in_profiles();

/// `profiles` with those of a user's file over them: a profile of the file replaces the one of that name as a whole,
/// and keys it leaves out read the defaults of `Profile`.
///
///   text      {"name": {"overhead_gib": 1.6, "vision_gib": 0.5, "frag_factor": 1.12}, ...}; other keys are skipped
///   place     the file's name, for the sentences
///   warnings  one a problem: a file that is no JSON object changes nothing, a profile with a number that cannot be
///             is left out
Profiles merged(Profiles profiles, std::string_view text, std::string_view place, std::vector<Error>& warnings);

/// The profile that suits a GPU.
///   name, total  as the driver reports them
///   source       the existing tool's rule
std::string_view profile_for(std::string_view name, Bytes total);
inline constexpr std::string_view kDefaultProfile = "default";

/// The profile of that name.
///   errors  kNotFound, with the known names
Result<Profile> find_profile(const Profiles& profiles, std::string_view name, std::string_view place);

}  // namespace vram::formula
