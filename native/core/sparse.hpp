// Products with the rows of a csr matrix, never made dense; entries are taken in stored order.
//
// Shapes: X (rows, fan_in) csr; W, dW (fan_in, columns) row-major; z, delta (rows, stride).
#pragma once

#include "simd.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct SparseRows {
    const T* values;
    const std::int32_t* columns;
    const std::int64_t* starts;
    const std::int64_t* picked;  // which rows of the matrix
    Index rows;
};

// z = bias + X W
template <class T>
void sparse_times_dense(const SparseRows<T>& X, const T* W, Index columns, const T* bias, T* z,
                        Index stride) {
    for (Index row = 0; row < X.rows; ++row) {
        const Index begin = X.starts[X.picked[row]], end = X.starts[X.picked[row] + 1];
        for_slices<T>(columns, [&](auto slice) {
            Vector<T> sum = slice.read(bias);
            for (Index e = begin; e < end; ++e)
                sum = fma(broadcast(X.values[e]), slice.read(W + X.columns[e] * columns), sum);
            slice.write(z + row * stride, sum);
        });
    }
}

// dW += Xᵀ delta, for the rows of dW (X's columns) in [first, last)
template <class T>
void sparse_transposed_times_dense(const SparseRows<T>& X, const T* delta, Index stride, T* dW,
                                   Index columns, Index first, Index last) {
    for (Index row = 0; row < X.rows; ++row) {
        const Index begin = X.starts[X.picked[row]], end = X.starts[X.picked[row] + 1];
        for (Index e = begin; e < end; ++e) {
            if (X.columns[e] < first || X.columns[e] >= last) continue;
            const Vector<T> x = broadcast(X.values[e]);
            T* w = dW + X.columns[e] * columns;
            for_slices<T>(columns, [&](auto slice) {
                slice.write(w, fma(x, slice.read(delta + row * stride), slice.read(w)));
            });
        }
    }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
