// The products of a step in bfloat16, instead of those of passes.hpp: their operands are rounded
// copies of the float32 numbers, which are activated, updated and kept.
//
//    forward    z = b + bf16(a_prev) bf16(W)
//    backward   dW = bf16(a_prev)ᵀ bf16(delta);  delta_prev = (bf16(delta) bf16(W)ᵀ) f'
//
// The sums of dW run over the samples of a batch in blocks of 32; chunks are whole blocks
// (network.hpp), so that no bit depends on the chunks.
#pragma once

#include "blocks/network.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Updates the copies of rows [range) of W: the panels of W and of Wᵀ.
inline void refresh_rounded_weights(const Layer<float>& layer, const float* W, Range range) {
    const Index fan_in = layer.fan_in, fan_out = layer.fan_out;
    if (layer.rounded)
        round_panels(W, fan_out, range, fan_in, fan_out, layer.rounded,
                     padded_pairs(fan_in) * panel_columns);
    if (layer.rounded_transposed)
        round_panels_transposed(W, range, fan_out, layer.rounded_transposed,
                                padded_pairs(fan_out) * panel_columns);
}

// Rounds rows [range) of a matrix to pairs, in each thread's buffer.
inline const Pair* round_rows(const Network<float>& network, const float* rows, Index stride,
                              Index n, Range range) {
    Pair* const to = network.rounded_rows;
    for (Index i = range.begin; i < range.end; ++i)
        round_row(rows + i * stride, n, to + i * network.rounded_row);
    return to + range.begin * network.rounded_row;
}

inline void rounded_affine(const Network<float>& network, const Layer<float>& layer,
                           const float* before, Index stride, Range range) {
    bfloat16_unit()({round_rows(network, before, stride, layer.fan_in, range), network.rounded_row,
                     layer.rounded, padded_pairs(layer.fan_in) * panel_columns, layer.bias, 0,
                     layer.affine_result() + range.begin * layer.stride, layer.stride,
                     range.end - range.begin, layer.fan_out,
                     padded_pairs(layer.fan_in) / block_pairs});
}

inline void rounded_times_transposed(const Network<float>& network, const Layer<float>& above,
                                     const Layer<float>& below, Range range) {
    const Index stride = above.stride;
    bfloat16_unit()(
        {round_rows(network, above.delta, stride, above.fan_out, range), network.rounded_row,
         above.rounded_transposed, padded_pairs(above.fan_out) * panel_columns, nullptr, 0,
         below.delta + range.begin * below.stride, below.stride, range.end - range.begin,
         above.fan_in, padded_pairs(above.fan_out) / block_pairs});
}

// Rounds delta of rows [range) of a chunk for the products that sum over samples, padded with zeros
// to a whole block. range.begin is even.
inline void round_delta(const Layer<float>& layer, Range range, Index rows) {
    const Index pairs = padded_pairs(rows), panel = pairs * panel_columns;
    round_panels(layer.delta, layer.stride, range, rows, layer.fan_out, layer.rounded_delta, panel);
    if (range.end < rows || range.begin == range.end) return;
    const Index first = (rows + 1) / 2;
    for (Index j = 0; j < layer.fan_out; j += panel_columns)
        std::memset(layer.rounded_delta + j / panel_columns * panel + first * panel_columns, 0,
                    sizeof(Pair) * std::size_t((pairs - first) * panel_columns));
}

// Rows [range) of dL/dW over the chunk; `before` is the input of the layer, with `rows` rows.
inline void rounded_weight_gradient(const Network<float>& network, const Layer<float>& layer,
                                    const float* before, Index stride, Index rows, Range range,
                                    float* dW, bool first, int thread) {
    const Index to_row = network.rounded_column;
    Pair* const columns = network.rounded_columns + thread * weight_rows<float> * to_row;
    round_columns(before, stride, rows, layer.fan_in, range, columns, to_row);
    const Index pairs = padded_pairs(rows);
    bfloat16_unit()({columns, to_row, layer.rounded_delta, pairs * panel_columns,
                     first ? nullptr : dW, layer.fan_out, dW, layer.fan_out,
                     range.end - range.begin, layer.fan_out, pairs / block_pairs});
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
