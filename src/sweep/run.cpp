#include "sweep/run.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace vram::sweep {
namespace {

constexpr std::int64_t kChunk = 4096;  // rows
constexpr std::int64_t kAhead = 4;     // chunks a thread that wait to be taken, at most

/// Chunks by number: computed by whoever is free, taken in order.
class Chunks {
 public:
  explicit Chunks(const Run& sweep)
      : sweep_(sweep),
        count_((sweep.end - sweep.begin + kChunk - 1) / kChunk),
        slots_(std::size_t(sweep.threads * kAhead)) {}

  void compute() {
    const RowWriter write = sweep_.writer();
    std::string text;
    for (;;) {
      const std::int64_t chunk = claim();
      if (chunk < 0) return;
      text.clear();
      const std::int64_t begin = sweep_.begin + chunk * kChunk;
      write(begin, std::min(begin + kChunk, sweep_.end), text);
      const std::scoped_lock lock(mutex_);
      Slot& slot = slot_of(chunk);
      std::swap(slot.text, text);
      slot.ready = true;
      changed_.notify_all();
    }
  }

  /// On the calling thread.
  bool take_all() {
    std::string text;
    for (std::int64_t chunk = 0; chunk < count_; ++chunk) {
      {
        std::unique_lock lock(mutex_);
        Slot& slot = slot_of(chunk);
        changed_.wait(lock, [&] { return slot.ready; });
        std::swap(slot.text, text);
        slot.ready = false;
        taken_ = chunk + 1;
        changed_.notify_all();
      }
      if (!sweep_.take(text)) {
        const std::scoped_lock lock(mutex_);
        stopped_ = true;
        changed_.notify_all();
        return false;
      }
      if (sweep_.progress) sweep_.progress(std::min((chunk + 1) * kChunk, sweep_.end - sweep_.begin));
    }
    return true;
  }

 private:
  struct Slot {
    std::string text;
    bool ready = false;
  };

  Slot& slot_of(std::int64_t chunk) { return slots_[std::size_t(chunk) % slots_.size()]; }

  /// The next chunk that has a slot; -1 where there is none left.
  std::int64_t claim() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return stopped_ || claimed_ >= count_ || claimed_ < taken_ + std::int64_t(slots_.size()); });
    return stopped_ || claimed_ >= count_ ? -1 : claimed_++;
  }

  const Run& sweep_;
  std::int64_t count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::int64_t claimed_ = 0, taken_ = 0;
  bool stopped_ = false;
};

}  // namespace

bool run(const Run& sweep) {
  Chunks chunks(sweep);
  std::vector<std::thread> threads;
  for (int i = 0; i < sweep.threads; ++i) threads.emplace_back([&] { chunks.compute(); });
  const bool whole = chunks.take_all();
  for (std::thread& thread : threads) thread.join();
  return whole;
}

}  // namespace vram::sweep
