// The products of a dense block in bfloat16: their operands are rounded copies of the float32 numbers,
// which are activated, updated and kept.
//
//    forward    z = b + bf16(a_prev) bf16(W)
//    backward   dW = bf16(a_prev)ᵀ bf16(delta);  dL/da_prev = bf16(delta) bf16(W)ᵀ
//
// The sums of dW run over the samples of a batch in blocks of 32; chunks are whole blocks
// (network.hpp), so that no bit depends on the chunks. B is Dense<float>, which includes this file.
#pragma once

#include <cstring>

#include "blocks/block.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Updates the copies of rows [range) of W: the panels of W and of Wᵀ.
template <class B>
void refresh_rounded_weights(const B& block, const float* W, Range range) {
    const Index fan_in = block.fan_in, fan_out = block.fan_out;
    if (block.rounded)
        round_panels(W, fan_out, range, fan_in, fan_out, block.rounded,
                     padded_pairs(fan_in) * panel_columns);
    if (block.rounded_transposed)
        round_panels_transposed(W, range, fan_out, block.rounded_transposed,
                                padded_pairs(fan_out) * panel_columns);
}

// Rounds rows [range) of a matrix to pairs, in each thread's buffer.
inline const Pair* round_rows(const Workspace<float>& shared, const float* rows, Index stride,
                              Index n, Range range) {
    Pair* const to = shared.rounded_rows;
    for (Index i = range.begin; i < range.end; ++i)
        round_row(rows + i * stride, n, to + i * shared.rounded_row);
    return to + range.begin * shared.rounded_row;
}

// Rows [range) of result = init + bf16(left) bf16(B), B (k, n) in panels; init is a row, or null.
inline void rounded_product(const Workspace<float>& shared, Left<float> left, Range range, Index k,
                            const Pair* panels, const float* init, Result<float> result, Index n) {
    const Index pairs = padded_pairs(k);
    bfloat16_unit()({round_rows(shared, left.data, left.row_stride, k, range), shared.rounded_row,
                     panels, pairs * panel_columns, init, 0,
                     result.data + range.begin * result.stride, result.stride,
                     range.end - range.begin, n, pairs / block_pairs});
}

// Rounds delta of rows [range) of a chunk for the products that sum over samples, padded with zeros
// to a whole block. range.begin is even.
template <class B>
void round_delta(const B& block, Range range, Index rows) {
    const Index pairs = padded_pairs(rows), panel = pairs * panel_columns;
    round_panels(block.product_delta(), block.stride, range, rows, block.fan_out,
                 block.rounded_delta, panel);
    if (range.end < rows || range.begin == range.end) return;
    const Index first = (rows + 1) / 2;
    for (Index j = 0; j < block.fan_out; j += panel_columns)
        std::memset(block.rounded_delta + j / panel_columns * panel + first * panel_columns, 0,
                    sizeof(Pair) * std::size_t((pairs - first) * panel_columns));
}

// Rows [range) of dL/dW over the chunk; `input` has `rows` rows.
template <class B>
void rounded_weight_gradient(const Workspace<float>& shared, const B& block,
                             const Input<float>& input, Index rows, Range range, float* dW,
                             bool first, int thread) {
    const Index to_row = shared.rounded_column;
    Pair* const columns = shared.rounded_columns + thread * weight_rows<float> * to_row;
    round_columns(input.dense, input.stride, rows, block.fan_in, range, columns, to_row);
    const Index pairs = padded_pairs(rows);
    bfloat16_unit()({columns, to_row, block.rounded_delta, pairs * panel_columns,
                     first ? nullptr : dW, block.fan_out, dW, block.fan_out,
                     range.end - range.begin, block.fan_out, pairs / block_pairs});
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
