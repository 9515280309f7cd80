#include "server/listener.h"

#include <array>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

#include "server/connections.h"
#include "server/response.h"
#include "server/workers.h"

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
  return {{method.data(), method.size()},
          {target.data(), target.size()},
          field(message, "Host"),
          field(message, "Origin"),
          field(message, "Authorization"),
          field(message, "X-Write-Token"),
          field(message, "Accept-Encoding"),
          field(message, "If-None-Match"),
          {},
          {}};
}

/// "1a0\r\n", before as many bytes of a body in chunks.
std::string chunk_size(std::size_t bytes) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bytes, 16).ptr;
  return std::string(digits.data(), end) + "\r\n";
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
      : application_(application), listen_(listen), work_(listen.threads, kGivesWay) {
    for (unsigned i = 1; i < listen.threads; ++i) others_.emplace_back(1u, 0);
  }

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
    asio::co_spawn(context_, watch(), asio::detached);
    context_.run();
    work_.stop();
    waiting_.stop();
    for (Workers& other : others_) other.stop();
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

  /// Each connection stays on one thread; they take turns.
  asio::any_io_executor next_thread() {
    const std::size_t turn = turns_++ % (others_.size() + 1);
    if (turn == 0) return context_.get_executor();
    return others_[turn - 1].executor();
  }

  asio::awaitable<void> accept() {
    while (!stopping_) {
      auto [error, socket] = co_await acceptor_.async_accept(next_thread(), kAwait);
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
      asio::co_spawn(connection->socket.get_executor(), converse(*connection),
                     [this, connection](std::exception_ptr) { end(*connection); });
    }
  }

  asio::awaitable<void> watch() {
    for (;;) {
      asio::steady_timer pause(context_, kWatch);
      co_await pause.async_wait(kAwait);
      all_.close_late();
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
    connection.socket.set_option(tcp::no_delay(true), ignored);
    bool first = true;
    while (!stopping_ && co_await one_call(connection, first)) first = false;
    connection.socket.shutdown(tcp::socket::shutdown_send, ignored);
    co_await hear_out(connection);
  }

  /// A caller who still sends when the connection closes would not get to read the answer.
  asio::awaitable<void> hear_out(Connection& connection) {
    connection.within(kLinger);
    for (bool sends = true; sends && !stopping_;) {
      connection.buffer.clear();
      sends = co_await receive(connection, kFirstBytes);
    }
  }

  /// Some more of what the caller sends; false where nothing more comes.
  static asio::awaitable<bool> receive(Connection& connection, std::size_t most) {
    const auto [gone, count] = co_await connection.socket.async_read_some(connection.buffer.prepare(most), kAwait);
    connection.buffer.commit(count);
    co_return !gone;
  }

  asio::awaitable<bool> call_begins(Connection& connection, bool first) {
    connection.owes_since = now();
    if (connection.buffer.size() > 0) co_return true;
    if (connection.buffer.capacity() > kBodyBytes / 2) connection.buffer.shrink_to_fit();  // after a large body
    connection.idle = true;
    connection.within(first ? listen_.limits.header : listen_.limits.idle);
    const bool begins = co_await receive(connection, kFirstBytes);
    connection.idle = false;
    co_return begins;
  }

  /// The call's header, or with `whole` its body too. What has come already is parsed here and now: the library's own
  /// reading goes through the queue of its thread each time.
  static asio::awaitable<beast::error_code> read(Connection& connection, Parser& parser, bool whole) {
    parser.eager(whole);
    bool lacks = connection.buffer.size() == 0;
    while (!(whole ? parser.is_done() : parser.is_header_done())) {
      if (lacks) lacks = !co_await receive(connection, whole ? kBodyBytes : kFirstBytes);
      if (lacks) co_return http::error::partial_message;
      beast::error_code error;
      connection.buffer.consume(parser.put(connection.buffer.data(), error));
      if (error && error != http::error::need_more) co_return error;
      lacks = error || connection.buffer.size() == 0;
    }
    co_return beast::error_code();
  }

  /// A call and its answer; whether another may follow on the connection.
  asio::awaitable<bool> one_call(Connection& connection, bool first) {
    Parser parser;
    parser.header_limit(std::uint32_t(listen_.limits.header_bytes));
    parser.body_limit(std::uint64_t{1} << 40);  // the route's own, once there is one
    if (!co_await call_begins(connection, first)) co_return false;
    connection.within(listen_.limits.header);
    const auto bad_header = co_await read(connection, parser, false);
    if (bad_header) co_return co_await last_words(connection, answer_to(bad_header));

    const auto begun = Clock::now();
    Incoming message = incoming(parser.get());
    const Route* route = application_.route_of(message.method, message.path());
    const std::size_t most = route ? route->most_body : kSmallBody;
    if (parser.content_length().value_or(0) > most)
      co_return co_await last_words(connection, answer_to(http::error::body_limit));
    parser.body_limit(most);
    if (auto away = application_.turned_away(message, route)) {
      log(connection, message, *away, begun, route, away->body.size());
      co_return co_await last_words(connection, std::move(away));
    }
    const Share room(body_bytes_, std::size_t(parser.content_length().value_or(parser.chunked() ? most : 0)),
                     listen_.limits.bodies);
    if (room.denied())
      co_return co_await last_words(connection,
                                    refusal(503, "unavailable", "too many bodies at once; try again in a moment"));
    connection.within(listen_.limits.body);
    if (beast::iequals(parser.get()[http::field::expect], "100-continue"))
      co_await asio::async_write(connection.socket, asio::buffer(kContinue), kAwait);
    const auto bad_body = co_await read(connection, parser, true);
    if (bad_body) co_return co_await last_words(connection, answer_to(bad_body));
    message.body = std::move(parser.get().body());
    connection.owes_since = 0;
    connection.deadline = 0;

    if (route && route->work == Route::Work::kLong) message.left = [&connection] { return connection.has_left(); };
    const bool keep = parser.get().keep_alive() && !stopping_;
    const Share slot(long_calls_, route && route->is_counted() ? 1 : 0, listen_.limits.long_calls);
    const Answer answer = co_await answer_to_call(message, route, slot.denied());
    if (answer.lines) co_return co_await write_lines(connection, message, *route, answer, keep, begun);
    log(connection, message, answer, begun, route, answer.body.size());
    co_return co_await write(connection, answer, keep, message.method == "HEAD") && keep;
  }

  /// What is not found on this machine is asked for again where the hub may be asked.
  asio::awaitable<Answer> answer_to_call(const Incoming& message, const Route* route, bool full) {
    if (full) co_return too_many();
    if (!route) co_return application_.answer(message, route, {});
    if (route->work == Route::Work::kWaits) co_return co_await elsewhere(waiting_, message, *route, kHub);
    Answer answer;
    if (route->is_counted() || message.body.size() > kShortBody)
      answer = co_await elsewhere(work_, message, *route, {});
    else
      answer = application_.answer(message, route, {});
    if (answer.status != 404 || route->request.empty() || route->writes) co_return answer;
    const Share slot(long_calls_, route->is_counted() ? 0 : 1, listen_.limits.long_calls);
    if (slot.denied()) co_return too_many();
    co_return co_await elsewhere(waiting_, message, *route, kHub);
  }

  static Answer too_many() {
    return refusal(503, "unavailable", "too many long calls are running; try again in a moment");
  }

  asio::awaitable<Answer> elsewhere(Workers& threads, const Incoming& message, const Route& route,
                                    const io::Reach& reach) {
    auto [failure, answer] = co_await asio::co_spawn(threads.executor(), compute(message, route, reach), kAwait);
    if (failure) co_return refusal(503, "unavailable", "there is not enough memory for this call");
    co_return std::move(answer);
  }

  asio::awaitable<Answer> compute(const Incoming& message, const Route& route, const io::Reach& reach) {
    co_return application_.answer(message, &route, reach);
  }

  asio::awaitable<bool> write(Connection& connection, const Answer& answer, bool keep, bool only_head) {
    const std::string head = head_of(answer, keep, answer.body.size());
    const std::array<asio::const_buffer, 2> parts{
        asio::buffer(head), asio::buffer(only_head ? std::string_view() : std::string_view(answer.body))};
    connection.within(listen_.limits.write);
    const auto [error, count] = co_await asio::async_write(connection.socket, parts, kAwait);
    co_return !error;
  }

  asio::awaitable<bool> last_words(Connection& connection, std::optional<Answer> answer) {
    if (answer) co_await write(connection, *answer, false, false);
    co_return false;
  }

  asio::awaitable<bool> more(const Lines& lines, std::string& out) { co_return lines(out); }

  /// Lines are made on the threads that give way, some at a time, and sent once there are enough of them.
  asio::awaitable<bool> write_lines(Connection& connection, const Incoming& message, const Route& route,
                                    const Answer& answer, bool keep, Clock::time_point begun) {
    std::string head = head_of(answer, keep, std::nullopt), out;
    std::size_t sent = 0;
    bool going = true, taken = true;
    auto due = begun + kPatience;
    while (going && taken) {
      going = co_await asio::co_spawn(work_.executor(), more(answer.lines, out), asio::use_awaitable);
      if (going && (out.empty() || (out.size() < kChunk && Clock::now() < due))) continue;
      sent += out.size();
      if (!out.empty()) head += chunk_size(out.size());
      const std::string_view end = out.empty() ? "0\r\n\r\n" : going ? "\r\n" : "\r\n0\r\n\r\n";
      const std::array<asio::const_buffer, 3> parts{asio::buffer(head), asio::buffer(out), asio::buffer(end)};
      connection.within(listen_.limits.write);
      const auto [error, count] = co_await asio::async_write(connection.socket, parts, kAwait);
      connection.deadline = 0;
      taken = !error;
      head.clear();
      out.clear();
      due = Clock::now() + kPatience;
    }
    log(connection, message, answer, begun, &route, sent);
    co_return taken&& keep;
  }

  void log(const Connection& connection, const Incoming& message, const Answer& answer, Clock::time_point begun,
           const Route* route, std::size_t sent) {
    const auto took = Clock::now() - begun;
    const auto all = routes();
    application_.metrics().count(route ? std::size_t(route - all.data()) : all.size(), answer.status, took);
    if (!listen_.log) return;
    beast::error_code ignored;
    const auto peer = connection.socket.remote_endpoint(ignored).address().to_string();
    std::fprintf(stderr, "%s \"%s %s\" %d %zu %.1fms\n", peer.c_str(), message.method.c_str(), message.target.c_str(),
                 answer.status, sent, std::chrono::duration<double, std::milli>(took).count());
  }

  static constexpr unsigned kWaiting = 4;
  static inline const io::Reach kHub{.hub = true, .progress = {}, .patience_ms = 20'000};
  static constexpr int kGivesWay = 10;
  static constexpr std::size_t kFirstBytes = 4096;
  static constexpr std::size_t kBodyBytes = 64u << 10;
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  static constexpr std::size_t kSmallBody = 64u << 10;
  static constexpr std::size_t kShortBody = 32u << 10;  // a longer one takes more than some milliseconds to read
  static constexpr std::chrono::seconds kLinger{1};
  static constexpr std::chrono::milliseconds kWatch{250};     // between looks at who is late
  static constexpr std::chrono::milliseconds kPatience{100};  // of a caller whose lines are slow to make

  Application& application_;
  const Listen& listen_;
  asio::io_context context_;
  tcp::acceptor acceptor_{context_};
  asio::steady_timer grace_{context_};
  asio::signal_set signals_{context_, SIGINT, SIGTERM};
  Connections all_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> connections_{0}, long_calls_{0}, body_bytes_{0};
  std::size_t most_connections_ = descriptors(listen_.limits.connections);
  std::size_t turns_ = 0;
  // Last: what runs there uses all of the above.
  std::deque<Workers> others_;
  Workers work_, waiting_{kWaiting, kGivesWay};
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
