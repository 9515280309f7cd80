#include "formula_request.h"

#include "io/user_profiles.h"
#include "units/text.h"

namespace vram::cli {
namespace {

using formula::Request;

constexpr std::string_view kRequired[] = {"--params-billion", "--layers", "--kv-heads", "--head-dim"};

constexpr NumberFlag kParamsBillion{"--params-billion", formula::kParamsBillion};
constexpr NumberFlag kBatch{"--batch", formula::kBatch};
constexpr NumberFlag kBytesPerParam{"--bytes-per-param", formula::kBytesPerParam};
constexpr NumberFlag kKvBytes{"--kv-bytes", formula::kKvBytes};

struct CountFlag {
  NumberFlag flag;
  std::int64_t Request::* target;
};
constexpr CountFlag kShape[] = {{{"--layers", formula::kLayers}, &Request::layers},
                                {{"--kv-heads", formula::kKvHeads}, &Request::kv_heads},
                                {{"--head-dim", formula::kHeadDim}, &Request::head_dim}};

struct ProfileFlag {
  NumberFlag flag;
  double formula::Profile::* target;
};
constexpr ProfileFlag kProfileFlags[] = {{{"--overhead", formula::kOverheadGib}, &formula::Profile::overhead_gib},
                                         {{"--vision", formula::kVisionGib}, &formula::Profile::vision_gib},
                                         {{"--frag", formula::kFragFactor}, &formula::Profile::frag_factor}};

/// Reads number after number and keeps the first problem, so that it is looked at once.
class Numbers {
 public:
  explicit Numbers(const Arguments& arguments) : arguments_(arguments) {}
  double read(const NumberFlag& flag, double fallback) {
    const Result<double> number = number_or(arguments_, flag, fallback);
    if (number) return *number;
    if (!error_) error_ = number.error();
    return fallback;
  }
  std::optional<double> maybe(const NumberFlag& flag) {
    return arguments_.has(flag.name) ? std::optional(read(flag, 0)) : std::nullopt;
  }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  const Arguments& arguments_;
  std::optional<Error> error_;
};

std::optional<Error> missing(const Arguments& arguments, std::string_view command,
                             std::span<const std::string_view> also) {
  std::string names;
  const auto look = [&](std::span<const std::string_view> needed) {
    for (const std::string_view name : needed)
      if (!arguments.has(name)) names += (names.empty() ? "" : ", ") + std::string(name);
  };
  look(also);
  look(kRequired);
  if (names.empty()) return std::nullopt;
  return Error{ErrorCode::kBadInput, std::string(command), "it needs " + names,
               "\"" + std::string(command) + " --help\" has an example"};
}

/// The named profile, or the one that suits the first GPU; where each of its numbers is given, neither is looked at.
Result<formula::Profile> base_profile(const Arguments& arguments, const Session& session, std::string& how) {
  const auto [profiles, warnings] = io::load_profiles(arguments.text("--profiles"));
  for (const Error& warning : warnings) session.terminal.warn(warning);
  if (const std::string* name = arguments.find("--profile")) return formula::find_profile(profiles, *name, "--profile");
  bool all_given = true;
  for (const ProfileFlag& flag : kProfileFlags) all_given = all_given && arguments.has(flag.flag.name);
  if (all_given) return formula::Profile{};
  // A driver that fails reads as no GPU, as in the existing tool; the rule counts what the driver prints.
  const auto gpus = session.detect();
  const bool found = gpus && !gpus->empty();
  const std::string name(found ? formula::profile_for(gpus->front().driver_name, gpus->front().driver_total)
                               : formula::kDefaultProfile);
  how = "Profile " + name +
        (found ? ", for the " + gpus->front().driver_name + " in this machine." : ", as no GPU was found.");
  return formula::find_profile(profiles, name, "--profile");
}

}  // namespace

std::vector<Option> model_figures() {
  return {{"--params-billion", "X", "Parameters, in billions"},
          {"--layers", "N", "Layers"},
          {"--kv-heads", "N", "Key and value heads of a layer"},
          {"--head-dim", "N", "Width of a head"},
          {"--quant", "NAME", "fp16, bf16, fp8, mxfp8, int8, int4, fp4 or mxfp4 (default: fp8)"},
          {"--kv-dtype", "NAME", "fp16, bf16 or fp8, of the KV cache (default: fp8)"},
          {"--batch", "N", "Sequences at once, all of that length (default: 1)"}};
}

std::vector<Option> overheads() {
  return {{"--profile", "NAME", "Overheads; \"profiles\" lists them (default: by the first GPU)"},
          {"--overhead", "GIB", "In place of the profile's overhead"},
          {"--vision", "GIB", "In place of the profile's vision tower"},
          {"--frag", "X", "In place of the profile's fragmentation factor"},
          {"--bytes-per-param", "X", "In place of what --quant counts"},
          {"--kv-bytes", "X", "In place of what --kv-dtype counts for an element"},
          {"--profiles", "FILE",
           "Profiles over the built-in ones (default: profiles.json in "
           "~/.config/vram-estimator)"}};
}

Result<double> number_or(const Arguments& arguments, const NumberFlag& flag, double fallback) {
  const std::string* text = arguments.find(flag.name);
  return text ? formula::read_number_in(flag.range, *text, flag.name) : fallback;
}

Result<formula::Profile> read_profile(const Arguments& arguments, const Session& session, std::string& how) {
  Numbers numbers(arguments);
  std::vector<std::optional<double>> given;
  for (const ProfileFlag& flag : kProfileFlags) given.push_back(numbers.maybe(flag.flag));
  if (numbers.error()) return *numbers.error();
  auto profile = base_profile(arguments, session, how);
  if (!profile) return profile;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (given[i]) *profile.*kProfileFlags[i].target = *given[i];
  return profile;
}

bool asks_for_formula(const Arguments& arguments) {
  for (const std::string_view name : kRequired)
    if (arguments.has(name)) return true;
  return false;
}

Result<FormulaRequest> read_formula_request(const Arguments& arguments, const Session& session,
                                            std::string_view command, std::span<const std::string_view> also) {
  if (auto error = missing(arguments, command, also)) return *std::move(error);
  Numbers numbers(arguments);
  FormulaRequest read;
  Request& request = read.request;
  request.params_billion = numbers.read(kParamsBillion, 0);
  for (const CountFlag& count : kShape) request.*count.target = std::int64_t(numbers.read(count.flag, 0));
  request.batch = std::int64_t(numbers.read(kBatch, double(request.batch)));
  request.bytes_per_param = numbers.maybe(kBytesPerParam);
  request.kv_bytes = numbers.maybe(kKvBytes);
  request.quant = arguments.text("--quant").value_or(request.quant);
  request.kv_dtype = arguments.text("--kv-dtype").value_or(request.kv_dtype);
  if (numbers.error()) return *numbers.error();

  const auto profile = read_profile(arguments, session, read.chosen_profile);
  if (!profile) return profile.error();
  request.profile = *profile;

  for (Error warning : formula::unknown_names(request)) {
    warning.place = warning.place == "quant" ? "--quant" : "--kv-dtype";
    session.terminal.warn(warning);
  }
  return read;
}

}  // namespace vram::cli
