// Forward and backward passes over ranges: samples of the chunk for values of each sample (gather,
// forward, loss, delta), rows of W for sums over samples (dL/dW). Ranges are disjoint, so threads can
// process them in parallel, and no bit of the result depends on the ranges.
//
//    forward    z = a_prev W + b,  a = f(z)
//    backward   delta = dL/dz;  dW = a_prevᵀ delta;  db = Σ_rows delta;  delta_prev = (delta Wᵀ) f'
#pragma once

#include "blocks/network.hpp"
#include "blocks/rounded_passes.hpp"
#include "products/skipping.hpp"
#include "products/sparse.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Indices of samples: those in order, or first, first + 1, … if it is null.
struct Chunk {
    const std::int64_t* order;
    Index first, rows;
    Index operator[](Index i) const { return order ? order[i] : first + i; }
    Chunk part(Index begin, Index n) const {
        return {order ? order + begin : nullptr, first + begin, n};
    }
};

// Input of the first layer: dense rows, or rows of a CSR matrix.
template <class T>
struct Input {
    bool skips_zeros;  // whether X is dense but mostly zeros
    const T* dense;    // null if sparse
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

// Adds noise to gathered inputs, then applies dropout.
template <class T>
void disturb_inputs(Network<T>& network, Range range) {
    const Index n_features = network.n_features;
    const Problem& problem = network.problem;
    for (Index i = range.begin; i < range.end; ++i) {
        T* const x = network.x + i * n_features;
        if (problem.input_noise > 0)
            add_normals(network.draws, network.picked[i], problem.input_noise, n_features, x);
        if (problem.input_dropout > 0) {
            T* const kept = network.input_kept + i * n_features;
            draw_kept(network.draws, network.picked[i], input_dropout_stream, problem.input_dropout,
                      n_features, kept);
            for (Index j = 0; j < n_features; ++j) x[j] *= kept[j];
        }
    }
}

template <class T>
void gather(Network<T>& network, const Rows<T>& rows, const Chunk& chunk, Range range) {
    const Index n_features = network.n_features, n_targets = network.problem.n_targets;
    for (Index i = range.begin; i < range.end; ++i) {
        const Index row = chunk[i];
        if (!rows.dense || network.draws.active) network.picked[i] = row;
        if (rows.dense && chunk.order)
            std::memcpy(network.x + i * n_features, rows.dense + row * n_features,
                        sizeof(T) * std::size_t(n_features));
        if (rows.weight) network.weight[i] = rows.weight[row];
        if (rows.codes)
            for (Index j = 0; j < n_targets; ++j)
                network.codes[i * n_targets + j] = rows.codes[row * n_targets + j];
        if (rows.targets)
            for (Index j = 0; j < n_targets; ++j)
                network.y[i * n_targets + j] = rows.targets[row * n_targets + j];
    }
    if (network.draws.active) disturb_inputs(network, range);
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

// Computes the batch's moments of some columns.
template <class T>
void take_moments(const Layer<T>& layer, Index rows, Range columns) {
    column_moments<T>(layer.affine_result(), layer.stride, rows, columns.begin, columns.end,
                      layer.mean, layer.variance, layer.inverse);
}

template <class T>
void take_gradients(const Layer<T>& layer, Index rows, Range columns) {
    column_gradients<T>(layer.delta, layer.normalized, layer.learned_copy, layer.stride, rows,
                        columns.begin, columns.end, layer.gradient_mean, layer.gradient_along);
}

template <class T>
void normalize(const Network<T>& network, const Layer<T>& layer, Range range) {
    const T *const scale = layer.learned_copy, *const shift = scale + layer.stride;
    for (Index i = range.begin; i < range.end; ++i) {
        T* const z = layer.affine_result() + i * layer.stride;
        T* const normalized = layer.normalized ? layer.normalized + i * layer.stride : nullptr;
        if (!layer.normalizes_batch()) {
            const T inverse =
                normalize_by_row(z, normalized, scale, shift, layer.fan_out, layer.stride);
            if (normalized) layer.inverse[i] = inverse;
        } else if (network.uses_running) {
            scale_row<T>(z, layer.running_scale, layer.running_shift, layer.stride);
        } else {
            normalize_row<T>(z, normalized, layer.mean, layer.inverse, scale, shift, layer.stride);
        }
    }
}

template <class T>
void draw_dropout(const Network<T>& network, Index i, Range range) {
    const Layer<T>& layer = network.layers[i];
    for (Index row = range.begin; row < range.end; ++row)
        draw_kept(network.draws, network.picked[row], std::uint32_t(i + 1), layer.dropout,
                  layer.fan_out, layer.kept + row * layer.stride);
}

template <class T>
void multiply_kept(const Layer<T>& layer, T* x, Range range) {
    for (Index i = range.begin * layer.stride; i < range.end * layer.stride; i += lanes<T>)
        store(x + i, load(x + i) * load(layer.kept + i));
}

// Turns a layer's z into its a.
template <class T>
void finish_layer(Network<T>& network, Index i, Range range) {
    const Layer<T>& layer = network.layers[i];
    if (layer.is_normalized()) normalize(network, layer, range);
    if (!layer.activation.is_identity || layer.z)
        layer.activation.activate(layer.units(range.begin, range.end - range.begin));
    if (network.draws.active && layer.dropout > 0) {
        draw_dropout(network, i, range);
        multiply_kept(layer, (T*)layer.a, range);
    }
    if (layer.residual)
        add(network.layers[i - 1].a + range.begin * layer.stride,
            layer.a + range.begin * layer.stride, (range.end - range.begin) * layer.stride);
}

template <class T>
void forward(Network<T>& network, const T* parameters, const Input<T>& input, Range range) {
    for (Index i = 0; i < network.n_layers; ++i) {
        affine(network, i, parameters, input, range);
        finish_layer(network, i, range);
    }
}

// Prepares what dW reads of a long delta, and of every delta in bfloat16; `rows` is the size of the
// chunk.
template <class T>
void pack_delta(const Layer<T>& layer, Range range, Index rows) {
    if constexpr (std::is_same_v<T, float>)
        if (layer.rounded_delta) round_delta(layer, range, rows);
    if (layer.packed_delta)
        pack<T>(layer.delta, layer.stride, range.begin, range.end, rows, layer.fan_out,
                layer.packed_delta);
}

// Writes delta Wᵀ of the layer above into the delta of the layer below.
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

// Turns dL/dz' of a layer into delta = dL/dz.
template <class T>
void pass_normalization(const Layer<T>& layer, Range range) {
    for (Index i = range.begin; i < range.end; ++i) {
        T* const delta = layer.delta + i * layer.stride;
        const T* const normalized = layer.normalized + i * layer.stride;
        if (layer.normalizes_batch())
            pass_normalized_columns<T>(delta, normalized, layer.learned_copy, layer.inverse,
                                       layer.gradient_mean, layer.gradient_along, layer.stride);
        else
            pass_normalized_row<T>(delta, normalized, layer.learned_copy, layer.inverse[i],
                                   layer.fan_out, layer.stride);
    }
}

// Turns dL/da of a layer into dL/dz', and into delta = dL/dz unless batch moments are needed first.
template <class T>
void open_layer(Network<T>& network, Index i, Range range) {
    const Layer<T>& layer = network.layers[i];
    const Index first = range.begin * layer.stride, n = (range.end - range.begin) * layer.stride;
    if (layer.residual)
        std::memcpy(layer.residual_delta + first, layer.delta + first, sizeof(T) * std::size_t(n));
    if (network.draws.active && layer.dropout > 0) multiply_kept(layer, (T*)layer.delta, range);
    if (!layer.activation.is_identity) {
        const auto multiply = layer.changes_a() ? layer.activation.multiply_derivative_at_z
                                                : layer.activation.multiply_derivative;
        multiply(layer.units(range.begin, range.end - range.begin));
    }
    if (!layer.is_normalized()) return;
    std::memcpy(layer.normalized_delta + first, layer.delta + first, sizeof(T) * std::size_t(n));
    if (!layer.normalizes_batch()) pass_normalization(layer, range);
}

// Computes dL/da of the layer below from a layer's delta.
template <class T>
void leave_layer(Network<T>& network, Index i, Range range, Index chunk_rows) {
    const Layer<T>& layer = network.layers[i];
    pack_delta(layer, range, chunk_rows);
    if (i == 0) return;
    const Layer<T>& below = network.layers[i - 1];
    times_transposed(network, layer, below, range);
    if (layer.residual)
        add(layer.residual_delta + range.begin * layer.stride,
            below.delta + range.begin * layer.stride, (range.end - range.begin) * layer.stride);
}

// Computes delta of every layer, from dL/da of the last layer.
template <class T>
void pass_backward(Network<T>& network, Range range, Index chunk_rows) {
    for (Index i = network.n_layers - 1; i >= 0; --i) {
        open_layer(network, i, range);
        leave_layer(network, i, range, chunk_rows);
    }
}

// Rows [range) of dL/dW over the chunk, added to dW, or written if this chunk is the `first`. dW
// points to row range.begin.
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
    transposed_matmul(before + range.begin, stride, delta, result, !first, n, columns, rows,
                      scratch);
}

// Returns the first layer whose parameters or z over the chunk are infinite or NaN; -1 if there is
// none. The layers run forward again, because an activation can hide an infinity.
template <class T>
int first_non_finite_block(Network<T>& network, const T* parameters, const Input<T>* input,
                           Index rows) {
    for (Index i = 0; i < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        if (!all_finite(parameters + layer.weights, layer.fan_in * layer.fan_out) ||
            !all_finite(parameters + layer.biases, layer.fan_out) ||
            !all_finite(parameters + layer.learned, layer.n_learned * layer.fan_out) ||
            !all_finite(parameters + layer.statistics, layer.n_statistics() * layer.fan_out))
            return int(i);
        if (!input) continue;
        affine(network, i, parameters, *input, {0, rows});
        if (!all_finite<T>(layer.affine_result(), rows * layer.stride)) return int(i);
        if (layer.normalizes_batch() && !network.uses_running)
            take_moments(layer, rows, {0, layer.stride});
        finish_layer(network, i, {0, rows});
    }
    return -1;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
