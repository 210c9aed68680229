// Ends a long call early: for Ctrl-C, an exception of a Python function called by the kernels, or the
// end of the interpreter.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <limits>
#include <memory>
#include <utility>

#include "../core/engine.hpp"
#include "gil.hpp"

namespace lamina {

namespace nb = nanobind;

// Runs Python's signal handlers every 20 ms of a long call and keeps what they raise; checks the
// deadline, if the call has one, as often.
class Interrupt {
   public:
    explicit Interrupt(double seconds = std::numeric_limits<double>::infinity()) {
        if (seconds < 1e9)
            deadline_ = last_ + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(seconds));
    }
    StopSignal signal() { return {ask, this}; }
    // At once, without waiting for the 20 ms; the GIL is held.
    bool check_now() {
        if (!error_ && PyErr_CheckSignals() != 0) error_ = std::make_unique<nb::python_error>();
        return error_ != nullptr;
    }
    bool check() {
        if (must_stop()) return true;
        const Clock::time_point now = Clock::now();
        if (now - last_ < std::chrono::milliseconds(20)) return false;
        last_ = now;
        if (now >= deadline_) return true;
        bool is_raised = false;
        with_gil([&] { is_raised = check_now(); });
        return is_raised;
    }
    void keep(nb::python_error& error) {
        error_ = std::make_unique<nb::python_error>(std::move(error));
    }
    void rethrow() {
        if (error_) throw nb::python_error(std::move(*error_));
    }
    std::unique_ptr<nb::python_error> take() { return std::move(error_); }

   private:
    using Clock = std::chrono::steady_clock;
    static bool ask(void* self) { return static_cast<Interrupt*>(self)->check(); }
    Clock::time_point last_ = Clock::now(), deadline_ = Clock::time_point::max();
    std::unique_ptr<nb::python_error> error_;
};

}  // namespace lamina
