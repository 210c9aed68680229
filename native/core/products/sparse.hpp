// Products with rows of a CSR matrix, which is never made dense; entries are used in stored order.
//
// Shapes: X (rows, fan_in) CSR; W, dW (fan_in, columns) row-major; z, delta (rows, stride).
#pragma once

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct SparseRows {
    const T* values;
    const std::int32_t* columns;
    const std::int64_t* starts;
    const std::int64_t* picked;  // indices of rows of the matrix
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

// The entries of a chunk by column: linked lists, each in order of the rows.
struct ColumnLists {
    std::int32_t* first;  // of every column; -1 if it is empty
    std::int32_t* next;   // of every entry; -1 after the last
    std::int32_t* row;
    std::int64_t* place;
};

// Builds the lists of the columns in [begin, end).
template <class T>
void list_columns(const SparseRows<T>& X, const ColumnLists& lists, Index begin, Index end) {
    for (Index j = begin; j < end; ++j) lists.first[j] = -1;
    Index entry = 0;
    for (Index row = 0; row < X.rows; ++row)
        entry += X.starts[X.picked[row] + 1] - X.starts[X.picked[row]];
    for (Index row = X.rows - 1; row >= 0; --row) {
        const Index start = X.starts[X.picked[row]];
        for (Index place = X.starts[X.picked[row] + 1] - 1; place >= start; --place) {
            --entry;
            const std::int32_t column = X.columns[place];
            if (column < begin || column >= end) continue;
            lists.row[entry] = std::int32_t(row);
            lists.place[entry] = place;
            lists.next[entry] = lists.first[column];
            lists.first[column] = std::int32_t(entry);
        }
    }
}

// dW += Xᵀ delta, for the rows of dW (X's columns) in [begin, end); dW points to row `begin`.
template <class T>
void sparse_transposed_times_dense(const SparseRows<T>& X, const ColumnLists& lists, const T* delta,
                                   Index stride, T* dW, Index columns, Index begin, Index end) {
    for (Index j = begin; j < end; ++j, dW += columns)
        for (std::int32_t entry = lists.first[j]; entry >= 0; entry = lists.next[entry]) {
            const Vector<T> x = broadcast(X.values[lists.place[entry]]);
            const T* row = delta + lists.row[entry] * stride;
            for_slices<T>(columns, [&](auto slice) {
                slice.write(dW, fma(x, slice.read(row), slice.read(dW)));
            });
        }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
