// Predictions for a few samples, directly from the parameters: packing weights would take longer than
// using them once. Every element is the same chain of fused multiply-adds as in
// products/matmul.hpp, so the
// bits are the same. The network is only read, so threads may share it.
//
// Shapes: x (rows, n_features), prediction (rows, n_outputs), W (fan_in, fan_out), all row-major.
#pragma once

#include "blocks/network.hpp"
#include "formulas/losses.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

inline constexpr int few_vectors = 8;  // side by side: enough chains to keep the multipliers busy

template <class T, int VECTORS>
void affine_columns(const T* x, const T* W, const T* b, const Layer<T>& layer, T* z) {
    Vector<T> sum[VECTORS];
    LAMINA_UNROLL
    for (int v = 0; v < VECTORS; ++v) sum[v] = load(b + v * lanes<T>);
    for (Index k = 0; k < layer.fan_in; ++k, W += layer.fan_out) {
        const Vector<T> a = broadcast(x[k]);
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS; ++v) sum[v] = fma(a, load(W + v * lanes<T>), sum[v]);
    }
    LAMINA_UNROLL
    for (int v = 0; v < VECTORS; ++v) store(z + v * lanes<T>, sum[v]);
}

// The columns that fill no whole vector; z has room for one.
template <class T>
void affine_rest(const T* x, const T* W, const T* b, const Layer<T>& layer, Index columns, T* z) {
    Vector<T> sum = load_part(b, columns);
    for (Index k = 0; k < layer.fan_in; ++k, W += layer.fan_out)
        sum = fma(broadcast(x[k]), load_part(W, columns), sum);
    store(z, sum);
}

template <class T>
void affine_row(const T* x, const T* parameters, const Layer<T>& layer, T* z) {
    const T* const W = parameters + layer.weights;
    const T* const b = parameters + layer.biases;
    constexpr Index several = few_vectors * lanes<T>;
    Index j = 0;
    for (; j + several <= layer.fan_out; j += several)
        affine_columns<T, few_vectors>(x, W + j, b + j, layer, z + j);
    for (; j + lanes<T> <= layer.fan_out; j += lanes<T>)
        affine_columns<T, 1>(x, W + j, b + j, layer, z + j);
    if (j < layer.fan_out) affine_rest(x, W + j, b + j, layer, layer.fan_out - j, z + j);
}

// Turns a sample's z into a, in place. `room` holds learned parameters of units, padded to whole
// vectors.
template <class T>
void finish_row(const Layer<T>& layer, const T* parameters, const T* before, T* z, T* room) {
    const Index n = layer.fan_out, stride = layer.stride;
    for (Index i = 0; i < layer.n_learned; ++i)
        std::memcpy(room + i * stride, parameters + layer.learned + i * n,
                    sizeof(T) * std::size_t(n));
    T *const scale = room, *const shift = room + stride;
    if (layer.normalizes_batch()) {
        const T* const mean = parameters + layer.statistics;
        running_factors(mean, mean + n, scale, shift, n, scale, shift);
        scale_row<T>(z, scale, shift, stride);
    } else if (layer.is_normalized()) {
        normalize_by_row<T>(z, nullptr, scale, shift, n, stride);
    }
    if (!layer.activation.is_identity)
        layer.activation.activate(
            {1, stride, z, z, nullptr, room + layer.n_of_normalization() * stride, nullptr});
    if (layer.residual) add(before, z, stride);
}

template <class T>
Report run_predict_few(const Network<T>& network, int inverse_link, const T* x, Index rows,
                       const T* parameters, T* prediction) {
    if (!all_finite(x, rows * network.n_features)) return {Ending::non_finite, 0, 0, -1};
    Index widest = 0, most_learned = 0;
    for (Index i = 0; i < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        if (widest < layer.stride) widest = layer.stride;
        if (most_learned < layer.n_learned) most_learned = layer.n_learned;
    }
    const Buffer<T> memory((2 + most_learned) * widest);
    for (Index row = 0; row < rows; ++row) {
        const T* from = x + row * network.n_features;
        T* to = memory;
        for (Index i = 0; i < network.n_layers; ++i) {
            const Layer<T>& layer = network.layers[i];
            affine_row(from, parameters, layer, to);
            finish_row(layer, parameters, from, to, memory + 2 * widest);
            from = to;
            to = to == memory ? memory + widest : (T*)memory;
        }
        std::memcpy(prediction + row * network.n_outputs, from,
                    sizeof(T) * std::size_t(network.n_outputs));
    }
    inverse_link_table<T>[inverse_link](prediction, rows, network.n_outputs, network.heads());
    return {Ending::finished, 0, 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
