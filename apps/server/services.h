// What a route may touch besides its call.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardware/gpu.h"
#include "io/answer.h"
#include "server/message.h"

namespace vram::server {

struct Services {
  io::Machine machine;
  /// Detection with its warnings, for GET /v1/detect.
  std::function<json::Value()> detected;
  std::string write_token;  // of this run of the service
  std::function<std::string()> metrics;
  std::string description;  // of the routes, for GET /openapi.json
};

struct Call {
  const Query& query;
  const json::Value& body;  // null where the route takes none, and where it takes lines
  std::string_view text;    // of the body
  const Services& services;
};

/// A folder as realpath gives it.
///
///   errors  kNotFound where it is none
Result<std::string> real_folder(const std::string& folder);

/// A model's name, with files of this machine out of reach but for those in the allowed folders (as realpath gives
/// them): what io::Machine::admit is for the service.
///
///   errors  kNotFound for a path elsewhere, whether anything lies there or not
Result<std::string> admitted(const std::string& source, const std::vector<std::string>& allowed);

}  // namespace vram::server
