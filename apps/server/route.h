// What a route is: a row of data. The router, the OpenAPI document and the metrics read the same rows.
#pragma once

#include <span>
#include <string_view>

#include "server/message.h"
#include "server/services.h"

namespace vram::server {

struct Route {
  enum class Work : std::uint8_t {
    kQuick,  // answered where it was read: a few milliseconds at most
    kLines,  // lines that are made a few milliseconds at a time, for any number of callers
    kLong,   // on a thread of its own, a bounded number at once
    kWaits,  // the same for what waits rather than computes: for the hub, for a disk
  };

  std::string_view method;  // "GET" or "POST"
  std::string_view path;
  std::string_view summary;
  std::string_view question = {};  // of io::questions(), which answers the body
  Work work = Work::kQuick;
  bool writes = false;               // needs the token that GET /v1/session gives to the page
  bool open = false;                 // asks nobody for the service's token
  std::size_t most_body = 4u << 20;  // bytes
  std::string_view request = {};     // name of the body's schema; empty: the body is not JSON
  std::string_view response = {};    // name of the answer's schema
  std::string_view parameter = {};   // of the query
  std::string_view parameter_is = {};
  bool parameter_needed = false;
  bool lines = false;          // answers JSON lines
  std::string_view type = {};  // of an answer that is no JSON

  Answer (*run)(const Call& call) = nullptr;  // in place of a question

  /// Whether it is one of those of which there is a bounded number at once.
  [[nodiscard]] bool is_counted() const { return work == Work::kLong || work == Work::kWaits; }
};

std::span<const Route> routes();

}  // namespace vram::server
