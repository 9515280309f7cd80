// Where models of a hub come from and where they are kept, as the environment says to every program that uses the hub.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "io/http.h"
#include "units/result.h"

namespace vram::io {

enum class HubKind { kHuggingFace, kModelScope };

struct HubSettings {
  HubKind kind = HubKind::kHuggingFace;
  std::string endpoint;  // without a slash at its end
  std::string token;     // empty: none
  std::string cache;     // the folder of "models--org--name"; of ModelScope's "models/org--name"
  std::string headers;   // our own folder of headers that were fetched; empty: none
  bool offline = false;
  bool cached_first = true;  // what is complete in the cache is not asked for again
  HttpSettings http;
};

/// A variable's value; nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const char*)>;

/// The variables of this process.
std::optional<std::string> process_variable(const char* name);

/// HF_ENDPOINT, HF_TOKEN (or the token file), HF_HOME, HF_HUB_CACHE, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT,
/// SSL_CERT_FILE and its kin, VLLM_USE_MODELSCOPE with MODELSCOPE_ENDPOINT (or MODELSCOPE_DOMAIN), MODELSCOPE_API_TOKEN
/// and MODELSCOPE_CACHE.
///
///   errors  kBadInput for an endpoint that is no address, a token that no header can carry; never with its value
///   source  huggingface_hub v0.34 src/huggingface_hub/constants.py; modelscope_hub 0.5.1 config.py
Result<HubSettings> hub_settings(const Environment& environment);

/// "org/name" and what follows an @, "main" without one.
struct HubName {
  std::string id;
  std::string revision;
};

/// The variable that its token comes from.
std::string_view token_variable(const HubSettings& settings);

/// The revision as the hub calls it: ModelScope's main branch is "master".
std::string asked_revision(const HubSettings& settings, const HubName& name);

/// Nothing where `typed` can be no model of a hub.
std::optional<HubName> read_hub_name(std::string_view typed);

}  // namespace vram::io
