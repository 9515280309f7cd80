// Models of a hub by name: config and quantisation files, and of the weights the headers alone.
#pragma once

#include "io/hub_settings.h"
#include "readers/config_json.h"

namespace vram::io {

/// The model `name` stands for: from the hub's cache on this machine where it is complete there, else from the hub,
/// and then kept in the cache. Offline from the cache alone.
///
///   progress  told about files that are being fetched
///   errors    kNotFound: no such model, revision or config, or nothing in the cache when offline; kUnavailable: gated,
///             private, limited, out of reach; kBadInput and kTooLarge with the file. None holds a token or a header.
Result<ModelSource> hub_model(const HubName& name, const HubSettings& settings, const HttpProgress& progress);

}  // namespace vram::io
