// Predictions for a few samples, directly from the parameters: packing weights would take longer than
// using them once, and the bits are the same. The network is only read, so threads may share it.
//
// Shapes: x (rows, n_features), prediction (rows, n_outputs), row-major.
#pragma once

#include <cstring>

#include "blocks/network.hpp"
#include "formulas/losses.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
Report run_predict_few(const Network<T>& network, int inverse_link, const T* x, Index rows,
                       const T* parameters, T* prediction) {
    if (!all_finite(x, rows * network.n_features)) return {Ending::non_finite, 0, 0, -1};
    Index widest = 0, most_space = 0;
    for (Index i = 0; i < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        if (widest < layer.stride) widest = layer.stride;
        if (most_space < layer.values_of_row()) most_space = layer.values_of_row();
    }
    const Buffer<T> memory(2 * widest + most_space);
    for (Index row = 0; row < rows; ++row) {
        const T* from = x + row * network.n_features;
        T* to = memory;
        for (Index i = 0; i < network.n_layers; ++i) {
            network.layers[i].predict_row(parameters, from, to, memory + 2 * widest);
            from = to;
            to = to == memory ? memory + widest : (T*)memory;
        }
        std::memcpy(prediction + row * network.n_outputs, from,
                    sizeof(T) * std::size_t(network.n_outputs));
    }
    inverse_link_table<T>[inverse_link].apply(prediction, rows, network.n_outputs, network.heads());
    return {Ending::finished, 0, 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
