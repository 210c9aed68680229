// Peak rates for benchmarks: the multiply-adds that a core can do at most, and a matrix product
// alone, in the three orientations of a step.
#pragma once

#include <utility>

#include "blocks/network.hpp"
#include "products/matmul.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// `rounds` multiply-adds on each of `chains` registers, without memory accesses. The chains start
// around zero, each at another number that the compiler cannot see: it would compute equal chains
// once, and a chain that starts at 1 never. Returns the mean of all lanes, 1 - 0.999^rounds, which
// shows that every multiply-add was made. The chains are indexed by constants, because an array
// indexed by a loop lives in memory.
template <class T, int... chain>
double spin_chains(Index rounds, std::integer_sequence<int, chain...>) {
    constexpr int chains = sizeof...(chain);
    // Each chain tends to 1, so that no number overflows or becomes subnormal.
    const Vector<T> factor = broadcast(T(0.999)), term = broadcast(T(1e-3));
    volatile T distance = T(0.5);
    Vector<T> x[chains] = {broadcast(T(distance * T(2 * chain - chains + 1)))...};
    for (Index round = 0; round < rounds; ++round) ((x[chain] = fma(x[chain], factor, term)), ...);
    double sum = 0;
    for (Index lane = 0; lane < lanes<T>; ++lane) ((sum += double(x[chain][lane])), ...);
    return sum / double(chains * lanes<T>);
}

template <class T, int chains>
double spin(std::int64_t rounds) {
    return spin_chains<T>(rounds, std::make_integer_sequence<int, chains>());
}

// A multiply-add takes four or five cycles and up to four start per cycle: a loop needs eight to
// sixteen chains to keep the units busy, and two more registers.
template <class T>
inline constexpr SpinLoop spin_loops[] = {
    {8, lanes<T>, spin<T, 8>},
    {12, lanes<T>, spin<T, 12>},
#if defined(__AVX512F__) || defined(__ARM_NEON)
    {24, lanes<T>, spin<T, 24>},  // of 32 registers
#endif
    {0, 0, nullptr},
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
