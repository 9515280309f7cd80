// What goes in and out of a route, without any of HTTP's wire.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.h"
#include "units/result.h"

namespace vram::server {

/// The names and values after the "?" of a target, percent-decoded, in order.
class Query {
 public:
  Query() = default;
  /// errors  kBadInput for a % that two hexadecimal digits do not follow
  static Result<Query> read(std::string_view text);

  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

struct Incoming {
  std::string method;  // "GET"
  std::string target;  // "/v1/models?search=qwen"
  std::string host, origin, authorization, write_token, accept_encoding, if_none_match;
  std::string body;
  std::function<bool()> left = {};  // whether the caller has gone; empty where nobody asks

  [[nodiscard]] std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
};

/// Appends some lines of an answer; false once there are no more.
using Lines = std::function<bool(std::string& out)>;

struct Answer {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::string allow = {};     // of a 405
  std::string encoding = {};  // "gzip", "br"
  std::string tag = {};       // of a file of the page: its ETag
  bool lasting = false;       // never changes under its path
  Lines lines = {};           // in place of a body: sent as they are made
};

/// `value` on a line.
Answer json_answer(const json::Value& value, int status = 200);

/// {"error": {"code", "message"}}
Answer refusal(int status, std::string_view code, std::string_view message);

/// The same under the status that goes with the error's code: 409 for what is well formed and cannot be planned.
Answer error_answer(const Error& error);

/// The same for a call that is not as its description has it: 400, or 413.
Answer malformed(const Error& error);

/// The same for an error object that is made already; 200 for any other value.
Answer answer_of(const json::Value& value);
Answer answer_of(const Result<json::Value>& value);

}  // namespace vram::server
