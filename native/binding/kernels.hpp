// Common parts of the binding: the arrays that kernels take, and the choice of kernels.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdlib>
#include <string>
#include <type_traits>

#include "../core/engine.hpp"
#include "../core/instruction_sets.hpp"
#include "gil.hpp"

namespace lamina {

namespace nb = nanobind;

template <class T>
using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T>
using InOut = nb::ndarray<T, nb::c_contig, nb::device::cpu>;

// The set that LAMINA_INSTRUCTION_SET names, else the fastest; decided once.
inline const InstructionSet& chosen_instruction_set() {
    const InstructionSet* const* sets = runnable_instruction_sets();
    const char* requested = std::getenv("LAMINA_INSTRUCTION_SET");
    if (!requested || !*requested) return **sets;
    std::string supported;
    for (; *sets; ++sets) {
        if (std::string((*sets)->name) == requested) return **sets;
        supported += std::string(supported.empty() ? "" : ", ") + (*sets)->name;
    }
    throw nb::value_error(("LAMINA_INSTRUCTION_SET=" + std::string(requested) +
                           " is not among what this machine can run: " + supported)
                              .c_str());
}

inline const InstructionSet& instruction_set() {
    static const InstructionSet& set = chosen_instruction_set();
    return set;
}

template <class T>
const Kernels<T>& kernels_of(const InstructionSet& set) {
    if constexpr (std::is_same_v<T, float>)
        return set.float32;
    else
        return set.float64;
}

template <class T>
const Kernels<T>& kernels() {
    return kernels_of<T>(instruction_set());
}

// The kernels rely on their arguments; a mistake in Python must not read or write beyond an array.
inline void require(bool holds, const char* what) {
    if (!holds) throw nb::value_error(what);
}

// Returns whether a number stands for one of the names of a table.
inline bool is_in(const char* const* names, int number) {
    for (int i = 0; names[i]; ++i)
        if (i == number) return true;
    return false;
}

// Beyond this number, more threads never pay on any machine.
inline constexpr std::int64_t most_threads = 1024;

inline int threads_within(std::int64_t n_threads) {
    return int(n_threads < 1 ? 1 : n_threads > most_threads ? most_threads : n_threads);
}

// In addition to training: the kernels in use, their elementary functions, and benchmarks' measures.
void bind_measures(nb::module_& module);

// L-BFGS on losses and gradients of any engine.
void bind_lbfgs(nb::module_& module);

}  // namespace lamina
