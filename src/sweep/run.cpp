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

/// Chunks by number: computed by whoever is free, taken in order by the calling thread, which computes too while the
/// next one is not there.
class Chunks {
 public:
  explicit Chunks(const Run& sweep)
      : sweep_(sweep),
        count_((sweep.end - sweep.begin + kChunk - 1) / kChunk),
        slots_(std::size_t(sweep.threads * kAhead)) {}

  /// On a thread of its own.
  void compute_all() {
    const RowWriter write = sweep_.writer();
    std::string text;
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return done() || may_claim(); });
      if (done()) return;
      compute(write, text, lock);
    }
  }

  /// On the calling thread.
  bool take_all() {
    const RowWriter write = sweep_.writer();
    std::string text;
    for (std::int64_t chunk = 0; chunk < count_; ++chunk) {
      {
        std::unique_lock lock(mutex_);
        Slot& slot = slot_of(chunk);
        while (!slot.ready) {
          if (may_claim())
            compute(write, text, lock);
          else
            changed_.wait(lock);
        }
        std::swap(slot.text, text);
        slot.ready = false;
        taken_ = chunk + 1;
      }
      changed_.notify_all();
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

  [[nodiscard]] bool done() const { return stopped_ || claimed_ >= count_; }
  /// Whether there is a chunk left, and a slot for it.
  [[nodiscard]] bool may_claim() const { return !done() && claimed_ < taken_ + std::int64_t(slots_.size()); }

  /// The next chunk, into its slot. `lock` is held before and after; `text` is room to write in.
  void compute(const RowWriter& write, std::string& text, std::unique_lock<std::mutex>& lock) {
    const std::int64_t chunk = claimed_++;
    lock.unlock();
    text.clear();
    const std::int64_t begin = sweep_.begin + chunk * kChunk;
    write(begin, std::min(begin + kChunk, sweep_.end), text);
    lock.lock();
    Slot& slot = slot_of(chunk);
    std::swap(slot.text, text);
    slot.ready = true;
    changed_.notify_all();
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
  for (int i = 1; i < sweep.threads; ++i) threads.emplace_back([&] { chunks.compute_all(); });
  const bool whole = chunks.take_all();
  for (std::thread& thread : threads) thread.join();
  return whole;
}

}  // namespace vram::sweep
