// Ranges of parameters that are summed and updated together: the copies that the passes read, and the
// tasks for these ranges.
#pragma once

#include "blocks/passes.hpp"
#include "formulas/optimizers.hpp"
#include "formulas/penalty.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The range in the flat vector of rows of W, or of a part of the other parameters.
template <class T>
Range flat_range(const Layer<T>& layer, Range part, Kind kind) {
    if (kind == Kind::weights)
        return {layer.weights + part.begin * layer.fan_out,
                layer.weights + part.end * layer.fan_out};
    const Index first = kind == Kind::biases    ? layer.biases
                        : kind == Kind::learned ? layer.learned
                                                : layer.statistics;
    return {first + part.begin, first + part.end};
}

// Updates the copies of rows [range) of W, a block of at most weight_rows: the panels, the transposed
// panels and the sum of squares.
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
    if (!network.square) return;
    const Penalty& penalty = network.problem.penalty;
    const Index place = layer.squares + range.begin / weight_rows<T>;
    const T* const rows = W + range.begin * fan_out;
    const Index n = (range.end - range.begin) * fan_out;
    if (penalty.l2 != 0) network.square[place] = sum_of_squares(rows, n);
    if (penalty.l1 != 0) network.magnitude[place] = sum_of_magnitudes(rows, n);
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

// For predictions: the factors computed from running statistics.
template <class T>
void refresh_running(const Layer<T>& layer, const T* parameters) {
    if (!layer.normalizes_batch()) return;
    const T* const mean = parameters + layer.statistics;
    const T* const scale = parameters + layer.learned;
    running_factors(mean, mean + layer.fan_out, scale, scale + layer.fan_out, layer.fan_out,
                    (T*)layer.running_scale, (T*)layer.running_shift);
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
        if (network.uses_running) refresh_running(layer, parameters);
    }
}

// Updates all copies of the parameters that the passes read.
template <class T>
void refresh(const Network<T>& network, const Layer<T>& layer, const T* parameters, Range part,
             Kind kind) {
    if (kind == Kind::weights) return refresh_weights(network, layer, parameters, part);
    kind == Kind::biases ? refresh_biases(layer, parameters) : refresh_learned(layer, parameters);
}

// A round has room for a million tasks; a first layer of millions of features has more blocks.
template <class T>
Index weight_blocks_a_task(const Network<T>& network) {
    return 1 + network.n_squares / 10000;
}

template <class T>
Index weight_tasks(const Layer<T>& layer, Index blocks) {
    return (layer.fan_in + blocks * weight_rows<T> - 1) / (blocks * weight_rows<T>);
}

// All parameters in one round of tasks, the last layer's first: for each layer, weights(i, block of
// W's rows, thread) for all of W, and units(i, thread) for its biases and other learned parameters.
template <class T, class Weights, class Units>
void for_parameters(const Network<T>& network, Team& team, const Weights& weights,
                    const Units& units) {
    const Index blocks = weight_blocks_a_task(network), n_layers = network.n_layers;
    Index n_tasks = n_layers;
    for (Index i = 0; i < n_layers; ++i) n_tasks += weight_tasks(network.layers[i], blocks);
    team.run(n_tasks, [&](Index task, int thread) {
        Index i = n_layers - 1;
        for (; task > weight_tasks(network.layers[i], blocks); --i)
            task -= weight_tasks(network.layers[i], blocks) + 1;
        const Layer<T>& layer = network.layers[i];
        if (task == weight_tasks(layer, blocks)) return units(i, thread);
        const Index begin = task * blocks * weight_rows<T>;
        const Index end = begin + blocks * weight_rows<T>;
        for_weight_blocks<T>({begin, end < layer.fan_in ? end : layer.fan_in},
                             [&](Range block) { weights(i, block, thread); });
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
