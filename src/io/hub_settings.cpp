#include "io/hub_settings.h"

#include <algorithm>
#include <cstdlib>

#include "io/files.h"
#include "units/text.h"

namespace vram::io {
namespace {

bool is_on(const std::optional<std::string>& value) {
  const std::string word = lower(value.value_or(""));
  return word == "1" || word == "true" || word == "yes" || word == "on";
}

std::string trimmed(std::string text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::ranges::find_if_not(text, blank));
  return text;
}

/// `~/` at the front of a path is the user's home.
std::string expanded(const std::string& path, const std::string& home) {
  return path.starts_with("~/") ? home + path.substr(1) : path;
}

std::string read_token(const Environment& environment, const std::string& hf_home) {
  if (is_on(environment("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return "";
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
    if (auto value = environment(name); value && !trimmed(*value).empty()) return trimmed(*value);
  constexpr Bytes kMostToken(4096);
  const auto file = read_file(environment("HF_TOKEN_PATH").value_or(hf_home + "/token"), kMostToken);
  return file ? trimmed(*file) : "";
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

void use_modelscope(const Environment& environment, const std::string& home, HubSettings& settings) {
  settings.kind = HubKind::kModelScope;
  const std::string domain =
      environment("MODELSCOPE_ENDPOINT").value_or(environment("MODELSCOPE_DOMAIN").value_or("www.modelscope.cn"));
  settings.endpoint = domain.find("://") == std::string::npos ? "https://" + domain : domain;
  settings.cache = expanded(environment("MODELSCOPE_CACHE").value_or(home + "/.cache/modelscope"), home);
  settings.token = trimmed(environment("MODELSCOPE_API_TOKEN").value_or(""));
}

bool is_name(std::string_view text) {
  constexpr std::size_t kLongest = 96;
  return !text.empty() && text.size() <= kLongest && text[0] != '.' && text[0] != '-' &&
         text.find("..") == std::string_view::npos && text.find("--") == std::string_view::npos &&
         std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
                  c == '-';
         });
}

/// A branch, a tag or a commit; branches may have slashes.
bool is_revision(std::string_view text) {
  for (std::string_view rest = text;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (!is_name(part)) return false;
    if (part.size() == rest.size()) return true;
    rest.remove_prefix(part.size() + 1);
  }
}

}  // namespace

std::optional<std::string> process_variable(const char* name) {
  const char* value = std::getenv(name);
  return value && *value ? std::optional<std::string>(value) : std::nullopt;
}

Result<HubSettings> hub_settings(const Environment& environment) {
  HubSettings settings;
  const std::string home = environment("HOME").value_or("");
  const std::string caches = environment("XDG_CACHE_HOME").value_or(home + "/.cache");
  const std::string hf_home = expanded(environment("HF_HOME").value_or(caches + "/huggingface"), home);
  settings.endpoint = environment("HF_ENDPOINT").value_or("https://huggingface.co");
  settings.cache = hf_home + "/hub";
  for (const char* name : {"HUGGINGFACE_HUB_CACHE", "HF_HUB_CACHE"})
    if (const auto folder = environment(name)) settings.cache = expanded(*folder, home);
  settings.token = read_token(environment, hf_home);
  settings.offline = is_on(environment("HF_HUB_OFFLINE")) || is_on(environment("TRANSFORMERS_OFFLINE"));
  if (is_on(environment("VLLM_USE_MODELSCOPE"))) use_modelscope(environment, home, settings);
  if (caches.starts_with('/')) settings.headers = caches + "/vram-estimator/headers";

  while (settings.endpoint.ends_with('/')) settings.endpoint.pop_back();
  const std::string origin = origin_of(settings.endpoint);
  settings.http.plain = origin.starts_with("http://");
  const bool hugging_face = settings.kind == HubKind::kHuggingFace;
  if (!is_printable(settings.endpoint) || !(settings.http.plain || origin.starts_with("https://")))
    return Error{ErrorCode::kBadInput, hugging_face ? "HF_ENDPOINT" : "MODELSCOPE_ENDPOINT",
                 "expected an address such as https://huggingface.co", ""};
  if (!is_printable(settings.token))
    return Error{ErrorCode::kBadInput, std::string(token_variable(settings)),
                 "it has characters that no header can carry", "copy it anew"};
  for (const char* name : {"CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"})
    if (const auto file = environment(name)) settings.http.certificates = *file;
  constexpr std::int64_t kLongestWait = 600;
  if (const auto seconds = read_integer(environment("HF_HUB_DOWNLOAD_TIMEOUT").value_or(""))) {
    settings.http.stall_s = std::clamp<std::int64_t>(*seconds, 1, kLongestWait);
    settings.http.connect_ms = settings.http.stall_s * 1000;
  }
  return settings;
}

std::string_view token_variable(const HubSettings& settings) {
  return settings.kind == HubKind::kModelScope ? "MODELSCOPE_API_TOKEN" : "HF_TOKEN";
}

std::string asked_revision(const HubSettings& settings, const HubName& name) {
  return settings.kind == HubKind::kModelScope && name.revision == "main" ? "master" : name.revision;
}

std::optional<HubName> read_hub_name(std::string_view typed) {
  HubName name{std::string(typed.substr(0, typed.find('@'))), "main"};
  if (name.id.size() < typed.size()) name.revision = typed.substr(name.id.size() + 1);
  const std::size_t slash = name.id.find('/');
  if (slash == std::string::npos || !is_revision(name.revision)) return std::nullopt;
  const std::string_view id(name.id);
  if (!is_name(id.substr(0, slash)) || !is_name(id.substr(slash + 1))) return std::nullopt;
  return name;
}

}  // namespace vram::io
