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
    const Index whole = columns / lanes<T> * lanes<T>;
    for (Index row = 0; row < X.rows; ++row) {
        const Index begin = X.starts[X.picked[row]], end = X.starts[X.picked[row] + 1];
        for (Index j = 0; j < columns; j += lanes<T>) {
            Vector<T> sum = load(bias + j);
            for (Index e = begin; e < end; ++e) {
                const T* w = W + X.columns[e] * columns + j;
                sum = fma(broadcast(X.values[e]), j < whole ? load(w) : load_part(w, columns - j),
                          sum);
            }
            store(z + row * stride + j, sum);
        }
    }
}

// dW += Xᵀ delta
template <class T>
void sparse_transposed_times_dense(const SparseRows<T>& X, const T* delta, Index stride, T* dW,
                                   Index columns) {
    const Index whole = columns / lanes<T> * lanes<T>;
    for (Index row = 0; row < X.rows; ++row) {
        const Index begin = X.starts[X.picked[row]], end = X.starts[X.picked[row] + 1];
        for (Index e = begin; e < end; ++e) {
            const Vector<T> x = broadcast(X.values[e]);
            T* w = dW + X.columns[e] * columns;
            const T* d = delta + row * stride;
            for (Index j = 0; j < whole; j += lanes<T>)
                store(w + j, fma(x, load(d + j), load(w + j)));
            if (whole < columns) {
                const Index part = columns - whole;
                store_part(w + whole, fma(x, load(d + whole), load_part(w + whole, part)), part);
            }
        }
    }
}

// sums = (first ? 0 : sums) + Σ_rows delta
template <class T>
void column_sums(const T* delta, Index stride, Index rows, Index columns, T* sums, bool first) {
    for (Index j = 0; j < columns; j += lanes<T>) {
        const Index part = columns - j;
        const bool whole = part >= lanes<T>;
        Vector<T> sum{};
        if (!first) sum = whole ? load(sums + j) : load_part(sums + j, part);
        for (Index row = 0; row < rows; ++row) sum += load(delta + row * stride + j);
        whole ? store(sums + j, sum) : store_part(sums + j, sum, part);
    }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
