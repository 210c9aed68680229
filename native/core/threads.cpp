#include "threads.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__x86_64__) || defined(_M_X64)
#include <immintrin.h>
#endif

namespace lamina {
namespace {

inline void relax() {
#if defined(__x86_64__) || defined(_M_X64)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Spins for some tens of microseconds, the length of a small step, and then sleeps: a team that
// shares its cores with others must not burn them.
class SpinThenSleep final : public Team {
   public:
    explicit SpinThenSleep(int size) : size_(size), absent_(size) {}

    int size() const override { return size_; }

    void wait() override {
        if (size_ == 1) return;
        const unsigned generation = generation_.load(std::memory_order_acquire);
        if (absent_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            absent_.store(size_, std::memory_order_relaxed);
            generation_.store(generation + 1);
            if (sleepers_.load() > 0) {
                const std::lock_guard<std::mutex> lock(mutex_);
                wake_.notify_all();
            }
            return;
        }
        for (int spin = 0; spin < spins; ++spin) {
            if (generation_.load(std::memory_order_acquire) != generation) return;
            relax();
        }
        std::unique_lock<std::mutex> lock(mutex_);
        sleepers_.fetch_add(1);
        wake_.wait(lock, [&] { return generation_.load() != generation; });
        sleepers_.fetch_sub(1);
    }

    void set_size(int size) { size_ = size, absent_ = size; }

   private:
    static constexpr int spins = 2000;
    int size_;
    alignas(64) std::atomic<int> absent_;
    alignas(64) std::atomic<unsigned> generation_{0};
    alignas(64) std::atomic<int> sleepers_{0};
    std::mutex mutex_;
    std::condition_variable wake_;
};

// Members wait until it is known how many came to be.
struct Gate {
    std::mutex mutex;
    std::condition_variable opened;
    bool is_open = false;

    void wait() {
        std::unique_lock<std::mutex> lock(mutex);
        opened.wait(lock, [&] { return is_open; });
    }
    void open() {
        const std::lock_guard<std::mutex> lock(mutex);
        is_open = true;
        opened.notify_all();
    }
};

}  // namespace

void run_team(int size, void (*body)(void*, int, Team&), void* context) {
    SpinThenSleep team(1);
    if (size <= 1) return body(context, 0, team);
    Gate gate;
    std::vector<std::thread> members;
    members.reserve(std::size_t(size));
    try {
        for (int thread = 1; thread < size; ++thread)
            members.emplace_back([&, thread] {
                gate.wait();
                body(context, thread, team);
            });
    } catch (const std::system_error&) {
        // The system gives no more threads: those that are there do the work.
    }
    team.set_size(int(members.size()) + 1);
    gate.open();
    body(context, 0, team);
    for (std::thread& member : members) member.join();
}

}  // namespace lamina
