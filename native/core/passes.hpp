// Forward and backward, over ranges: rows of the chunk for what each row has of its own (gather,
// forward, loss, delta), rows of W for what they sum to (dL/dW). Ranges do not meet, so threads may
// take them side by side, and no range shows in a bit of the result.
//
//    forward    z = a_prev W + b,  a = f(z)
//    backward   delta = dL/dz;  dW = a_prevᵀ delta;  db = Σ_rows delta;  delta_prev = (delta Wᵀ) f'
#pragma once

#include "losses.hpp"
#include "network.hpp"
#include "optimizers.hpp"
#include "rounded_passes.hpp"
#include "skipping.hpp"
#include "sparse.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Which rows: those that order lists, or, where it is null, first, first + 1, …
struct Chunk {
    const std::int64_t* order;
    Index first, rows;
    Index operator[](Index i) const { return order ? order[i] : first + i; }
    Chunk part(Index begin, Index n) const {
        return {order ? order + begin : nullptr, first + begin, n};
    }
};

// What the first layer reads: dense rows, or rows of a csr matrix.
template <class T>
struct Input {
    bool skips_zeros;  // dense, but mostly zeros
    const T* dense;    // null where sparse
    SparseRows<T> sparse;

    Input(const Network<T>& network, const Rows<T>& rows, const Chunk& chunk)
        : skips_zeros(network.skips_zeros),
          dense(!rows.dense   ? nullptr
                : chunk.order ? (const T*)network.x
                              : rows.dense + chunk.first * network.n_features),
          sparse{rows.csr_values, rows.csr_columns, rows.csr_starts, network.picked, chunk.rows} {}
};

template <class T>
ColumnLists column_lists(const Network<T>& network) {
    return {network.first_entry, network.next_entry, network.entry_row, network.entry_place};
}

template <class T>
void gather(Network<T>& network, const Rows<T>& rows, const Chunk& chunk, Range range) {
    const Index n_features = network.n_features, n_outputs = network.n_outputs;
    for (Index i = range.begin; i < range.end; ++i) {
        const Index row = chunk[i];
        if (!rows.dense)
            network.picked[i] = row;
        else if (chunk.order)
            std::memcpy(network.x + i * n_features, rows.dense + row * n_features,
                        sizeof(T) * std::size_t(n_features));
        if (rows.weight) network.weight[i] = rows.weight[row];
        if (rows.codes) network.codes[i] = rows.codes[row];
        if (rows.targets)
            for (Index j = 0; j < n_outputs; ++j)
                network.y[i * n_outputs + j] = rows.targets[row * n_outputs + j];
    }
}

// What stands beside W for rows [range) of it, a block of weight_rows or less: the panels, the
// transposed panels and the sum of squares.
template <class T>
void refresh_weights(const Network<T>& network, const Layer<T>& layer, const T* parameters,
                     Range range) {
    const T* W = parameters + layer.weights;
    const Index fan_in = layer.fan_in, fan_out = layer.fan_out;
    if constexpr (std::is_same_v<T, float>)
        if (network.is_rounded()) refresh_rounded_weights(layer, W, range);
    if (layer.packed) pack<T>(W, fan_out, range.begin, range.end, fan_in, fan_out, layer.packed);
    if (layer.transposed)
        pack_transposed<T>(W, range.begin, range.end, fan_out, fan_in, layer.transposed);
    if (network.square && network.problem.alpha != 0)
        network.square[layer.squares + range.begin / weight_rows<T>] = sum_of_squares(
            W + range.begin * layer.fan_out, (range.end - range.begin) * layer.fan_out);
}

template <class T>
void refresh_biases(const Layer<T>& layer, const T* parameters) {
    std::memcpy(layer.bias, parameters + layer.biases, sizeof(T) * std::size_t(layer.fan_out));
}

template <class T>
void refresh_learned(const Layer<T>& layer, const T* parameters) {
    for (Index i = 0; i < layer.n_learned; ++i)
        std::memcpy(layer.learned_copy + i * layer.stride,
                    parameters + layer.learned + i * layer.fan_out,
                    sizeof(T) * std::size_t(layer.fan_out));
}

// Calls body(block) for the rows of W in [range), weight_rows at a time.
template <class T, class Body>
void for_weight_blocks(Range range, Body body) {
    for (Index begin = range.begin; begin < range.end; begin += weight_rows<T>) {
        const Index end = begin + weight_rows<T>;
        body(Range{begin, end < range.end ? end : range.end});
    }
}

template <class T>
void refresh_all(Network<T>& network, const T* parameters) {
    for (Index i = 0; i < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        for_weight_blocks<T>({0, layer.fan_in}, [&](Range block) {
            refresh_weights(network, layer, parameters, block);
        });
        refresh_biases(layer, parameters);
        refresh_learned(layer, parameters);
    }
}

template <class T>
void affine(Network<T>& network, Index i, const T* parameters, const Input<T>& input, Range range) {
    Layer<T>& layer = network.layers[i];
    T* z = layer.affine_result() + range.begin * layer.stride;
    if (i == 0 && !input.dense) {
        SparseRows<T> mine = input.sparse;
        mine.picked += range.begin;
        mine.rows = range.end - range.begin;
        return sparse_times_dense<T>(mine, parameters + layer.weights, layer.fan_out, layer.bias, z,
                                     layer.stride);
    }
    const Index stride = i == 0 ? network.n_features : network.layers[i - 1].stride;
    const T* before = i == 0 ? input.dense : (const T*)network.layers[i - 1].a;
    if constexpr (std::is_same_v<T, float>)
        if (network.is_rounded()) return rounded_affine(network, layer, before, stride, range);
    const T* const mine = before + range.begin * stride;
    const Right<T> W{layer.packed, 0, layer.fan_in};
    const Result<T> result{z, layer.stride, true};
    const Index rows = range.end - range.begin;
    if (i == 0 && input.skips_zeros)
        return skipping_matmul(mine, stride, W, result, (const T*)layer.bias, rows, layer.fan_out,
                               layer.fan_in);
    matmul<T>({mine, stride, 1}, W, result, Start::row, layer.bias, rows, layer.fan_out,
              layer.fan_in);
}

template <class T>
void forward(Network<T>& network, const T* parameters, const Input<T>& input, Range range) {
    for (Index i = 0; i < network.n_layers; ++i) {
        affine(network, i, parameters, input, range);
        const Layer<T>& layer = network.layers[i];
        if (!layer.activation.is_identity)
            layer.activation.activate(layer.units(range.begin, range.end - range.begin));
    }
}

// The last layer's logits without the padding between rows.
template <class T>
void gather_logits(Network<T>& network, Range range) {
    const Layer<T>& last = network.layers[network.n_layers - 1];
    for (Index i = range.begin; i < range.end; ++i)
        for (Index j = 0; j < network.n_outputs; ++j)
            network.p[i * network.n_outputs + j] = last.a[i * last.stride + j];
}

// Each row's loss, and its slope at the last layer's a.
template <class T>
void loss(Network<T>& network, bool is_weighted, Range range) {
    const Index n_outputs = network.n_outputs, first = range.begin * n_outputs;
    gather_logits(network, range);
    loss_table<T>[network.problem.loss].of_rows(
        {range.end - range.begin, n_outputs, network.p + first, network.y + first,
         network.codes + range.begin, is_weighted ? network.weight + range.begin : nullptr,
         network.logit_delta + first, network.value + first, network.row_loss + range.begin});
    const Layer<T>& last = network.layers[network.n_layers - 1];
    for (Index i = range.begin; i < range.end; ++i)
        for (Index j = 0; j < n_outputs; ++j)
            last.delta[i * last.stride + j] = network.logit_delta[i * n_outputs + j];
}

// What dW reads of a long delta, and of every delta in bfloat16: `rows` are the chunk's.
template <class T>
void pack_delta(const Layer<T>& layer, Range range, Index rows) {
    if constexpr (std::is_same_v<T, float>)
        if (layer.rounded_delta) round_delta(layer, range, rows);
    if (layer.packed_delta)
        pack<T>(layer.delta, layer.stride, range.begin, range.end, rows, layer.fan_out,
                layer.packed_delta);
}

// delta Wᵀ, of the layer above, into the delta of the layer below.
template <class T>
void times_transposed(Network<T>& network, const Layer<T>& above, const Layer<T>& below,
                      Range range) {
    if constexpr (std::is_same_v<T, float>)
        if (network.is_rounded()) return rounded_times_transposed(network, above, below, range);
    matmul<T>({above.delta + range.begin * above.stride, above.stride, 1},
              {above.transposed, 0, above.fan_out},
              {below.delta + range.begin * below.stride, below.stride, true}, Start::zero, nullptr,
              range.end - range.begin, above.fan_in, above.fan_out);
}

// dL/da of a layer becomes its delta = dL/dz.
template <class T>
void multiply_slope(const Layer<T>& layer, Range range) {
    if (!layer.activation.is_identity)
        layer.activation.multiply_slope(layer.units(range.begin, range.end - range.begin));
}

// delta of every layer, from that which the loss has at the last layer's a.
template <class T>
void pass_down(Network<T>& network, Range range, Index chunk_rows) {
    const Layer<T>& last = network.layers[network.n_layers - 1];
    multiply_slope(last, range);
    pack_delta(last, range, chunk_rows);
    for (Index i = network.n_layers - 1; i > 0; --i) {
        const Layer<T>& above = network.layers[i];
        const Layer<T>& below = network.layers[i - 1];
        times_transposed(network, above, below, range);
        multiply_slope(below, range);
        pack_delta(below, range, chunk_rows);
    }
}

// Rows [range) of dL/dW over the chunk, added to what dW holds, or written where it is the `first`.
// dW points to row range.begin.
template <class T>
void weight_gradient(Network<T>& network, Index i, const Input<T>& input, Index rows, Range range,
                     T* dW, bool first, int thread) {
    const Layer<T>& layer = network.layers[i];
    const Index n = range.end - range.begin, columns = layer.fan_out;
    if (i == 0 && !input.dense) {
        if (first) std::memset(dW, 0, sizeof(T) * std::size_t(n * columns));
        return sparse_transposed_times_dense<T>(input.sparse, column_lists(network), layer.delta,
                                                layer.stride, dW, columns, range.begin, range.end);
    }
    const T* before = i == 0 ? input.dense : (const T*)network.layers[i - 1].a;
    const Index stride = i == 0 ? network.n_features : network.layers[i - 1].stride;
    if constexpr (std::is_same_v<T, float>)
        if (network.is_rounded())
            return rounded_weight_gradient(network, layer, before, stride, rows, range, dW, first,
                                           thread);
    const Right<T> delta = layer.packed_delta ? Right<T>{layer.packed_delta, 0, rows}
                                              : Right<T>{layer.delta, layer.stride};
    const Result<T> result{dW, columns, false};
    T* const scratch = network.left + thread * left_size<T>;
    if (i == 0 && input.skips_zeros)
        return skipping_transposed_matmul(before + range.begin, stride, delta, result, !first, n,
                                          columns, rows, scratch);
    transposed_matmul(before + range.begin, stride, delta, result, !first, n, columns, rows, scratch);
}

// The first layer whose parameters, or whose z over the chunk's rows, are infinite or NaN; -1 where
// none is. The layers run forward again, because an activation can hide an infinity.
template <class T>
int first_non_finite_block(Network<T>& network, const T* parameters, const Input<T>* input,
                           Index rows) {
    for (Index i = 0; i < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        if (!all_finite(parameters + layer.weights, layer.fan_in * layer.fan_out) ||
            !all_finite(parameters + layer.biases, layer.fan_out) ||
            !all_finite(parameters + layer.learned, layer.n_learned * layer.fan_out))
            return int(i);
        if (!input) continue;
        affine(network, i, parameters, *input, {0, rows});
        if (!all_finite<T>(layer.affine_result(), rows * layer.stride)) return int(i);
        layer.activation.activate(layer.units(0, rows));
    }
    return -1;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
