// What a route may touch besides its call.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hardware/gpu.h"
#include "io/recall.h"
#include "server/message.h"

namespace vram::server {

/// The machine for any number of callers at once: each has one to itself, with what earlier calls read and derived.
class Machines {
 public:
  explicit Machines(io::Machine machine) : plain_(std::move(machine)) {}
  Machines(const Machines&) = delete;
  Machines& operator=(const Machines&) = delete;

  /// The caller's until it lets go of it; the machines outlive it.
  std::shared_ptr<const io::Machine> take(const io::Reach& reach);

 private:
  std::shared_ptr<io::Recall> idle();

  const io::Machine plain_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<io::Recall>> free_;
};

struct Services {
  std::shared_ptr<Machines> machines;
  std::optional<std::string> registry;  // as io::registry_file takes it
  /// Detection with its warnings, for GET /v1/detect.
  std::function<json::Value()> detected;
  std::vector<std::string> allowed;  // folders that may be read, as realpath gives them
  std::string write_token;           // of this run of the service
  std::string abilities;             // what the page may ask it for, a word each: "detect registry hub paths"
  std::function<std::string()> metrics;
  std::string description;  // of the routes, for GET /openapi.json
};

struct Call {
  const Query& query;
  const json::Value& body;  // null where the route takes none, and where it takes lines
  std::string_view text;    // of the body
  const io::Machine& machine;
  const Services& services;
  const std::function<bool()>& left;  // whether the caller has gone; may be empty
};

/// A folder as realpath gives it.
///
///   errors  kNotFound where it is none
Result<std::string> real_folder(const std::string& folder);

/// The file that `path` names, as realpath gives it, where it lies in one of the folders.
///
///   place   of the error
///   errors  kNotFound for a path elsewhere, whether anything lies there or not
Result<std::string> allowed_file(const std::string& path, const std::vector<std::string>& allowed, const char* place);

/// A model's name, with files of this machine out of reach but for those in the allowed folders (as realpath gives
/// them): what io::Machine::admit is for the service.
///
///   errors  as allowed_file
Result<std::string> admitted(const std::string& source, const std::vector<std::string>& allowed);

}  // namespace vram::server
