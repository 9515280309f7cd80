// Tokens, keys and passwords, kept out of whatever is shown.
#pragma once

#include <string>
#include <string_view>

namespace vram {

/// What stands in a secret's place.
inline constexpr std::string_view kHidden = "***";

/// Whether an argument or a variable of that name holds a secret: "hf_token", "api-key", "AWS_SECRET_ACCESS_KEY".
bool names_secret(std::string_view name);

/// The text with "***" in the place of every user and password of a url: "https://***@host/".
std::string without_credentials(std::string_view text);

/// The same, and in the place of what stands behind a name of a secret, as launch lines, JSON, YAML and Python write
/// it: "--api-key sk-1", "'api_key': ['sk-1']", "HF_TOKEN=hf_1".
std::string without_secrets(std::string_view text);

}  // namespace vram
