// C = init + Aᵀ B if B has few columns, as for dL/dW of an output: computed as (Bᵀ A)ᵀ, because most
// lanes of vectors of B would multiply padding.
#pragma once

#include "products/matmul.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Vectors' halves that n columns take.
template <class T>
inline Index halves(Index n) {
    constexpr Index unit = has_halves ? lanes<T> / 2 : lanes<T>;
    return (n + unit - 1) / unit;
}

// Returns whether C = Aᵀ B, A (k, m) and B (k, n), takes less time as (Bᵀ A)ᵀ: if B has few columns,
// most lanes of its vectors multiply padding.
template <class T>
bool is_faster_swapped(Index m, Index n, Index k, Index stride) {
    if (n > lanes<T> || stride * Index(sizeof(T)) > longest_row_bytes) return false;
    const Index copies = n > 1 ? m * n : 0;
    return (n * halves<T>(m) + 3) * k + copies < m * halves<T>(n) * k;
}

// C = init + Aᵀ B for such matrices: A (k, m) with padded rows `stride` apart, B (k, n), and C without
// padding; scratch has room for n padded rows of m. Each element is the same chain, because the factors
// of a multiply-add may be swapped.
template <class T>
void swapped_matmul(const T* A, Index stride, Left<T> B, T* C, bool adds, Index m, Index n, Index k,
                    T* scratch) {
    const Start start = adds ? Start::result : Start::zero;
    const Left<T> left{B.data, B.k_stride, B.row_stride};  // Bᵀ
    if (n == 1) return matmul<T>(left, {A, stride}, {C, m, false}, start, nullptr, 1, m, k);
    const Index width = padded<T>(m);
    if (adds)
        for (Index i = 0; i < m; ++i)
            for (Index j = 0; j < n; ++j) scratch[j * width + i] = C[i * n + j];
    matmul<T>(left, {A, stride}, {scratch, width, true}, start, nullptr, n, m, k);
    for (Index i = 0; i < m; ++i)
        for (Index j = 0; j < n; ++j) C[i * n + j] = scratch[j * width + i];
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
