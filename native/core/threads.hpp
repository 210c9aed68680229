// A team of threads for the length of one call: they start with it and end with it, so nothing
// survives a fork and there is no pool to configure. Work is divided by rows or by outputs, never
// by the terms of a sum: so a result does not depend on how many take part.
#pragma once

#include <cstdint>

namespace lamina {

class Team {
   public:
    virtual int size() const = 0;
    // Returns when all have arrived; what each wrote before is seen by all after.
    virtual void wait() = 0;

   protected:
    ~Team() = default;
};

struct Range {
    std::int64_t begin, end;
};

// The part of n that falls to `thread`, in whole grains but for the last.
inline Range share(std::int64_t n, std::int64_t grain, int thread, int size) {
    const std::int64_t grains = (n + grain - 1) / grain;
    const std::int64_t begin = grains * thread / size * grain;
    const std::int64_t end = grains * (thread + 1) / size * grain;
    return {begin < n ? begin : n, end < n ? end : n};
}

// Runs body(context, thread, team) in `size` threads, the caller's among them, and waits for all.
// Where the system gives fewer threads, the team is smaller. The body must not throw.
void run_team(int size, void (*body)(void* context, int thread, Team& team), void* context);

}  // namespace lamina
