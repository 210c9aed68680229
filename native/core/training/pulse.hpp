// The check whether to stop, during long work.
#pragma once

#include "engine.hpp"
#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Checks the signal after about a millisecond of work, because a check reads the clock.
class Pulse {
   public:
    explicit Pulse(StopSignal signal) : signal_(signal) {}
    bool stops_after(Index multiply_adds) {
        if ((work_ += multiply_adds) < (Index(1) << 22)) return false;
        work_ = 0;
        return signal_.asked(signal_.context);
    }

   private:
    StopSignal signal_;
    Index work_ = 0;
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
