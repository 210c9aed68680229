// z = b + x W for one row x, directly from W: packing it would take longer than using it once. Every
// element is the same chain of fused multiply-adds as in matmul.hpp, so the bits are the same.
//
// Shapes: x (n), W (n, columns) row-major, b (columns); z (columns), padded to whole vectors.
#pragma once

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

inline constexpr int few_vectors = 8;  // side by side: enough chains to keep the multipliers busy

template <class T, int VECTORS>
void affine_columns(const T* x, const T* W, const T* b, Index n, Index row, T* z) {
    Vector<T> sum[VECTORS];
    LAMINA_UNROLL
    for (int v = 0; v < VECTORS; ++v) sum[v] = load(b + v * lanes<T>);
    for (Index k = 0; k < n; ++k, W += row) {
        const Vector<T> a = broadcast(x[k]);
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS; ++v) sum[v] = fma(a, load(W + v * lanes<T>), sum[v]);
    }
    LAMINA_UNROLL
    for (int v = 0; v < VECTORS; ++v) store(z + v * lanes<T>, sum[v]);
}

// The columns that fill no whole vector; z has room for one.
template <class T>
void affine_rest(const T* x, const T* W, const T* b, Index n, Index row, Index columns, T* z) {
    Vector<T> sum = load_part(b, columns);
    for (Index k = 0; k < n; ++k, W += row) sum = fma(broadcast(x[k]), load_part(W, columns), sum);
    store(z, sum);
}

template <class T>
void affine_row(const T* x, const T* W, const T* b, Index n, Index columns, T* z) {
    constexpr Index several = few_vectors * lanes<T>;
    Index j = 0;
    for (; j + several <= columns; j += several)
        affine_columns<T, few_vectors>(x, W + j, b + j, n, columns, z + j);
    for (; j + lanes<T> <= columns; j += lanes<T>)
        affine_columns<T, 1>(x, W + j, b + j, n, columns, z + j);
    if (j < columns) affine_rest(x, W + j, b + j, n, columns, columns - j, z + j);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
