// A team of threads for one call: they start and end with it, so nothing survives a fork and there is
// no pool to configure. The caller leads: it distributes tasks, takes part, and continues when all
// are done. A member that the system has put to sleep delays nobody unless it holds a task. Tasks
// divide samples or outputs, never the terms of a sum, so results do not depend on the number of
// threads, nor on their scheduling.
#pragma once

#include <cstdint>

namespace lamina {

struct Range {
    std::int64_t begin, end;
};

// The i-th of `parts` ranges of n, in whole grains except at the end.
inline Range part_range(std::int64_t n, std::int64_t grain, std::int64_t i, std::int64_t parts) {
    const std::int64_t grains = (n + grain - 1) / grain;
    const std::int64_t begin = grains * i / parts * grain;
    const std::int64_t end = grains * (i + 1) / parts * grain;
    return {begin < n ? begin : n, end < n ? end : n};
}

class Team {
   public:
    // If the system provides fewer threads than requested, the team is smaller.
    explicit Team(int size);
    ~Team();
    Team(const Team&) = delete;

    int size() const { return size_; }

    // Calls body(task, thread) for all tasks; returns when all are done. body must not throw.
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
