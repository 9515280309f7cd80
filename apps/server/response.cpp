#include "server/response.h"

#include <string_view>
#include <utility>

namespace vram::server {
namespace {

/// source  RFC 9110, section 15; RFC 6585 for 431
std::string_view reason(int status) {
  static constexpr std::pair<int, std::string_view> kReasons[] = {{200, "OK"},
                                                                  {304, "Not Modified"},
                                                                  {400, "Bad Request"},
                                                                  {401, "Unauthorized"},
                                                                  {403, "Forbidden"},
                                                                  {404, "Not Found"},
                                                                  {405, "Method Not Allowed"},
                                                                  {406, "Not Acceptable"},
                                                                  {409, "Conflict"},
                                                                  {413, "Content Too Large"},
                                                                  {421, "Misdirected Request"},
                                                                  {431, "Request Header Fields Too Large"},
                                                                  {503, "Service Unavailable"}};
  for (const auto& [number, words] : kReasons)
    if (number == status) return words;
  return "";
}

void add(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

void add_of_page(std::string& head, const Answer& answer) {
  add(head, "Cache-Control", answer.lasting ? "max-age=31536000, immutable" : "no-cache");
  add(head, "ETag", answer.tag);
  add(head, "Vary", "Accept-Encoding");
  if (!answer.encoding.empty()) add(head, "Content-Encoding", answer.encoding);
  // The page says itself what it may load; a worker of it takes the header of its own file.
  add(head, "Content-Security-Policy", "frame-ancestors 'none'");
}

}  // namespace

std::string head_of(const Answer& answer, bool keep, std::optional<std::size_t> length) {
  std::string head;
  head.reserve(512);
  head.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ").append(reason(answer.status));
  head.append("\r\nServer: vram-estimator/" VRAM_VERSION "\r\n");
  add(head, "Content-Type", answer.type);
  if (!answer.tag.empty())
    add_of_page(head, answer);
  else
    head.append(
        "Cache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n");
  head.append("X-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n");
  if (!answer.allow.empty()) add(head, "Allow", answer.allow);
  if (answer.status == 401) add(head, "WWW-Authenticate", "Bearer");
  if (answer.status == 503) add(head, "Retry-After", "1");
  if (!keep) add(head, "Connection", "close");
  if (!length)
    add(head, "Transfer-Encoding", "chunked");
  else if (answer.status != 304)
    add(head, "Content-Length", std::to_string(*length));
  return head.append("\r\n");
}

}  // namespace vram::server
