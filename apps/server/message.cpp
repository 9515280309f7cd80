#include "server/message.h"

#include <algorithm>

#include "io/answer.h"
#include "json/write.h"

namespace vram::server {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      plain += ' ';
    } else if (text[i] != '%') {
      plain += text[i];
    } else {
      const int high = i + 2 < text.size() ? digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? digit(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return Error{ErrorCode::kBadInput, "query", "a % is not followed by two hexadecimal digits", ""};
      plain += char(high * 16 + low);
      i += 2;
    }
  }
  return plain;
}

/// source  RFC 9110, section 15
int status_of(std::string_view code) {
  if (code == "not_found") return 404;
  return code == "unavailable" ? 503 : 409;
}

}  // namespace

Result<Query> Query::read(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    if (!name) return name.error();
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return value.error();
    query.pairs_.emplace_back(*std::move(name), *std::move(value));
  }
  return query;
}

const std::string* Query::find(std::string_view name) const {
  const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == name; });
  return found == pairs_.end() ? nullptr : &found->second;
}

Answer json_answer(const json::Value& value, int status) {
  return {status, "application/json", json::write_line(value)};
}

Answer refusal(int status, std::string_view code, std::string_view message) {
  json::Object inner, outer;
  inner.set("code", json::Value(code));
  inner.set("message", json::Value(message));
  outer.set("error", json::Value(std::move(inner)));
  return json_answer(json::Value(std::move(outer)), status);
}

Answer error_answer(const Error& error) { return answer_of(io::error_json(error)); }

Answer malformed(const Error& error) {
  return json_answer(io::error_json(error), error.code == ErrorCode::kTooLarge ? 413 : 400);
}

Answer answer_of(const Result<json::Value>& value) { return value ? json_answer(*value) : error_answer(value.error()); }

Answer answer_of(const json::Value& value) {
  const json::Value* error = value.find("error");
  const json::Value* code = error ? error->find("code") : nullptr;
  return json_answer(value, code && code->string() ? status_of(*code->string()) : 200);
}

}  // namespace vram::server
