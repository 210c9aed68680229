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

// Decides by measured times whether the steps of a fit are faster by a team or by its leader alone:
// that depends on how fast cores exchange what they write, and on other work of the machine. It
// lasts for all calls of a fit.
class StepTimes {
   public:
    bool is_alone() const { return is_alone_; }
    // Call before and after each step.
    void begin();
    void end();

   private:
    void compare();
    // Steps of a trial of the other choice; only the last ones are measured, because the first ones
    // wake the threads.
    static constexpr int trial_steps = 18, measured_steps = 12;
    // A trial of a step this long would cost more than it can save.
    static constexpr double longest_step = 1e-3;

    bool is_alone_ = false, is_trial_ = false, is_settled_ = false;
    std::int64_t n_steps_ = 0, next_trial_ = trial_steps;
    double begun_ = 0, seconds_[measured_steps] = {}, chosen_seconds_ = 0;
};

class Team {
   public:
    // If the system provides fewer threads than requested, the team is smaller. With `times`, the
    // leader takes the steps alone if that is faster.
    explicit Team(int size, StepTimes* times = nullptr);
    ~Team();
    Team(const Team&) = delete;

    // Number of threads of the present step, and of any step.
    int size() const { return times_ && times_->is_alone() ? 1 : size_; }
    int most() const { return size_; }

    // Around each step of a fit.
    void begin_step() {
        if (times_) times_->begin();
    }
    void end_step() {
        if (times_) times_->end();
    }

    // Calls body(task, thread) for all tasks; returns when all are done. body must not throw.
    template <class Body>
    void run(std::int64_t n_tasks, const Body& body) {
        if (size() == 1 || n_tasks == 1) {
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
    StepTimes* times_ = nullptr;
    int size_;
};

}  // namespace lamina
