// The model that a name stands for.
#pragma once

#include <memory>
#include <string>

#include "io/hub_settings.h"
#include "readers/config_json.h"

namespace vram::io {

/// Whether a name may be asked of the hub, and who is told about what is fetched.
struct Reach {
  bool hub = false;
  HttpProgress progress = {};
  /// How long the hub may take over each file, tried twice at most; 0: as the environment says.
  std::int64_t patience_ms = 0;
};

/// The hub of this process' environment, asked no longer than `reach` says. Errors are hub_settings'.
Result<HubSettings> hub_of(const Reach& reach);

/// A config.json, a folder that holds one or a .safetensors file beside one, else a name of the user's catalogue, of
/// the built-in one or of the hub; "catalog:NAME" looks in the built-in one alone. Of weights the headers are read.
///
///   errors  as hub_model; kNotFound with the nearest name of the catalogue; kBadInput and kTooLarge with the file and
///   the place in
///           it; kUnsupported for a file of another format
Result<std::shared_ptr<const ModelSource>> load(const std::string& typed, const Reach& reach = {});

}  // namespace vram::io
