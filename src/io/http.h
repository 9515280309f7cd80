// Fetches over HTTPS, many at once over reused connections. libcurl does the transport; it is loaded at first use, so
// that a run that fetches nothing does not wait for it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "units/quantity.h"
#include "units/result.h"

namespace vram::io {

struct HttpRequest {
  std::string url;
  std::vector<std::string> secrets;  // header lines that go to the url's own origin alone, over TLS alone
  std::optional<std::int64_t> last;  // asks for the bytes from 0 to this one
  std::int64_t first = 0;            // and with `last`: from this one on
  Bytes most{1 << 20};               // of the body
  bool enough_at_most = false;       // more is no error: the transfer ends there
};

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::string shown_url;  // without user, password and query: fit for a sentence
  /// The headers that the request's own origin gave last, names in lower case.
  std::vector<std::pair<std::string, std::string>> headers;
  /// Content-Range of the last answer, wherever it came from.
  std::string range;
  /// Empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct HttpSettings {
  std::string certificates;  // a file of trusted ones; empty: the system's
  std::int64_t connect_ms = 10'000;
  std::int64_t stall_s = 10;  // without a byte
  std::int64_t total_ms = 120'000;
  std::int64_t back_off_ms = 500;  // before the second attempt; twice as long before each next one
  int attempts = 4;
  int at_once = 8;
  bool plain = false;  // http:// is allowed too
};

/// How many of `of` answers are there.
using HttpProgress = std::function<void(std::size_t done, std::size_t of)>;

/// Takes the answer to the request at `place`; false where requests that are not under way yet need not be made.
using HttpTaker = std::function<bool(std::size_t place, Result<HttpAnswer> answer)>;

class Http {
 public:
  /// errors  kUnavailable where libcurl is not installed
  static Result<std::unique_ptr<Http>> open(const HttpSettings& settings);
  virtual ~Http() = default;

  /// Answers in the order of the requests, whatever their status. Connections that fail, 429 and 5xx are tried again
  /// after a while, or after the time that the server asks for. Redirects are followed, five at most; to another origin
  /// without the secret. An Error names the url without user, password and query, never a header.
  ///
  ///   errors  kUnavailable: no answer in time, or none that HTTP allows; kTooLarge: a body over `most`
  virtual std::vector<Result<HttpAnswer>> fetch(std::span<const HttpRequest> requests,
                                                const HttpProgress& progress) = 0;

  /// The same for answers that are taken one by one, in whatever order they come: while one is taken, others are under
  /// way.
  virtual void fetch_each(std::span<const HttpRequest> requests, const HttpTaker& take) = 0;

  /// One of them.
  Result<HttpAnswer> fetch(const HttpRequest& request) { return fetch(std::span(&request, 1), {}).front(); }
};

/// "https://host:port" of a url, in lower case and without user and password; empty where it is no url.
std::string origin_of(std::string_view url);
/// A url without user, password, query and fragment.
std::string shown_url(std::string_view url);

}  // namespace vram::io
