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
  std::vector<std::string> allowed;  // folders whose files a request may name, as realpath gives them
  std::string write_token;           // of this run of the service
  std::function<std::string()> metrics;
};

struct Call {
  const Query& query;
  std::string_view body;
  const Services& services;
};

/// A folder as realpath gives it.
///
///   errors  kNotFound where it is none
Result<std::string> real_folder(const std::string& folder);

/// The model's name with files of this machine out of reach, but for those in the allowed folders.
///
///   errors  kNotFound for a path elsewhere, whether anything lies there or not
Result<std::string> admitted(const std::string& source, const Services& services);

/// The request of a body, its paths admitted.
Result<options::RequestForm> read_form(std::string_view body, const Services& services);
Result<options::RequestForm> admitted(options::RequestForm form, const Services& services);

/// The body's one JSON object.
Result<json::Value> read_object(std::string_view body);

}  // namespace vram::server
