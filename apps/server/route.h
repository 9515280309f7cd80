// What a route is: a row of data and a function. The router, the OpenAPI document and the metrics read the same rows.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "server/message.h"
#include "server/services.h"

namespace vram::server {

struct Parameter {
  std::string_view name, description;
  bool required = false;
  bool flag = false;  // "true" or "false"; else any text
};

struct Route {
  enum class Work {
    kQuick,  // answered where it was read: well under a millisecond
    kLong,   // on a thread of its own, a bounded number at once
  };

  std::string_view method;  // "GET" or "POST"
  std::string_view path;
  std::string_view summary;
  Work work = Work::kQuick;
  bool writes = false;               // needs the token that GET /v1/session gives to the page
  std::size_t most_body = 1u << 20;  // bytes
  std::string_view request = {};     // name of the body's schema; empty: it has none
  std::string_view response = {};    // name of the answer's schema; empty: any JSON
  std::vector<Parameter> (*parameters)() = nullptr;

  /// One of the two. A route by lines answers each line of its body with a line, in order.
  Answer (*run)(const Call& call) = nullptr;
  std::string (*each_line)(std::string_view line, const Services& services) = nullptr;
};

namespace routes {
/// All routes, by file name; generated from the files of this folder.
std::span<const Route* const> all();
}  // namespace routes

}  // namespace vram::server
