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

// The first column of C = row + A B, A (m, k) with padded rows, from the first column of B: rows of A
// are the lanes of a vector, turned in squares. Each element is the same chain.
template <class T>
void single_column_matmul(const T* A, Index stride, const T* B, Index b_row, T* C, Index c_row,
                          T row, Index m, Index k) {
    constexpr Index side = lanes<T>;
    for (Index i = 0; i < m; i += side) {
        const Index rows = m - i < side ? m - i : side;
        Vector<T> sum = broadcast(row);
        for (Index p = 0; p < k; p += side) {
            Vector<T> square[side];
            LAMINA_UNROLL
            for (Index r = 0; r < side; ++r)
                square[r] = load(A + (i + (r < rows ? r : rows - 1)) * stride + p);
            transpose_registers<T>(square);
            LAMINA_UNROLL
            for (Index q = 0; q < side; ++q)
                if (p + q < k) sum = fma(square[q], broadcast(B[(p + q) * b_row]), sum);
        }
        T column[side];
        store(column, sum);
        for (Index r = 0; r < rows; ++r) C[(i + r) * c_row] = column[r];
    }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
