// What benchmarks hold the passes against: the multiply-adds that a core can do at the very most, and
// a matrix product by itself, in the three orientations that a step needs.
#pragma once

#include "matmul.hpp"
#include "network.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// `rounds` times a multiply-add on every register that a tile sums in; nothing is read or written.
template <class T>
void spin(Index rounds) {
    Vector<T> sum[accumulators];
    LAMINA_UNROLL
    for (int i = 0; i < accumulators; ++i) sum[i] = broadcast(T(i));
    const Vector<T> factor = broadcast(T(0.999)), term = broadcast(T(1e-3));
    for (Index round = 0; round < rounds; ++round)
        LAMINA_UNROLL
        for (int i = 0; i < accumulators; ++i) sum[i] = fma(sum[i], factor, term);
    LAMINA_UNROLL
    for (int i = 1; i < accumulators; ++i) sum[0] += sum[i];
    // Somebody must seem to read it, or the compiler leaves the whole loop out.
    [[maybe_unused]] volatile T read = sum[0][0];
}

// Returns the floating-point operations made, two for each multiply-add.
template <class T>
Index spin_on_threads(Index rounds, int n_threads) {
    Team team(n_threads);
    team.run(n_threads, [&](Index, int) { spin<T>(rounds); });
    return n_threads * 2 * rounds * accumulators * lanes<T>;
}

// C (m, n) = A B, of matrices that lie row by row; B is packed first.
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
        const Range mine = share(m, grain, task, n_tasks);
        const Index rows = mine.end - mine.begin;
        const Result<T> result{C + mine.begin * n, n, false};
        if (orientation == Orientation::left_transposed)
            transposed_matmul<T>(A + mine.begin, m, right, result, false, rows, n, k,
                                 scratch + thread * grain * piece_rows);
        else
            matmul<T>({A + mine.begin * k, k, 1}, right, result, Start::zero, nullptr, rows, n, k);
    });
}

// The same in bfloat16: A and B are rounded first.
inline void multiply_rounded(Orientation orientation, const float* A, const float* B, float* C,
                             Index m, Index n, Index k, int n_threads) {
    Team team(n_threads);
    const Index pairs = padded_pairs(k), panel = pairs * panel_columns;
    Buffer<Pair> a(m * pairs), b(rounded_size(k, n));
    orientation == Orientation::right_transposed ? round_panels_transposed(B, {0, n}, k, b, panel)
                                                 : round_panels(B, n, {0, k}, k, n, b, panel);
    const Index n_tasks = n_threads == 1 ? 1 : 8 * n_threads;
    team.run(n_tasks, [&](Index task, int) {
        const Range mine = share(m, 4, task, n_tasks);
        if (orientation == Orientation::left_transposed)
            round_columns(A, m, k, m, mine, a + mine.begin * pairs, pairs);
        else
            for (Index i = mine.begin; i < mine.end; ++i) round_row(A + i * k, k, a + i * pairs);
        bfloat16_unit()({a + mine.begin * pairs, pairs, b, panel, nullptr, 0, C + mine.begin * n, n,
                         mine.end - mine.begin, n, pairs / block_pairs});
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
