// The passes of a network with batch normalization, which needs a column over all samples of the
// batch: both passes are split at each block that uses batch moments. share_rows(body) runs
// body(range) for all samples of the chunk, range by range, in one round.
#pragma once

#include "blocks/passes.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// One round: body(layer, rows, columns) for all columns of a layer.
template <class T, class Body>
void share_columns(const Layer<T>& layer, Index rows, Team& team, const Body& body) {
    const int parts = team.size();
    team.run(parts, [&](Index part, int) {
        body(layer, rows, part_range(layer.stride, padding<T>, part, parts));
    });
}

// Forward, from the inputs to the last layer's a.
template <class T, class ShareRows>
void run_forward(Network<T>& network, const Rows<T>& rows, const T* parameters, const Chunk& chunk,
                 const Input<T>& input, Team& team, const ShareRows& share_rows) {
    const Index n_layers = network.n_layers;
    Index stop;
    for (Index first = 0; first <= n_layers; first = stop + 1) {
        for (stop = first; stop < n_layers && !network.layers[stop].normalizes_batch();) ++stop;
        share_rows([&](Range mine) {
            first == 0 ? gather(network, rows, chunk, mine)
                       : finish_layer(network, first - 1, mine);
            for (Index i = first; i < stop; ++i) {
                affine(network, i, parameters, input, mine);
                finish_layer(network, i, mine);
            }
            if (stop < n_layers) affine(network, stop, parameters, input, mine);
        });
        if (stop < n_layers) share_columns(network.layers[stop], chunk.rows, team, take_moments<T>);
    }
}

// Backward, from dL/da of the last layer to every layer's delta.
template <class T, class ShareRows>
void run_backward(Network<T>& network, Index rows, Team& team, const ShareRows& share_rows) {
    Index stop;
    for (Index i = network.n_layers - 1; i >= 0; i = stop - 1) {
        for (stop = i; stop >= 0 && !network.layers[stop].normalizes_batch();) --stop;
        share_rows([&](Range mine) {
            for (Index k = i; k > stop; --k) {
                open_layer(network, k, mine);
                leave_layer(network, k, mine, rows);
            }
            if (stop >= 0) open_layer(network, stop, mine);
        });
        if (stop < 0) break;
        share_columns(network.layers[stop], rows, team, take_gradients<T>);
        share_rows([&](Range mine) {
            pass_normalization(network.layers[stop], mine);
            leave_layer(network, stop, mine, rows);
        });
    }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
