// Threads beside those that answer at once. For the listener alone: its library is slow to compile.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <thread>
#include <vector>

namespace vram::server {

class Workers {
 public:
  /// Above 0 they give way to others where the cores are busy, so that a short answer does not wait for a long one.
  Workers(unsigned threads, int nice) : context_(int(threads)) {
    for (unsigned i = 0; i < threads; ++i)
      threads_.emplace_back([this, nice] {
        if (nice > 0) ::setpriority(PRIO_PROCESS, id_t(::gettid()), nice);
        context_.run();
      });
  }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  ~Workers() { stop(); }

  [[nodiscard]] auto executor() { return context_.get_executor(); }

  /// What is running ends; what waits is not begun.
  void stop() {
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

 private:
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open_{context_.get_executor()};
  std::vector<std::thread> threads_;
};

}  // namespace vram::server
