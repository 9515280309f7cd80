#include "formula/profiles.h"

#include <cassert>

#include "formula/ranges.h"
#include "json/value.h"
#include "units/text.h"

namespace vram::formula {
namespace {

struct Key {
  const Range& range;
  double Profile::* number;
};
constexpr Key kKeys[] = {
    {kOverheadGib, &Profile::overhead_gib}, {kVisionGib, &Profile::vision_gib}, {kFragFactor, &Profile::frag_factor}};

Result<Profile> read_profile(const json::Value& value, const std::string& place) {
  if (!value.object())
    return Error{ErrorCode::kBadInput, place, "expected an object, found " + json::describe(value), ""};
  Profile profile;
  for (const Key& key : kKeys) {
    const json::Value* member = value.find(key.range.name);
    if (!member) continue;
    const std::string here = place + ": \"" + std::string(key.range.name) + '"';
    const auto number = member->number();
    if (!number)
      return Error{ErrorCode::kBadInput, here, "expected " + expected(key.range) + ", found " + json::describe(*member),
                   ""};
    const Result<double> checked = number_in(key.range, *number, here);
    if (!checked) return checked.error();
    profile.*key.number = *checked;
  }
  return profile;
}

}  // namespace

Profiles built_in_profiles() {
  Profiles profiles;
  for (const auto& [id, text] : embedded_profiles()) {
    const auto value = json::parse(text, id);
    assert(value);
    const auto profile = read_profile(*value, std::string(id));
    assert(profile);
    profiles.emplace(id, *profile);
  }
  return profiles;
}

Profiles merged(Profiles profiles, std::string_view text, std::string_view place, std::vector<Error>& warnings) {
  const auto warn = [&](Error error, const char* hint) {
    error.hint = hint;
    warnings.push_back(std::move(error));
  };
  static constexpr char kOnlyBuiltIn[] = "only the built-in profiles are used";
  const auto file = json::parse(text, place);
  if (!file) {
    warn(file.error(), kOnlyBuiltIn);
    return profiles;
  }
  if (!file->object()) {
    warn({ErrorCode::kBadInput, std::string(place),
          "expected an object of profiles by name, found " + json::describe(*file), ""},
         kOnlyBuiltIn);
    return profiles;
  }
  for (const auto& [name, value] : file->object()->members()) {
    const auto profile = read_profile(value, std::string(place) + ": \"" + name + '"');
    if (profile)
      profiles.insert_or_assign(name, *profile);
    else
      warn(profile.error(), "this profile of the file is left out");
  }
  return profiles;
}

std::string_view profile_for(std::string_view name, Bytes total) {
  const std::string lowered = lower(name);
  for (const std::string_view ada : {"4090", "4080"})
    if (lowered.find(ada) != std::string::npos) return "ada_16gb";
  return total >= Bytes(80'000 * kMiB) ? "hopper_80gb" : kDefaultProfile;
}

Result<Profile> find_profile(const Profiles& profiles, std::string_view name, std::string_view place) {
  const auto found = profiles.find(name);
  if (found != profiles.end()) return found->second;
  std::string known;
  for (const auto& [other, profile] : profiles) known += (known.empty() ? "" : ", ") + other;
  return Error{ErrorCode::kNotFound, std::string(place), "no profile is called \"" + std::string(name) + '"',
               "known are " + known};
}

}  // namespace vram::formula
