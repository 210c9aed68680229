// Passes over the rows of k members: a sample has k rows, which follow each other, and a parameter of a
// member is read by every k-th row.
//
// Shapes: rows (samples k, stride); parameters of members (k, stride) in copies, (k, columns) in sums.
#pragma once

#include <cstring>

#include "blocks/block.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The rows of samples.
inline Range member_rows(Range samples, Index k) { return {samples.begin * k, samples.end * k}; }

// The row of a block's input that a row of a member reads.
template <class T>
const T* input_row(const Input<T>& input, bool repeats, Index k, Index row) {
    return input.dense + (repeats ? row / k : row) * input.stride;
}

// Copies (k, columns) to rows `stride` apart.
template <class T>
void copy_rows(const T* from, Index k, Index columns, Index stride, T* to) {
    for (Index i = 0; i < k; ++i)
        std::memcpy(to + i * stride, from + i * columns, sizeof(T) * std::size_t(columns));
}

// sums = (first ? 0 : sums) + Σ_samples term(row, slice) of each member. Row by row, because a
// column of one member lies far apart.
template <class T, class Term>
void sum_of_members(Index samples, Index k, Index columns, T* sums, bool first, const Term& term) {
    if (first) std::memset(sums, 0, sizeof(T) * std::size_t(k * columns));
    for (Index sample = 0; sample < samples; ++sample)
        for (Index i = 0; i < k; ++i) {
            T* const mine = sums + i * columns;
            const Index row = sample * k + i;
            for_slices<T>(columns, [&](auto slice) {
                slice.write(mine, term(row, slice, slice.read(mine)));
            });
        }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
