#include "server/listener.h"

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "server/connections.h"

namespace vram::server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kChunk = 64u << 10;

using Parser = http::request_parser<http::string_body>;

/// Empty where it stands there twice: callers and those between would read different ones.
std::string field(const http::fields& fields, std::string_view name) {
  const auto [first, last] = fields.equal_range(beast::string_view(name.data(), name.size()));
  if (first == last || std::next(first) != last) return {};
  return std::string(first->value().data(), first->value().size());
}

Incoming incoming(const Parser::value_type& message) {
  const auto method = message.method_string(), target = message.target();
  return {{method.data(), method.size()},    {target.data(), target.size()},  field(message, "Host"),
          field(message, "Origin"),          field(message, "Authorization"), field(message, "X-Write-Token"),
          field(message, "Accept-Encoding"), field(message, "If-None-Match"), {}};
}

template <class Message>
void set_common(Message& response, const Answer& answer) {
  response.set(http::field::server, "vram-estimator/" VRAM_VERSION);
  response.set(http::field::content_type, answer.type);
  const bool of_page = !answer.tag.empty();
  response.set(http::field::cache_control, answer.lasting ? "max-age=31536000, immutable"
                                           : of_page      ? "no-cache"
                                                          : "no-store");
  if (of_page) response.set(http::field::etag, answer.tag);
  if (of_page) response.set(http::field::vary, "Accept-Encoding");
  if (!answer.encoding.empty()) response.set(http::field::content_encoding, answer.encoding);
  // The page says itself what it may load; a worker of it takes the header of its own file.
  response.set("Content-Security-Policy",
               of_page ? "frame-ancestors 'none'" : "default-src 'none'; frame-ancestors 'none'");
  response.set("X-Frame-Options", "DENY");
  response.set("Referrer-Policy", "no-referrer");
  response.set("X-Content-Type-Options", "nosniff");
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  if (answer.status == 401) response.set(http::field::www_authenticate, "Bearer");
  if (answer.status == 503) response.set(http::field::retry_after, "1");
}

/// For what the parser did not take; nothing where the connection is gone.
std::optional<Answer> answer_to(const beast::error_code& error) {
  if (error == http::error::body_limit) return refusal(413, "too_large", "the body is larger than this path takes");
  if (error == http::error::header_limit) return refusal(431, "too_large", "the header is larger than 16 KiB");
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error.category() == http::make_error_code(http::error::end_of_stream).category())
    return refusal(400, "bad_input", "this is not HTTP/1.1");
  return std::nullopt;
}

class Listener {
 public:
  Listener(Application& application, const Listen& listen)
      : application_(application), listen_(listen), context_(int(listen.threads)), work_(listen.threads) {}

  std::optional<Error> open(const std::function<void(std::uint16_t)>& started) {
    beast::error_code error;
    const auto address = asio::ip::make_address(listen_.address, error);
    if (error)
      return Error{ErrorCode::kBadInput, "--host",
                   "expected an address such as 127.0.0.1 or ::1, found \"" + listen_.address + '"', ""};
    const tcp::endpoint endpoint(address, listen_.port);
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error)
      return Error{ErrorCode::kUnavailable, listen_.address + ':' + std::to_string(listen_.port), error.message(),
                   "choose another --port"};
    started(acceptor_.local_endpoint(error).port());
    return std::nullopt;
  }

  void run() {
    signals_.async_wait([this](const beast::error_code& error, int) {
      if (!error) stop();
    });
    asio::co_spawn(context_, accept(), asio::detached);
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < listen_.threads; ++i) threads.emplace_back([this] { context_.run(); });
    context_.run();
    for (std::thread& thread : threads) thread.join();
    for (asio::thread_pool* pool : {&work_, &waiting_}) {
      pool->stop();
      pool->join();
    }
  }

 private:
  /// Calls in flight end, or their time does; another signal does what signals do.
  void stop() {
    stopping_ = true;
    signals_.clear();
    beast::error_code ignored;
    acceptor_.close(ignored);
    if (connections_ == 0) return context_.stop();
    grace_.expires_after(listen_.limits.stop);
    grace_.async_wait([](const beast::error_code& error) {
      if (!error) std::quick_exit(0);  // whatever is written is written as a whole or not at all
    });
    all_.close_idle();
  }

  asio::awaitable<void> accept() {
    while (!stopping_) {
      auto [error, socket] = co_await acceptor_.async_accept(asio::make_strand(context_), kAwait);
      if (error == asio::error::operation_aborted) break;
      // Out of descriptors, or the caller is gone already: the next may do.
      if (error) {
        asio::steady_timer pause(context_, std::chrono::milliseconds(10));
        co_await pause.async_wait(kAwait);
        continue;
      }
      if (connections_ >= most_connections_) all_.close_slowest();
      if (connections_ >= 2 * most_connections_) continue;  // closed as it leaves the scope
      const auto connection = std::make_shared<Connection>(std::move(socket));
      begin(connection);
      asio::co_spawn(connection->stream.get_executor(), converse(*connection),
                     [this, connection](std::exception_ptr) { end(*connection); });
    }
  }

  void begin(const std::shared_ptr<Connection>& connection) {
    ++connections_;
    application_.metrics().connections(1);
    all_.add(connection);
  }

  /// Also after a call for which there was not enough memory.
  void end(const Connection& connection) {
    all_.remove(&connection);
    application_.metrics().connections(-1);
    if (--connections_ == 0 && stopping_) context_.stop();
  }

  asio::awaitable<void> converse(Connection& connection) {
    beast::error_code ignored;
    connection.stream.socket().set_option(tcp::no_delay(true), ignored);
    bool first = true;
    while (!stopping_ && co_await one_call(connection, first)) first = false;
    connection.stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    co_await hear_out(connection);
  }

  /// A caller who still sends when the connection closes would not get to read the answer.
  asio::awaitable<void> hear_out(Connection& connection) {
    connection.stream.expires_after(kLinger);
    for (bool sends = true; sends && !stopping_;) {
      connection.buffer.clear();
      const auto [gone, count] =
          co_await connection.stream.async_read_some(connection.buffer.prepare(kFirstBytes), kAwait);
      sends = !gone;
    }
  }

  asio::awaitable<bool> call_begins(Connection& connection, bool first) {
    connection.owes_since = Clock::now().time_since_epoch().count();
    if (connection.buffer.size() > 0) co_return true;
    connection.idle = true;
    connection.stream.expires_after(first ? listen_.limits.header : listen_.limits.idle);
    const auto [gone, count] =
        co_await connection.stream.async_read_some(connection.buffer.prepare(kFirstBytes), kAwait);
    connection.idle = false;
    if (gone) co_return false;
    connection.buffer.commit(count);
    co_return true;
  }

  /// A call and its answer; whether another may follow on the connection.
  asio::awaitable<bool> one_call(Connection& connection, bool first) {
    beast::tcp_stream& stream = connection.stream;
    beast::flat_buffer& buffer = connection.buffer;
    Parser parser;
    parser.header_limit(std::uint32_t(listen_.limits.header_bytes));
    parser.body_limit(std::uint64_t{1} << 40);  // the route's own, once there is one
    if (!co_await call_begins(connection, first)) co_return false;
    stream.expires_after(listen_.limits.header);
    const auto [bad_header, header_bytes] = co_await http::async_read_header(stream, buffer, parser, kAwait);
    if (bad_header) co_return co_await last_words(stream, answer_to(bad_header));

    const auto begun = Clock::now();
    Incoming message = incoming(parser.get());
    const Route* route = application_.route_of(message.method, message.path());
    const std::size_t most = route ? route->most_body : kSmallBody;
    if (parser.content_length().value_or(0) > most)
      co_return co_await last_words(stream, answer_to(http::error::body_limit));
    parser.body_limit(most);
    if (auto away = application_.turned_away(message, route)) {
      log(stream, message, *away, begun, route, away->body.size());
      co_return co_await last_words(stream, std::move(away));
    }
    const Share room(body_bytes_, std::size_t(parser.content_length().value_or(parser.chunked() ? most : 0)),
                     listen_.limits.bodies);
    if (room.denied())
      co_return co_await last_words(stream,
                                    refusal(503, "unavailable", "too many bodies at once; try again in a moment"));
    if (beast::iequals(parser.get()[http::field::expect], "100-continue"))
      co_await http::async_write(stream, http::response<http::empty_body>(http::status::continue_, 11), kAwait);
    stream.expires_after(listen_.limits.body);
    const auto [bad_body, body_bytes] = co_await http::async_read(stream, buffer, parser, kAwait);
    if (bad_body) co_return co_await last_words(stream, answer_to(bad_body));
    message.body = std::move(parser.get().body());
    connection.owes_since = 0;

    const bool keep = parser.get().keep_alive() && !stopping_;
    const Share slot(long_calls_, route && route->work != Route::Work::kQuick ? 1 : 0, listen_.limits.long_calls);
    const Answer answer = co_await answer_to_call(message, route, slot.denied());
    if (answer.lines) co_return co_await write_lines(stream, message, *route, answer, keep, begun);
    log(stream, message, answer, begun, route, answer.body.size());
    co_return co_await write(stream, answer, keep, message.method == "HEAD") && keep;
  }

  /// What is not found on this machine is asked for again where the hub may be asked.
  asio::awaitable<Answer> answer_to_call(const Incoming& message, const Route* route, bool full) {
    if (full) co_return too_many();
    if (!route) co_return application_.answer(message, route, {});
    if (route->work == Route::Work::kWaits) co_return co_await elsewhere(waiting_, message, *route, kHub);
    Answer answer;
    if (route->work == Route::Work::kQuick)
      answer = application_.answer(message, route, {});
    else
      answer = co_await elsewhere(work_, message, *route, {});
    if (answer.status != 404 || route->request.empty() || route->writes) co_return answer;
    const Share slot(long_calls_, route->work == Route::Work::kQuick ? 1 : 0, listen_.limits.long_calls);
    if (slot.denied()) co_return too_many();
    co_return co_await elsewhere(waiting_, message, *route, kHub);
  }

  static Answer too_many() {
    return refusal(503, "unavailable", "too many long calls are running; try again in a moment");
  }

  asio::awaitable<Answer> elsewhere(asio::thread_pool& threads, const Incoming& message, const Route& route,
                                    const io::Reach& reach) {
    auto [failure, answer] = co_await asio::co_spawn(threads, compute(message, route, reach), kAwait);
    if (failure) co_return refusal(503, "unavailable", "there is not enough memory for this call");
    co_return std::move(answer);
  }

  asio::awaitable<Answer> compute(const Incoming& message, const Route& route, const io::Reach& reach) {
    co_return application_.answer(message, &route, reach);
  }

  asio::awaitable<bool> write(beast::tcp_stream& stream, const Answer& answer, bool keep, bool head) {
    http::response<http::string_body> response(http::status(answer.status), 11);
    set_common(response, answer);
    response.keep_alive(keep);
    if (answer.status != 304) response.content_length(answer.body.size());
    if (!head) response.body() = answer.body;
    stream.expires_after(listen_.limits.write);
    const auto [error, count] = co_await http::async_write(stream, response, kAwait);
    co_return !error;
  }

  asio::awaitable<bool> last_words(beast::tcp_stream& stream, std::optional<Answer> answer) {
    if (answer) co_await write(stream, *answer, false, false);
    co_return false;
  }

  asio::awaitable<bool> more(const Lines& lines, std::string& out) { co_return lines(out); }

  asio::awaitable<bool> write_lines(beast::tcp_stream& stream, const Incoming& message, const Route& route,
                                    const Answer& answer, bool keep, Clock::time_point begun) {
    http::response<http::empty_body> response(http::status::ok, 11);
    set_common(response, answer);
    response.keep_alive(keep);
    response.chunked(true);
    http::response_serializer<http::empty_body> serializer(response);
    stream.expires_after(listen_.limits.write);
    auto [error, count] = co_await http::async_write_header(stream, serializer, kAwait);
    std::string out;
    std::size_t sent = 0;
    for (bool going = true; going && !error;) {
      going = route.work == Route::Work::kQuick
                  ? answer.lines(out)
                  : co_await asio::co_spawn(work_, more(answer.lines, out), asio::use_awaitable);
      if (out.empty() || (going && out.size() < kChunk && route.work == Route::Work::kLong)) continue;
      sent += out.size();
      stream.expires_after(listen_.limits.write);
      std::tie(error, count) = co_await asio::async_write(stream, http::make_chunk(asio::buffer(out)), kAwait);
      out.clear();
    }
    if (!error) std::tie(error, count) = co_await asio::async_write(stream, http::make_chunk_last(), kAwait);
    log(stream, message, answer, begun, &route, sent);
    co_return !error && keep;
  }

  void log(beast::tcp_stream& stream, const Incoming& message, const Answer& answer, Clock::time_point begun,
           const Route* route, std::size_t sent) {
    const auto took = Clock::now() - begun;
    const auto all = routes();
    application_.metrics().count(route ? std::size_t(route - all.data()) : all.size(), answer.status, took);
    if (!listen_.log) return;
    beast::error_code ignored;
    const auto peer = stream.socket().remote_endpoint(ignored).address().to_string();
    std::fprintf(stderr, "%s \"%s %s\" %d %zu %.1fms\n", peer.c_str(), message.method.c_str(), message.target.c_str(),
                 answer.status, sent, std::chrono::duration<double, std::milli>(took).count());
  }

  static constexpr unsigned kWaiting = 4;
  static inline const io::Reach kHub{.hub = true, .progress = {}, .patience_ms = 20'000};
  static constexpr std::size_t kFirstBytes = 4096;
  static constexpr std::size_t kSmallBody = 64u << 10;
  static constexpr std::chrono::seconds kLinger{1};

  Application& application_;
  const Listen& listen_;
  asio::io_context context_;
  asio::thread_pool work_;
  asio::thread_pool waiting_{kWaiting};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer grace_{context_};
  asio::signal_set signals_{context_, SIGINT, SIGTERM};
  Connections all_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> connections_{0}, long_calls_{0}, body_bytes_{0};
  std::size_t most_connections_ = descriptors(listen_.limits.connections);
};

}  // namespace

std::optional<Error> listen(Application& application, const Listen& listen,
                            const std::function<void(std::uint16_t)>& started) {
  Listener listener(application, listen);
  if (auto error = listener.open(started)) return error;
  listener.run();
  return std::nullopt;
}

}  // namespace vram::server
