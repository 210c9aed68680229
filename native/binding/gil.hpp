// The GIL, released for long work and acquired again, also while the interpreter ends.
//
// A thread that requests the GIL after the interpreter has begun to end never gets it: Python up to
// 3.13 ends the thread, on glibc by unwinding its stack, which noexcept functions and joinable
// std::threads do not survive; Python 3.14 lets it sleep. Here such a thread sleeps with every
// version. Before that, `end_calls`, which Python runs at exit, asks all calls to stop and waits for
// them, so that no thread of a team outlives the interpreter.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <new>
#include <thread>

namespace lamina {

[[noreturn]] inline void raise_out_of_memory() {
    PyErr_SetString(
        PyExc_MemoryError,
        "there is not enough memory for this network and so many rows at once: take a smaller "
        "batch_size, smaller hidden_layer_sizes, fewer members, inputs with fewer outputs or fewer "
        "n_threads");
    throw nanobind::python_error();
}

inline std::atomic<int> calls_at_work{0};
inline std::atomic<bool> interpreter_ends{false};
inline std::thread::id ending_thread;  // written before interpreter_ends

// Returns whether the interpreter ends in another thread than this one.
inline bool must_stop() {
    return interpreter_ends.load() && std::this_thread::get_id() != ending_thread;
}

[[noreturn]] inline void sleep_for_ever() {
    for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// Stops the unwinding of a thread that the interpreter ends.
class SleepOnUnwinding {
   public:
    ~SleepOnUnwinding() {
        if (!is_passed_) sleep_for_ever();
    }
    void pass() { is_passed_ = true; }

   private:
    bool is_passed_ = false;
};

inline void take_gil_again(PyThreadState* state) {
    if (must_stop()) sleep_for_ever();
    SleepOnUnwinding guard;
    PyEval_RestoreThread(state);
    guard.pass();
}

// Calls body() without the GIL, and raises MemoryError if an allocation in it fails.
template <class Body>
void without_gil(const Body& body) {
    std::exception_ptr error;
    bool is_out_of_memory = false;
    ++calls_at_work;
    PyThreadState* const state = PyEval_SaveThread();
    try {
        if (!must_stop()) body();
    } catch (const std::bad_alloc&) {
        is_out_of_memory = true;
    } catch (...) {
        error = std::current_exception();
    }
    --calls_at_work;
    take_gil_again(state);
    if (is_out_of_memory) raise_out_of_memory();
    if (error) std::rethrow_exception(error);
}

// Calls body() with the GIL, within a call that runs without it. body() must not throw.
template <class Body>
void with_gil(const Body& body) {
    SleepOnUnwinding guard;
    const PyGILState_STATE state = PyGILState_Ensure();
    body();
    PyGILState_Release(state);
    guard.pass();
}

// Asks the calls of all other threads to stop, and waits for them for at most `seconds`; later calls
// never begin.
inline void end_calls(double seconds) {
    // Threads that never end never free their resources.
    nanobind::set_leak_warnings(false);
    ending_thread = std::this_thread::get_id();
    interpreter_ends = true;
    using Clock = std::chrono::steady_clock;
    const auto end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(seconds));
    PyThreadState* const state = PyEval_SaveThread();
    while (calls_at_work > 0 && Clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    take_gil_again(state);
}

}  // namespace lamina
