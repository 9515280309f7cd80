// The service on a TCP port. Everything of HTTP's wire is in its one source file: the library behind it is slow to
// compile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "server/application.h"
#include "units/result.h"

namespace vram::server {

struct Limits {
  std::size_t connections = 1024;   // beyond it the caller who is slowest to ask is let go
  std::size_t bodies = 256u << 20;  // bytes of bodies at once; more are answered 503
  std::size_t header_bytes = 16u << 10;
  std::size_t long_calls = 16;      // running and waiting at once; more are answered 503
  std::chrono::seconds header{10};  // for the whole header once a connection is open, or a call has begun
  std::chrono::seconds idle{30};    // between two calls
  std::chrono::seconds body{60};    // for the whole body
  std::chrono::seconds write{60};   // for the client to take what was written
  std::chrono::seconds stop{20};    // for calls in flight once the service is to stop
};

struct Listen {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8000;  // 0: any that is free
  unsigned threads = 1;
  bool log = true;  // a line on standard error for each call
  Limits limits;
};

/// Answers until SIGINT or SIGTERM, and then what is in flight; a second one ends the process.
///
///   started  told the port once it is open
///   errors   kUnavailable where the address or the port cannot be had
std::optional<Error> listen(Application& application, const Listen& listen,
                            const std::function<void(std::uint16_t)>& started);

}  // namespace vram::server
