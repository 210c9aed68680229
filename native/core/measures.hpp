// Peak rates for benchmarks: the multiply-adds that a core can do at most, and a matrix product
// alone, in the three orientations of a step.
#pragma once

#include <utility>

#include "blocks/network.hpp"
#include "products/matmul.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// One operation of a loop in registers: its name, a start around which the chains begin, and x → y.
// Every chain tends to a finite number that is not subnormal.
template <class T>
struct MultiplyAdd {
    static constexpr auto name = "multiply_add";
    static constexpr T start = 0;
    // 1 - 0.999^rounds from zero on, which shows that every multiply-add was made.
    static Vector<T> apply(Vector<T> x) { return fma(x, broadcast(T(0.999)), broadcast(T(1e-3))); }
};
template <class T>
struct Divide {
    static constexpr auto name = "divide";
    static constexpr T start = 64;
    static Vector<T> apply(Vector<T> x) { return T(4096) / x; }
};
template <class T>
struct SquareRoot {
    static constexpr auto name = "square_root";
    static constexpr T start = 64;
    static Vector<T> apply(Vector<T> x) { return square_root(x); }
};

// `rounds` operations on each of `chains` registers, without memory accesses. Each chain starts at
// another number that the compiler cannot see: it would compute equal chains once, and leave out one
// that never changes. Returns the mean of all lanes. The chains are indexed by constants, because an
// array indexed by a loop lives in memory.
template <class T, class Operation, int... chain>
double spin_chains(Index rounds, std::integer_sequence<int, chain...>) {
    constexpr int chains = sizeof...(chain);
    volatile T distance = T(0.5);
    Vector<T> x[chains] = {
        broadcast(T(Operation::start + distance * T(2 * chain - chains + 1)))...};
    for (Index round = 0; round < rounds; ++round) ((x[chain] = Operation::apply(x[chain])), ...);
    double sum = 0;
    for (Index lane = 0; lane < lanes<T>; ++lane) ((sum += double(x[chain][lane])), ...);
    return sum / double(chains * lanes<T>);
}

template <class T, class Operation, int chains>
inline constexpr SpinLoop spin_loop = {Operation::name, chains, lanes<T>, [](std::int64_t rounds) {
                                           return spin_chains<T, Operation>(
                                               rounds, std::make_integer_sequence<int, chains>());
                                       }};

// A multiply-add takes four or five cycles and up to four start per cycle: a loop needs eight to
// sixteen chains to keep the units busy, and two more registers.
template <class T>
inline constexpr SpinLoop spin_loops[] = {
    spin_loop<T, MultiplyAdd<T>, 8>,  spin_loop<T, MultiplyAdd<T>, 12>,
#if defined(__AVX512F__) || defined(__ARM_NEON)
    spin_loop<T, MultiplyAdd<T>, 16>, spin_loop<T, MultiplyAdd<T>, 24>,  // of 32 registers
#endif
    spin_loop<T, Divide<T>, 8>,       spin_loop<T, SquareRoot<T>, 8>,   {nullptr, 0, 0, nullptr},
};

// C (m, n) = A B for row-major matrices; B is packed first.
template <class T>
void multiply(Orientation orientation, const T* A, const T* B, T* C, Index m, Index n, Index k,
              int n_threads) {
    constexpr Index grain = weight_rows<T>;
    Team team(n_threads);
    Buffer<T> packed(packed_size<T>(k, n)), scratch(n_threads * grain * piece_rows);
    orientation == Orientation::right_transposed ? pack_transposed<T>(B, 0, n, k, n, packed)
                                                 : pack<T>(B, n, 0, k, k, n, packed);
    const Right<T> right{packed, 0, k};
    const Index n_tasks = (m + grain - 1) / grain;
    team.run(n_tasks, [&](Index task, int thread) {
        const Range mine = part_range(m, grain, task, n_tasks);
        const Index rows = mine.end - mine.begin;
        const Result<T> result{C + mine.begin * n, n, false};
        if (orientation == Orientation::left_transposed)
            transposed_matmul<T>(A + mine.begin, m, right, result, false, rows, n, k,
                                 scratch + thread * grain * piece_rows);
        else
            matmul<T>({A + mine.begin * k, k, 1}, right, result, Start::zero, nullptr, rows, n, k);
    });
}

// The same in bfloat16; A and B are rounded first.
inline void multiply_rounded(Orientation orientation, const float* A, const float* B, float* C,
                             Index m, Index n, Index k, int n_threads) {
    Team team(n_threads);
    const Index pairs = padded_pairs(k), panel = pairs * panel_columns;
    Buffer<Pair> a(m * pairs), b(rounded_size(k, n));
    orientation == Orientation::right_transposed ? round_panels_transposed(B, {0, n}, k, b, panel)
                                                 : round_panels(B, n, {0, k}, k, n, b, panel);
    const Index n_tasks = n_threads == 1 ? 1 : 8 * n_threads;
    team.run(n_tasks, [&](Index task, int) {
        const Range mine = part_range(m, 4, task, n_tasks);
        if (orientation == Orientation::left_transposed)
            round_columns(A, m, k, m, mine, a + mine.begin * pairs, pairs);
        else
            for (Index i = mine.begin; i < mine.end; ++i) round_row(A + i * k, k, a + i * pairs);
        bfloat16_unit()({a + mine.begin * pairs, pairs, b, panel, nullptr, 0, C + mine.begin * n, n,
                         mine.end - mine.begin, n, pairs / block_pairs});
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
