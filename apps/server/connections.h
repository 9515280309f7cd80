// Who is connected, and what they have of what there is to share. For the listener alone: its library is slow to
// compile.
#pragma once

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <cerrno>
#include <chrono>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace vram::server {

using Moment = std::chrono::steady_clock::rep;

inline Moment now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// A caller. Used on the thread of its socket alone, but for what is atomic.
struct Connection {
  explicit Connection(boost::asio::ip::tcp::socket of) : socket(std::move(of)) {}

  /// Whatever it waits for is given up after that.
  void within(std::chrono::steady_clock::duration time) { deadline = now() + time.count(); }
  [[nodiscard]] bool is_late() const { return deadline != 0 && deadline < now(); }
  /// Whether the caller has closed; from any thread, while a call of its is answered.
  [[nodiscard]] bool has_left() {
    char next = 0;
    const ssize_t got = ::recv(socket.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
  }
  void cancel() {
    boost::beast::error_code ignored;
    socket.cancel(ignored);
  }

  boost::asio::ip::tcp::socket socket;
  boost::beast::flat_buffer buffer;
  bool idle = false;                  // no byte of the next call has come
  std::atomic<Moment> owes_since{0};  // when the call began that has not come as a whole; 0: none
  std::atomic<Moment> deadline{0};    // 0: none
};

/// The connections there are. Used from any thread.
class Connections {
 public:
  void add(const std::shared_ptr<Connection>& connection) {
    const std::lock_guard lock(mutex_);
    all_.emplace(connection.get(), connection);
  }
  void remove(const Connection* connection) {
    const std::lock_guard lock(mutex_);
    all_.erase(connection);
  }
  void close_idle() {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, weak] : all_)
      if (const auto connection = weak.lock())
        boost::asio::post(connection->socket.get_executor(), [connection] {
          if (connection->idle) connection->cancel();
        });
  }
  /// To be called again and again: a timer for each read and write would cost more than most answers.
  void close_late() {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, weak] : all_)
      if (const auto connection = weak.lock(); connection && connection->is_late())
        boost::asio::post(connection->socket.get_executor(), [connection] {
          if (connection->is_late()) connection->cancel();
        });
  }
  /// Makes room for one who may have something to ask.
  void close_slowest() {
    const std::lock_guard lock(mutex_);
    std::shared_ptr<Connection> slowest;
    for (const auto& [key, weak] : all_)
      if (auto connection = weak.lock(); connection && connection->owes_since != 0)
        if (!slowest || connection->owes_since < slowest->owes_since) slowest = std::move(connection);
    if (!slowest) return;
    slowest->owes_since = 0;
    boost::asio::post(slowest->socket.get_executor(), [slowest] { slowest->cancel(); });
  }

 private:
  std::mutex mutex_;
  std::unordered_map<const Connection*, std::weak_ptr<Connection>> all_;
};

/// How many connections there may be: at most `wanted`, and what the process may open of them.
inline std::size_t descriptors(std::size_t wanted) {
  constexpr rlim_t kOthers = 64;  // files that are read, listeners, the library's own
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t needed = 2 * wanted + kOthers;
  if (limit.rlim_cur < needed) {
    limit.rlim_cur = std::min<rlim_t>(needed, limit.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  return std::clamp<std::size_t>((limit.rlim_cur - std::min(limit.rlim_cur, kOthers)) / 2, 1, wanted);
}

/// A part of what there is of something, while it lives.
class Share {
 public:
  Share(std::atomic<std::size_t>& taken, std::size_t part, std::size_t most) : taken_(taken), part_(part) {
    denied_ = taken_.fetch_add(part_) + part_ > most;
  }
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { taken_ -= part_; }
  [[nodiscard]] bool denied() const { return denied_; }

 private:
  std::atomic<std::size_t>& taken_;
  std::size_t part_;
  bool denied_ = false;
};

}  // namespace vram::server
