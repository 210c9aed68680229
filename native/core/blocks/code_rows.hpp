// Products with one-hot columns that are not made: sums of rows of W, in the places that the columns
// would have in a_prev. A term 1 · w equals w and a term 0 · w adds nothing, so that the bits are those
// of the products with the columns, except for the sign of a zero.
//
// Shapes: a_prev (rows, stride), of which these columns are not read; W (fan_in, fan_out).
#pragma once

#include <cstring>

#include "blocks/block.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Calls dense(range) for the columns of a_prev between the columns of codes, and codes(range) for
// adjacent columns of codes, by their numbers, in the order of a_prev.
template <class Dense, class Codes>
void for_segments(const CodeColumns& columns, Index fan_in, const Dense& dense,
                  const Codes& codes) {
    Index done = 0;
    for (Index c = 0, end; c < columns.n; c = end) {
        if (done < columns.first[c]) dense(Range{done, columns.first[c]});
        for (end = c + 1; end < columns.n && columns.first[end] == columns.behind(end - 1);) ++end;
        codes(Range{c, end});
        done = columns.behind(end - 1);
    }
    if (done < fan_in) dense(Range{done, fan_in});
}

// z = start + a_prev W for samples [range); `packed` has the panels of W.
template <class T>
void affine_with_codes(const Input<T>& input, const T* W, const T* packed, const T* start, T* z,
                       Index stride, Range range, Index fan_in, Index fan_out) {
    const CodeColumns& columns = *input.codes;
    const Index rows = range.end - range.begin;
    bool is_started = false;
    const auto dense = [&](Range part) {
        matmul<T>({input.dense + range.begin * input.stride + part.begin, input.stride, 1},
                  {packed, 0, fan_in, part.begin}, {z, stride, true},
                  is_started ? Start::result : Start::row, start, rows, fan_out,
                  part.end - part.begin);
        is_started = true;
    };
    const auto codes = [&](Range part) {
        for (Index i = 0; i < rows; ++i) {
            T* const row = z + i * stride;
            if (!is_started) std::memcpy(row, start, sizeof(T) * std::size_t(stride));
            for (Index c = part.begin; c < part.end; ++c) {
                const Index code = columns.of(c)[range.begin + i];
                if (code == 0) continue;
                const T* const from = W + (columns.first[c] + code - 1) * fan_out;
                for_slices<T>(fan_out, [&](auto slice) {
                    slice.write(row, slice.read(row) + slice.read(from));
                });
            }
        }
        is_started = true;
    };
    for_segments(columns, fan_in, dense, codes);
}

// Rows of dL/dW that belong to a column of codes, within rows [range) of W: the sum of delta over the
// samples with each code. dW points to row range.begin.
template <class T>
void gradient_of_codes(const CodeColumns& columns, Index c, Range range, const T* delta,
                       Index stride, Index rows, Index fan_out, T* dW, bool first) {
    const Index before = columns.first[c] - 1;  // the row of code 0, if it had one
    const Range mine{range.begin < columns.first[c] ? columns.first[c] : range.begin,
                     range.end < columns.behind(c) ? range.end : columns.behind(c)};
    if (mine.begin >= mine.end) return;
    if (first)
        std::memset(dW + (mine.begin - range.begin) * fan_out, 0,
                    sizeof(T) * std::size_t((mine.end - mine.begin) * fan_out));
    for (Index i = 0; i < rows; ++i) {
        const Index code = columns.of(c)[i], row = before + code;
        if (code == 0 || row < mine.begin || row >= mine.end) continue;
        T* const sum = dW + (row - range.begin) * fan_out;
        const T* const from = delta + i * stride;
        for_slices<T>(fan_out,
                      [&](auto slice) { slice.write(sum, slice.read(sum) + slice.read(from)); });
    }
}

// Rows [range) of dL/dW: of codes as above, and dense(part, to) for the others.
template <class T, class Dense>
void gradient_with_codes(const Input<T>& input, Range range, const T* delta, Index stride,
                         Index rows, Index fan_in, Index fan_out, T* dW, bool first,
                         const Dense& dense) {
    const CodeColumns& columns = *input.codes;
    const auto dense_part = [&](Range part) {
        if (part.begin < range.begin) part.begin = range.begin;
        if (part.end > range.end) part.end = range.end;
        if (part.begin < part.end) dense(part, dW + (part.begin - range.begin) * fan_out);
    };
    const auto codes = [&](Range part) {
        for (Index c = part.begin; c < part.end; ++c)
            gradient_of_codes(columns, c, range, delta, stride, rows, fan_out, dW, first);
    };
    for_segments(columns, fan_in, dense_part, codes);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
