#include "io/http.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "io/curl_library.h"
#include "units/text.h"

namespace vram::io {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostRedirects = 5;
constexpr std::int64_t kLongestWaitS = 60;       // that a server may ask for
constexpr std::size_t kMostHeaders = 64u << 10;  // bytes of them

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool passes(long status) { return status == 429 || status == 500 || status == 502 || status == 503 || status == 504; }

/// Failures that another attempt may not meet.
bool passes(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

/// One request under way: its attempts and redirects.
struct Transfer {
  const HttpRequest* request = nullptr;
  std::size_t place = 0;
  std::string url;
  CURL* easy = nullptr;
  curl_slist* lines = nullptr;
  HttpAnswer answer;
  std::size_t header_bytes = 0;
  bool own_origin = true;
  bool too_large = false, enough = false;
  int attempts = 0, redirects = 0;
  Clock::time_point not_before{};
};

std::size_t receive_body(char* data, std::size_t size, std::size_t count, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::size_t got = size * count, most = std::size_t(transfer.request->most.count());
  const std::size_t room = most - std::min(most, transfer.answer.body.size());
  transfer.answer.body.append(data, std::min(got, room));
  transfer.enough = transfer.request->enough_at_most && transfer.answer.body.size() == most;
  transfer.too_large = got > room && !transfer.request->enough_at_most;
  return transfer.enough || transfer.too_large ? 0 : got;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.front())) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back())) text.remove_suffix(1);
  return text;
}

std::size_t receive_header(char* data, std::size_t size, std::size_t count, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  const std::string_view line(data, size * count);
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > kMostHeaders) return 0;
  if (line.starts_with("HTTP/")) {  // the first line of an answer
    if (transfer.own_origin) transfer.answer.headers.clear();
    transfer.answer.range.clear();
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string name = lower(trimmed(line.substr(0, colon)));
  const std::string value(trimmed(line.substr(colon + 1)));
  if (name == "content-range") transfer.answer.range = value;
  if (transfer.own_origin) transfer.answer.headers.emplace_back(std::move(name), value);
  return line.size();
}

class CurlHttp : public Http {
 public:
  CurlHttp(const HttpSettings& settings, const CurlLibrary& curl)
      : settings_(settings), curl_(curl), multi_(curl.multi_init()) {
    curl_.multi_setopt(multi_, CURLMOPT_MAX_HOST_CONNECTIONS, long(settings.at_once));
    curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, long(2 * settings.at_once));
  }
  ~CurlHttp() override { curl_.multi_cleanup(multi_); }

  std::vector<Result<HttpAnswer>> fetch(std::span<const HttpRequest> requests, const HttpProgress& progress) override;
  void fetch_each(std::span<const HttpRequest> requests, const HttpTaker& take) override;

 private:
  using Outcome = std::optional<Result<HttpAnswer>>;  // nothing: it goes on
  using Transfers = std::vector<std::unique_ptr<Transfer>>;
  using Ended = std::pair<std::size_t, Result<HttpAnswer>>;  // the request's place, its answer

  std::optional<Error> start(Transfer& transfer);
  void stop(Transfer& transfer);
  Outcome finish(Transfer& transfer, CURLcode code);
  Outcome redirect(Transfer& transfer);
  bool retry(Transfer& transfer);
  void start_some(Transfers& waiting, Transfers& running, std::vector<Ended>& ended);
  void collect(Transfers& waiting, Transfers& running, std::vector<Ended>& ended);
  [[nodiscard]] Error failed(const Transfer& transfer, std::string problem, std::string hint = "") const;

  HttpSettings settings_;
  CurlLibrary curl_;
  CURLM* multi_;
};

Error CurlHttp::failed(const Transfer& transfer, std::string problem, std::string hint) const {
  return {ErrorCode::kUnavailable, shown_url(transfer.url), std::move(problem), std::move(hint)};
}

/// Sets `transfer` going to its url.
std::optional<Error> CurlHttp::start(Transfer& transfer) {
  const HttpRequest& request = *transfer.request;
  const std::string origin = origin_of(transfer.url);
  if (!origin.starts_with("https://") && !(settings_.plain && origin.starts_with("http://")))
    return failed(transfer, "it is no https address", "only those are fetched");
  transfer.own_origin = origin == origin_of(request.url);
  transfer.answer.body.clear();
  transfer.header_bytes = 0;
  transfer.enough = transfer.too_large = false;
  transfer.easy = curl_.easy_init();
  const auto set = [&](CURLoption option, auto value) { curl_.easy_setopt(transfer.easy, option, value); };
  set(CURLOPT_URL, transfer.url.c_str());
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // a proxy's are no answer
  set(CURLOPT_USERAGENT, "vram-estimator");
  set(CURLOPT_CONNECTTIMEOUT_MS, long(settings_.connect_ms));
  set(CURLOPT_TIMEOUT_MS, long(settings_.total_ms));
  set(CURLOPT_LOW_SPEED_LIMIT, 1L);
  set(CURLOPT_LOW_SPEED_TIME, long(settings_.stall_s));
  if (!settings_.certificates.empty()) set(CURLOPT_CAINFO, settings_.certificates.c_str());
  set(CURLOPT_WRITEFUNCTION, &receive_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&transfer));
  set(CURLOPT_HEADERFUNCTION, &receive_header);
  set(CURLOPT_HEADERDATA, static_cast<void*>(&transfer));
  set(CURLOPT_PRIVATE, static_cast<void*>(&transfer));
  set(CURLOPT_HEADEROPT, long(CURLHEADER_SEPARATE));  // what is told the hub is not told a proxy
  if (transfer.own_origin && origin.starts_with("https://"))
    for (const std::string& line : request.secrets) transfer.lines = curl_.slist_append(transfer.lines, line.c_str());
  if (transfer.lines) set(CURLOPT_HTTPHEADER, transfer.lines);
  if (request.last) set(CURLOPT_RANGE, (std::to_string(request.first) + '-' + std::to_string(*request.last)).c_str());
  curl_.multi_add_handle(multi_, transfer.easy);
  return std::nullopt;
}

void CurlHttp::stop(Transfer& transfer) {
  curl_.multi_remove_handle(multi_, transfer.easy);
  curl_.easy_cleanup(transfer.easy);
  curl_.slist_free_all(transfer.lines);
  transfer.easy = nullptr;
  transfer.lines = nullptr;
}

/// Puts another attempt off for as long as the server asks, or twice as long as the one before; false where enough was
/// tried or the wait would be long.
bool CurlHttp::retry(Transfer& transfer) {
  if (++transfer.attempts >= settings_.attempts) return false;
  std::int64_t wait_ms = settings_.back_off_ms << (transfer.attempts - 1);
  if (const auto asked = read_integer(transfer.answer.header("retry-after"))) {
    if (*asked > kLongestWaitS) return false;
    wait_ms = std::max(wait_ms, std::max<std::int64_t>(*asked, 0) * 1000);
  }
  transfer.not_before = Clock::now() + std::chrono::milliseconds(wait_ms);
  transfer.url = transfer.request->url;
  transfer.redirects = 0;
  return true;
}

CurlHttp::Outcome CurlHttp::redirect(Transfer& transfer) {
  const char* next = nullptr;
  curl_.easy_getinfo(transfer.easy, CURLINFO_REDIRECT_URL, &next);
  const std::string url = next ? next : "";
  stop(transfer);
  if (url.empty()) return failed(transfer, "it answers with a redirect to nowhere");
  if (++transfer.redirects > kMostRedirects) return failed(transfer, "it redirects more than 5 times");
  if (origin_of(transfer.url).starts_with("https://") && !origin_of(url).starts_with("https://"))
    return failed(transfer, "it redirects to an address without TLS");
  transfer.url = url;
  return std::nullopt;
}

/// What an ended attempt comes to.
CurlHttp::Outcome CurlHttp::finish(Transfer& transfer, CURLcode code) {
  long status = 0;
  curl_.easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (code == CURLE_OK && is_redirect(status)) return redirect(transfer);
  stop(transfer);
  if (transfer.too_large)
    return Result<HttpAnswer>(
        Error{ErrorCode::kTooLarge, shown_url(transfer.url),
              "it sends more than the " + with_commas(transfer.request->most.count()) + " bytes that are read", ""});
  const bool good = code == CURLE_OK || (code == CURLE_WRITE_ERROR && transfer.enough);
  if (good ? passes(status) : passes(code))
    if (retry(transfer)) return std::nullopt;
  if (!good) {
    const std::string words =
        code == CURLE_OPERATION_TIMEDOUT ? "it does not answer in time" : lower(curl_.easy_strerror(code));
    return failed(transfer, words,
                  "is the address reachable from here? HF_HUB_OFFLINE=1 keeps to what is on this machine");
  }
  transfer.answer.status = int(status);
  transfer.answer.shown_url = shown_url(transfer.request->url);
  return Result<HttpAnswer>(std::move(transfer.answer));
}

std::vector<Result<HttpAnswer>> CurlHttp::fetch(std::span<const HttpRequest> requests, const HttpProgress& progress) {
  std::vector<Outcome> answers(requests.size());
  std::size_t done = 0;
  fetch_each(requests, [&](std::size_t place, Result<HttpAnswer> answer) {
    answers[place] = std::move(answer);
    if (progress) progress(++done, requests.size());
    return true;
  });
  std::vector<Result<HttpAnswer>> all;
  all.reserve(answers.size());
  for (Outcome& answer : answers) all.push_back(*std::move(answer));
  return all;
}

/// Starts as many as may run at once: from the back, where the first requests are; those put off wait for their time.
/// What cannot start has ended.
void CurlHttp::start_some(Transfers& waiting, Transfers& running, std::vector<Ended>& ended) {
  for (std::size_t i = waiting.size(); i-- > 0 && running.size() < std::size_t(settings_.at_once);) {
    if (waiting[i]->not_before > Clock::now()) continue;
    std::unique_ptr<Transfer> transfer = std::move(waiting[i]);
    waiting.erase(waiting.begin() + std::ptrdiff_t(i));
    if (auto error = start(*transfer))
      ended.emplace_back(transfer->place, *std::move(error));
    else
      running.push_back(std::move(transfer));
  }
}

/// Those whose attempt is over have ended or wait for another one.
void CurlHttp::collect(Transfers& waiting, Transfers& running, std::vector<Ended>& ended) {
  int left = 0;
  while (const CURLMsg* message = curl_.multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const auto found =
        std::ranges::find_if(running, [&](const auto& transfer) { return transfer->easy == message->easy_handle; });
    if (found == running.end()) continue;
    std::unique_ptr<Transfer> transfer = std::move(*found);
    running.erase(found);
    if (Outcome outcome = finish(*transfer, message->data.result))
      ended.emplace_back(transfer->place, *std::move(outcome));
    else
      waiting.push_back(std::move(transfer));
  }
}

void CurlHttp::fetch_each(std::span<const HttpRequest> requests, const HttpTaker& take) {
  Transfers waiting, running;
  for (std::size_t i = requests.size(); i-- > 0;) {
    auto transfer = std::make_unique<Transfer>();
    transfer->request = &requests[i];
    transfer->place = i;
    transfer->url = requests[i].url;
    waiting.push_back(std::move(transfer));
  }
  std::vector<Ended> ended;
  bool wanted = true;
  while (!waiting.empty() || !running.empty() || !ended.empty()) {
    std::vector<Ended> ready = std::exchange(ended, {});
    start_some(waiting, running, ended);
    int still = 0;
    curl_.multi_perform(multi_, &still);
    // Taken while the next ones are under way.
    for (auto& [place, answer] : ready) wanted = take(place, std::move(answer)) && wanted;
    const std::size_t before = running.size();
    collect(waiting, running, ended);
    if (!wanted) waiting.clear();
    if (running.size() < before || !ended.empty()) continue;  // a connection is free
    constexpr int kWaitMs = 50;
    if (!running.empty() && still > 0)
      curl_.multi_wait(multi_, nullptr, 0, kWaitMs, nullptr);
    else if (running.empty() && !waiting.empty())
      std::this_thread::sleep_for(std::chrono::milliseconds(waiting.back()->not_before > Clock::now() ? 10 : 0));
  }
}

/// Scheme, authority and the rest of a url; empty where it is none.
struct UrlParts {
  std::string_view scheme, host, path;
};

UrlParts parts_of(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return {};
  UrlParts parts{url.substr(0, colon), url.substr(colon + 3), {}};
  const std::size_t end = std::min(parts.host.find_first_of("/?#"), parts.host.size());
  parts.path = parts.host.substr(end);
  parts.host = parts.host.substr(0, end);
  // The last one, as everybody reads it: what stands before it is user and password.
  if (const std::size_t at = parts.host.rfind('@'); at != std::string_view::npos) parts.host.remove_prefix(at + 1);
  parts.path = parts.path.substr(0, parts.path.find_first_of("?#"));
  return parts;
}

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return "";
}

std::string origin_of(std::string_view url) {
  const UrlParts parts = parts_of(url);
  if (parts.scheme.empty() || parts.host.empty()) return "";
  std::string origin = lower(parts.scheme) + "://" + lower(parts.host);
  for (const char* standard : {":443", ":80"})
    if (origin.ends_with(standard) && origin.starts_with("https://") == (standard[1] == '4'))
      origin.resize(origin.size() - std::strlen(standard));
  return origin;
}

std::string shown_url(std::string_view url) {
  constexpr std::size_t kMost = 200;
  const UrlParts parts = parts_of(url);
  std::string text = std::string(parts.scheme) + "://" + std::string(parts.host) + std::string(parts.path);
  if (text.size() > kMost) text = text.substr(0, kMost) + "…";
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  return text;
}

Result<std::unique_ptr<Http>> Http::open(const HttpSettings& settings) {
  auto curl = CurlLibrary::load();
  if (!curl) return curl.error();
  return std::unique_ptr<Http>(std::make_unique<CurlHttp>(settings, *curl));
}

}  // namespace vram::io
