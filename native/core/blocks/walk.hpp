// The walk over the blocks of a network: gathering the samples, all blocks forward, all backward, over
// ranges of samples of the chunk. With a block that needs sums over all samples of the batch, as batch
// normalization does, both passes are split at it, and a round of tasks takes its columns.
#pragma once

#include "blocks/network.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

inline constexpr Index row_grain = 4;
inline constexpr Index least_rows = 24;  // with fewer, tasks would read the weights too often
// With more, activations would not fit the second-level cache.
inline constexpr Index most_rows = 128;

// Enough tasks that the others wait only briefly for a late thread.
inline Index row_tasks(Index rows, int n_threads);

// The same for samples with rows of k members; a task has whole samples.
inline Index row_tasks(Index samples, Index k, int n_threads) {
    const Index tasks = row_tasks(samples * k, n_threads);
    return k > 1 && samples < tasks ? samples : tasks;
}

inline Index row_tasks(Index rows, int n_threads) {
    const Index at_least = (rows + most_rows - 1) / most_rows;
    if (n_threads == 1) return at_least;
    const Index at_most = rows / least_rows < n_threads ? n_threads : rows / least_rows;
    const Index enough = at_least < 4 * n_threads ? 4 * n_threads : at_least;
    return enough < at_most ? enough : at_most;
}

// Indices of rows of X, `width` for each sample: those in order, or first, first + 1, … if it is null.
struct Chunk {
    const std::int64_t* order;
    Index first, rows;
    Index width = 1;
    Index operator[](Index i) const { return order ? order[i] : first + i; }
    Chunk part(Index begin, Index n) const {
        return {order ? order + begin * width : nullptr, first + begin, n, width};
    }
};

// X as the input of the first block.
template <class T>
Input<T> input_of(const Network<T>& network, const Rows<T>& rows, const Chunk& chunk) {
    const T* const dense = !rows.dense   ? nullptr
                           : chunk.order ? (const T*)network.x
                                         : rows.dense + chunk.first * network.n_features;
    return {dense,
            network.n_features,
            network.skips_zeros,
            {rows.csr_values, rows.csr_columns, rows.csr_starts, network.picked, chunk.rows}};
}

// The input of a block: X, or a of the block below.
template <class T>
Input<T> input_of_block(const Network<T>& network, Index i, const Input<T>& X) {
    if (i == 0) return X;
    const Layer<T>& below = network.layers[i - 1];
    return {below.a, below.stride, false, {}, below.codes};
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

// Moves smoothed targets about ½ to those of another fraction of smoothing.
template <class T>
void scale_targets(T* y, Index n, double factor) {
    for (Index i = 0; i < n; ++i) y[i] = T(0.5) + T(factor) * (y[i] - T(0.5));
}

// The targets and the weights of the members of a range of samples: a k-th of the weight, so that
// their losses add up to the sample's.
template <class T>
void gather_targets_of_members(Network<T>& network, const Rows<T>& rows, const Chunk& chunk,
                               Range range) {
    if (!rows.targets && !rows.codes) return;
    const Index k = network.n_members, n_targets = network.problem.n_targets;
    const Index n_weights = rows.weighs_targets ? n_targets : 1;
    for (Index to = range.begin * k; to < range.end * k; ++to) {
        const Index row = chunk[to * chunk.width / k];
        for (Index j = 0; j < n_weights; ++j)
            network.weight[to * n_weights + j] =
                (rows.weight ? rows.weight[row * n_weights + j] : T(1)) / T(k);
        for (Index j = 0; j < n_targets; ++j) {
            if (rows.codes)
                network.codes[to * n_targets + j] = rows.codes[row * n_targets + j];
            else
                network.y[to * n_targets + j] = rows.targets[row * n_targets + j];
        }
    }
}

// Rows of X are in random order, so that no processor foresees the next ones.
inline constexpr Index rows_ahead = 8, most_lines_ahead = 4;

template <class T>
void gather_row(const T* X, Index n_features, const Chunk& chunk, Index i, T* x) {
    if (i + rows_ahead < chunk.rows * chunk.width) {
        const char* const next = (const char*)(X + chunk[i + rows_ahead] * n_features);
        const Index bytes = n_features * Index(sizeof(T));
        for (Index line = 0; line < most_lines_ahead && 64 * line < bytes; ++line)
            __builtin_prefetch(next + 64 * line);
    }
    const T* const row = X + chunk[i] * n_features;
    if (n_features > 8 * lanes<T>)
        std::memcpy(x, row, sizeof(T) * std::size_t(n_features));
    else
        for_slices<T>(n_features, [&](auto slice) { slice.write(x, slice.read(row)); });
}

template <class T>
void gather_targets(Network<T>& network, const Rows<T>& rows, Index i, Index row) {
    const Index n_targets = network.problem.n_targets;
    if (rows.weight && !rows.weighs_targets) network.weight[i] = rows.weight[row];
    if (rows.weighs_targets)
        for (Index j = 0; j < n_targets; ++j)
            network.weight[i * n_targets + j] = rows.weight[row * n_targets + j];
    if (rows.codes)
        for (Index j = 0; j < n_targets; ++j)
            network.codes[i * n_targets + j] = rows.codes[row * n_targets + j];
    if (rows.targets)
        for (Index j = 0; j < n_targets; ++j)
            network.y[i * n_targets + j] = rows.targets[row * n_targets + j];
}

template <class T>
void gather(Network<T>& network, const Rows<T>& rows, const Chunk& chunk, Range range) {
    const Range of_x{range.begin * chunk.width, range.end * chunk.width};
    for (Index i = of_x.begin; i < of_x.end; ++i) {
        if (!rows.dense || network.draws.active) network.picked[i] = chunk[i];
        if (rows.dense && chunk.order)
            gather_row<T>(rows.dense, network.n_features, chunk, i,
                          network.x + i * network.n_features);
        if (network.n_members == 1) gather_targets(network, rows, i, chunk[i]);
    }
    if (network.n_members > 1) gather_targets_of_members(network, rows, chunk, range);
    const Index n_targets = network.n_members * network.problem.n_targets;
    if (rows.targets && network.target_factor != 1)
        scale_targets(network.y + range.begin * n_targets, (range.end - range.begin) * n_targets,
                      network.target_factor);
    if (network.draws.active) disturb_inputs(network, of_x);
}

template <class T>
void begin_forward(const Network<T>& network, Index i, const T* parameters, const Input<T>& X,
                   Range range) {
    network.layers[i].begin_forward(network, parameters, input_of_block(network, i, X), range);
}

template <class T>
void finish_forward(const Network<T>& network, Index i, const Input<T>& X, Range range) {
    network.layers[i].finish_forward(network, input_of_block(network, i, X), range);
}

template <class T>
void finish_backward(const Network<T>& network, Index i, Range range, Index chunk_rows) {
    Layer<T>& layer = network.layers[i];
    const bool passes = i > 0 && layer.passed.begin < layer.passed.end;
    layer.finish_backward(network, range, chunk_rows, passes ? &network.layers[i - 1] : nullptr);
}

// Forward, if no block needs the batch.
template <class T>
void forward(const Network<T>& network, const T* parameters, const Input<T>& X, Range range) {
    for (Index i = 0; i < network.n_layers; ++i)
        network.layers[i].forward(network, parameters, input_of_block(network, i, X), range);
}

// Backward, if no block needs the batch: from dL/da of the last block to every block's delta.
template <class T>
void pass_backward(const Network<T>& network, Range range, Index chunk_rows) {
    bool is_begun = false;
    for (Index i = network.n_layers - 1; i >= 0; --i) {
        Layer<T>& layer = network.layers[i];
        if (!is_begun) layer.begin_backward(network, range);
        is_begun = i > 0 && layer.gates(network, network.layers[i - 1]);
        if (is_begun)
            layer.finish_backward_gated(network, range, chunk_rows, network.layers[i - 1]);
        else
            finish_backward(network, i, range, chunk_rows);
    }
}

// One round: body(columns) for all columns of a block.
template <class T, class Body>
void share_columns(const Layer<T>& layer, Team& team, const Body& body) {
    const int parts = team.size();
    team.run(parts,
             [&](Index part, int) { body(part_range(layer.stride, padding<T>, part, parts)); });
}

// Forward in rounds, from the inputs to the last a. share_rows(body) runs body(range) for all samples
// of the chunk, range by range, in one round.
template <class T, class ShareRows>
void run_forward(Network<T>& network, const Rows<T>& rows, const T* parameters, const Chunk& chunk,
                 const Input<T>& X, Team& team, const ShareRows& share_rows) {
    const Index n_layers = network.n_layers;
    Index stop;
    for (Index first = 0; first <= n_layers; first = stop + 1) {
        for (stop = first; stop < n_layers && !network.layers[stop].needs_batch();) ++stop;
        share_rows([&](Range mine) {
            first == 0 ? gather(network, rows, chunk, mine)
                       : finish_forward(network, first - 1, X, mine);
            for (Index i = first; i < stop; ++i) {
                begin_forward(network, i, parameters, X, mine);
                finish_forward(network, i, X, mine);
            }
            if (stop < n_layers) begin_forward(network, stop, parameters, X, mine);
        });
        if (stop == n_layers) break;
        const Layer<T>& layer = network.layers[stop];
        share_columns(layer, team, [&](Range columns) { layer.take_moments(chunk.rows, columns); });
    }
}

// Backward in rounds, from dL/da of the last block to every block's delta.
template <class T, class ShareRows>
void run_backward(Network<T>& network, Index rows, Team& team, const ShareRows& share_rows) {
    Index stop;
    for (Index i = network.n_layers - 1; i >= 0; i = stop - 1) {
        for (stop = i; stop >= 0 && !network.layers[stop].needs_batch();) --stop;
        share_rows([&](Range mine) {
            for (Index k = i; k > stop; --k) {
                network.layers[k].begin_backward(network, mine);
                finish_backward(network, k, mine, rows);
            }
            if (stop >= 0) network.layers[stop].begin_backward(network, mine);
        });
        if (stop < 0) break;
        const Layer<T>& layer = network.layers[stop];
        share_columns(layer, team, [&](Range columns) { layer.take_gradients(rows, columns); });
        share_rows([&](Range mine) { finish_backward(network, stop, mine, rows); });
    }
}

template <class T>
bool has_finite_parameters(const Layer<T>& layer, const T* parameters) {
    const Tensors& tensors = layer.tensors;
    return all_finite(parameters + layer.weights, tensors.weights()) &&
           all_finite(parameters + layer.biases, tensors.biases) &&
           all_finite(parameters + layer.learned, tensors.learned) &&
           all_finite(parameters + layer.inputs, tensors.inputs) &&
           all_finite(parameters + layer.statistics, tensors.statistics);
}

// Returns the first block whose parameters or values over the chunk are infinite or NaN; -1 if there
// is none. The blocks run forward again, because an activation can hide an infinity.
template <class T>
int first_non_finite_block(const Network<T>& network, const T* parameters, const Input<T>* X,
                           Index rows) {
    for (Index i = 0; i < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        if (!has_finite_parameters(layer, parameters)) return int(i);
        if (!X) continue;
        begin_forward(network, i, parameters, *X, {0, rows});
        if (!all_finite<T>(layer.first_values(), rows * layer.n_members * layer.stride))
            return int(i);
        if (layer.needs_batch() && !network.uses_running)
            layer.take_moments(rows, {0, layer.stride});
        finish_forward(network, i, *X, {0, rows});
    }
    return -1;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
