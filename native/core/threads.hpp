// A team of threads for the length of one call: they start with it and end with it, so nothing
// survives a fork and there is no pool to configure. The caller leads: it hands out tasks, takes part,
// and goes on when all are done, whoever did them. A member that the system has put to sleep delays
// nobody unless it holds a task. Tasks divide rows or outputs, never the terms of a sum: so a result
// does not depend on how many take part, nor on who did what.
#pragma once

#include <cstdint>

namespace lamina {

struct Range {
    std::int64_t begin, end;
};

// The part of n that falls to the i-th of `parts`, in whole grains but for the last.
inline Range share(std::int64_t n, std::int64_t grain, std::int64_t i, std::int64_t parts) {
    const std::int64_t grains = (n + grain - 1) / grain;
    const std::int64_t begin = grains * i / parts * grain;
    const std::int64_t end = grains * (i + 1) / parts * grain;
    return {begin < n ? begin : n, end < n ? end : n};
}

class Team {
   public:
    // Where the system gives fewer threads than asked for, the team is smaller.
    explicit Team(int size);
    ~Team();
    Team(const Team&) = delete;

    int size() const { return size_; }

    // Calls body(task, thread) for all tasks; returns when all are done. Must not throw.
    template <class Body>
    void run(std::int64_t n_tasks, const Body& body) {
        if (size_ == 1 || n_tasks == 1) {
            for (std::int64_t task = 0; task < n_tasks; ++task) body(task, 0);
            return;
        }
        run_shared(n_tasks, call<Body>, &body);
    }

   private:
    using Function = void (*)(const void* body, std::int64_t task, int thread);
    template <class Body>
    static void call(const void* body, std::int64_t task, int thread) {
        (*static_cast<const Body*>(body))(task, thread);
    }
    void run_shared(std::int64_t n_tasks, Function function, const void* body);

    struct Members;
    Members* members_ = nullptr;
    int size_;
};

}  // namespace lamina
