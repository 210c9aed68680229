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

// C (m, n) = A B, of matrices that lie row by row; B is packed first, on the same threads.
template <class T>
void multiply(Orientation orientation, const T* A, const T* B, T* C, Index m, Index n, Index k,
              int n_threads) {
    Team team(n_threads);
    Buffer<T> packed(packed_size<T>(k, n));
    orientation == Orientation::right_transposed ? pack_transposed<T>(B, 0, n, k, n, packed)
                                                 : pack<T>(B, 0, k, k, n, packed);
    const bool is_transposed = orientation == Orientation::left_transposed;
    const Index row_stride = is_transposed ? 1 : k, k_stride = is_transposed ? m : 1;
    const Index n_tasks = n_threads == 1 ? 1 : 8 * n_threads;
    team.run(n_tasks, [&](Index task, int) {
        const Range mine = share(m, 4, task, n_tasks);
        matmul<T>({A + mine.begin * row_stride, row_stride, k_stride}, {packed, 0},
                  {C + mine.begin * n, n, false}, Start::zero, nullptr, mine.end - mine.begin, n, k);
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
