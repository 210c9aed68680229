// Ranges of parameters that are summed and updated together: the copies that the passes read, and the
// tasks for these ranges.
#pragma once

#include "blocks/walk.hpp"
#include "formulas/optimizers.hpp"
#include "formulas/penalty.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The range in the flat vector of rows of W, or of a part of the other parameters.
template <class T>
Range flat_range(const Layer<T>& layer, Range part, Kind kind) {
    if (kind == Kind::weights)
        return {layer.weights + part.begin * layer.tensors.weight_columns,
                layer.weights + part.end * layer.tensors.weight_columns};
    const Index first = kind == Kind::biases    ? layer.biases
                        : kind == Kind::learned ? layer.learned
                        : kind == Kind::inputs  ? layer.inputs
                                                : layer.statistics;
    return {first + part.begin, first + part.end};
}

// Updates the copies of rows [range) of W, a block of at most weight_rows, and its sums for the
// penalty.
template <class T>
void refresh_weights(const Network<T>& network, const Layer<T>& layer, const T* parameters,
                     Range range) {
    layer.refresh_weights(network, parameters, range);
    if (!network.square) return;
    const Penalty& penalty = network.problem.penalty;
    const Index place = layer.squares + range.begin / weight_rows<T>;
    const Index columns = layer.tensors.weight_columns;
    const T* const rows = parameters + layer.weights + range.begin * columns;
    const Index n = (range.end - range.begin) * columns;
    if (penalty.l2 != 0) network.square[place] = sum_of_squares(rows, n);
    if (penalty.l1 != 0) network.magnitude[place] = sum_of_magnitudes(rows, n);
}

// The same by copies that follow the update of these rows; nothing if the block or the penalty cannot.
template <class T>
PanelCopies<T> copies_of(const Network<T>& network, const Layer<T>& layer, const T* parameters,
                         Range range) {
    const Penalty& penalty = network.problem.penalty;
    if (penalty.l1 != 0) return {};
    return layer.panel_copies(parameters, range, penalty.l2 != 0);
}

template <class T>
void finish_copies(const Network<T>& network, const Layer<T>& layer, Range range,
                   PanelCopies<T>& copies) {
    const double squares = copies.finish();
    if (network.problem.penalty.l2 != 0)
        network.square[layer.squares + range.begin / weight_rows<T>] = squares;
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
        for_weight_blocks<T>({0, layer.tensors.weight_rows}, [&](Range block) {
            refresh_weights(network, layer, parameters, block);
        });
        layer.refresh_biases(parameters);
        layer.refresh_learned(parameters);
        for (Index part = 0; part < layer.n_input_parts(); ++part)
            layer.refresh_inputs(parameters, part);
        if (network.uses_running) layer.refresh_running(parameters);
    }
}

// Updates all copies of the parameters that the passes read.
template <class T>
void refresh(const Network<T>& network, const Layer<T>& layer, const T* parameters, Range part,
             Kind kind) {
    if (kind == Kind::weights) return refresh_weights(network, layer, parameters, part);
    if (kind == Kind::inputs) return;  // refreshed when all ranges of a part are updated
    kind == Kind::biases ? layer.refresh_biases(parameters) : layer.refresh_learned(parameters);
}

// A round has room for a million tasks; a first layer of millions of features has more blocks.
template <class T>
Index weight_blocks_a_task(const Network<T>& network) {
    return 1 + network.n_squares / 10000;
}

template <class T>
Index weight_tasks(const Layer<T>& layer, Index blocks) {
    return (layer.tensors.weight_rows + blocks * weight_rows<T> - 1) / (blocks * weight_rows<T>);
}

// All parameters in one round of tasks, the last layer's first: for each layer, weights(i, block of
// W's rows, thread) for all of W, and units(i, thread) for its biases and other learned parameters;
// then inputs(part, thread) for the parts of an input stage's parameters.
template <class T, class Weights, class Units, class Inputs>
void for_parameters(const Network<T>& network, Team& team, const Weights& weights,
                    const Units& units, const Inputs& inputs) {
    const Index blocks = weight_blocks_a_task(network), n_layers = network.n_layers;
    Index n_tasks = n_layers;
    for (Index i = 0; i < n_layers; ++i) n_tasks += weight_tasks(network.layers[i], blocks);
    team.run(n_tasks + network.n_input_parts, [&](Index task, int thread) {
        if (task >= n_tasks) return inputs(task - n_tasks, thread);
        Index i = n_layers - 1;
        for (; task > weight_tasks(network.layers[i], blocks); --i)
            task -= weight_tasks(network.layers[i], blocks) + 1;
        const Layer<T>& layer = network.layers[i];
        if (task == weight_tasks(layer, blocks)) return units(i, thread);
        const Index begin = task * blocks * weight_rows<T>;
        const Index end = begin + blocks * weight_rows<T>;
        const Index n = layer.tensors.weight_rows;
        for_weight_blocks<T>({begin, end < n ? end : n},
                             [&](Range block) { weights(i, block, thread); });
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
