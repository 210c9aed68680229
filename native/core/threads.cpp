#include "threads.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
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

// One word holds all that a member needs to take a task: the round, and which of its tasks are left.
// Taking one is a compare-and-swap, which fails if anything changed. Even members take from the low
// end and odd ones from the high end, so that a core tends to get the same weights in every step, and
// finds them in its cache.
struct Ticket {
    static constexpr int bits = 20;
    static constexpr std::uint64_t mask = (1u << bits) - 1;

    static std::uint64_t of(std::uint64_t round, std::uint64_t begin, std::uint64_t end) {
        return round << (2 * bits) | begin << bits | end;
    }
    static std::uint64_t round(std::uint64_t ticket) { return ticket >> (2 * bits); }
    static std::uint64_t begin(std::uint64_t ticket) { return ticket >> bits & mask; }
    static std::uint64_t end(std::uint64_t ticket) { return ticket & mask; }

    static bool has_more(std::uint64_t ticket) { return begin(ticket) < end(ticket); }
    static std::uint64_t without_lowest(std::uint64_t ticket) { return ticket + (1u << bits); }
    static std::uint64_t without_highest(std::uint64_t ticket) { return ticket - 1; }
};

// Number of times that a member checks for the next round before it sleeps: some tens of
// microseconds, the length of a small step. A team that shares its cores with others must not occupy
// them.
constexpr int spins = 2000;

// Steps between trials of a team and of its leader alone.
constexpr std::int64_t shortest_period = 4000, longest_period = 64000;

double now() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace

struct Team::Members {
    alignas(64) std::atomic<std::uint64_t> ticket{0};
    alignas(64) std::atomic<std::int64_t> done{0};
    alignas(64) std::atomic<Function> function{nullptr};
    std::atomic<const void*> body{nullptr};
    std::atomic<bool> ended{false};
    std::atomic<int> sleepers{0};
    std::mutex mutex;
    std::condition_variable wake;
    std::vector<std::thread> threads;

    // Takes tasks of the present round until none is left.
    void work(int thread) {
        std::uint64_t now = ticket.load(std::memory_order_acquire);
        while (Ticket::has_more(now)) {
            // Valid if the swap succeeds: they change only when all tasks of a round are done.
            const Function call = function.load(std::memory_order_relaxed);
            const void* with = body.load(std::memory_order_relaxed);
            const bool from_low = thread % 2 == 0;
            const std::uint64_t task = from_low ? Ticket::begin(now) : Ticket::end(now) - 1;
            const std::uint64_t rest =
                from_low ? Ticket::without_lowest(now) : Ticket::without_highest(now);
            if (!ticket.compare_exchange_weak(now, rest, std::memory_order_acq_rel,
                                              std::memory_order_acquire))
                continue;
            call(with, std::int64_t(task), thread);
            done.fetch_add(1, std::memory_order_release);
            now = ticket.load(std::memory_order_acquire);
        }
    }

    void live(int thread) {
        std::uint64_t round = 0;
        while (await_round_after(round)) {
            round = Ticket::round(ticket.load(std::memory_order_acquire));
            work(thread);
        }
    }

    // Returns false when the team has ended.
    bool await_round_after(std::uint64_t round) {
        const auto has_come = [&] { return Ticket::round(ticket.load()) != round || ended.load(); };
        for (int spin = 0; spin < spins; ++spin) {
            if (has_come()) return !ended.load();
            relax();
        }
        std::unique_lock<std::mutex> lock(mutex);
        sleepers.fetch_add(1);
        wake.wait(lock, has_come);
        sleepers.fetch_sub(1);
        return !ended.load();
    }

    void wake_sleepers() {
        if (sleepers.load() == 0) return;
        const std::lock_guard<std::mutex> lock(mutex);
        wake.notify_all();
    }
};

void StepTimes::begin() {
    if (!is_settled_) begun_ = now();
}

void StepTimes::end() {
    if (is_settled_) return;
    const std::int64_t left = (is_trial_ ? trial_steps : next_trial_) - ++n_steps_;
    if (left < measured_steps) seconds_[left] = now() - begun_;
    if (left == 0) compare();
}

// After a period of the present choice, a trial of the other one; after a trial, the faster of both
// for a period, which is twice as long each time that the choice stays. The median counts, because
// the system may suspend a thread during any step.
void StepTimes::compare() {
    double* const middle = seconds_ + measured_steps / 2;
    std::nth_element(seconds_, middle, seconds_ + measured_steps);
    n_steps_ = 0;
    is_trial_ = !is_trial_;
    if (is_trial_) {
        chosen_seconds_ = *middle;
        is_settled_ = *middle > longest_step;
        if (!is_settled_) is_alone_ = !is_alone_;
        return;
    }
    const bool is_faster = *middle < 0.98 * chosen_seconds_;
    if (!is_faster) is_alone_ = !is_alone_;
    next_trial_ =
        std::max(shortest_period, is_faster ? 0 : std::min(2 * next_trial_, longest_period));
}

Team::Team(int size, StepTimes* times) : size_(1) {
    if (size <= 1) return;
    times_ = times;
    members_ = new Members;
    try {
        members_->threads.reserve(std::size_t(size));
        for (int thread = 1; thread < size; ++thread)
            members_->threads.emplace_back([members = members_, thread] { members->live(thread); });
    } catch (const std::system_error&) {
        // The system provides no more threads; the present ones do the work.
    }
    size_ = int(members_->threads.size()) + 1;
}

Team::~Team() {
    if (!members_) return;
    members_->ended.store(true);
    {
        const std::lock_guard<std::mutex> lock(members_->mutex);
        members_->wake.notify_all();
    }
    for (std::thread& thread : members_->threads) thread.join();
    delete members_;
}

void Team::run_shared(std::int64_t n_tasks, Function function, const void* body) {
    Members& team = *members_;
    team.done.store(0, std::memory_order_relaxed);
    team.function.store(function, std::memory_order_relaxed);
    team.body.store(body, std::memory_order_relaxed);
    const std::uint64_t round = Ticket::round(team.ticket.load(std::memory_order_relaxed)) + 1;
    team.ticket.store(Ticket::of(round, 0, std::uint64_t(n_tasks)));
    team.wake_sleepers();
    team.work(0);
    for (int spin = 0; team.done.load(std::memory_order_acquire) != n_tasks; ++spin)
        spin < spins ? relax() : std::this_thread::yield();
}

}  // namespace lamina
