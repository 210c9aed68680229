// The working memory of a small network, and the tiles of its passes.
//
// During a call, parameters and slots are in copies here: weights first, then biases, each padded to
// whole vectors. W of a layer that is not wider at its outputs is transposed in them, so that the
// gradients of a tile's units, always on the wider side, are adjacent.
#pragma once

#include "blocks/network.hpp"
#include "formulas/optimizers.hpp"
#include "small/passes.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Beyond this, a step is no longer mostly overhead, and the passes of larger networks are as fast.
inline constexpr Index small_width = 32;
inline constexpr Index small_weights = 256;
inline constexpr Index small_chunk = 256;  // rows

// Decided by shape, formulas and precision only, so that results do not depend on batch, threads or
// instruction set. The passes keep no z, and their losses overwrite the last layer's a.
template <class T>
bool is_small(const Network<T>& network) {
    const int loss = network.problem.loss;
    if (loss == custom_loss || !loss_table<T>[loss].of_groups || network.problem.n_heads > 1)
        return false;
    Index widest = network.n_features;
    for (Index i = 0; i < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        if (!layer.on_lanes()) return false;
        if (widest < layer.fan_out) widest = layer.fan_out;
    }
    const Dense<T>& last = *network.layers[network.n_layers - 1].on_lanes();
    if (!last.activation.is_identity || network.draws_any()) return false;
    return !network.is_rounded && widest <= small_width && network.n_weights <= small_weights;
}

template <class Tile>
struct Tiles {
    Tile *first, *behind;
    Tile* begin() const { return first; }
    Tile* end() const { return behind; }
};

template <class T>
struct SmallLayer {
    Index fan_in, fan_out;
    Index weights, biases;            // offsets in a copy
    Index flat_weights, flat_biases;  // offsets in the flat vector
    bool is_transposed;
    Activation<T> activation;
    const double* hyperparameters;  // of the activation
    const T* input;
    T *a, *delta;
    Units<T> units(Index groups) const {
        return {groups * fan_out, group_rows, a, a, delta, nullptr, nullptr, hyperparameters};
    }
    Tiles<LaneProduct<T>> forward, backward;  // z = b + W input; delta of the layer below
    Tiles<LaneSums<T>> sums;                  // dL/dW and dL/db
};

template <class T>
class SmallNetwork {
   public:
    SmallNetwork(const Network<T>& network, Index largest_batch);

    // Copies between the flat vector and a copy.
    void read(const T* flat, T* copy) const {
        for_places([&](Index here, Index there) { copy[here] = flat[there]; });
    }
    void write(const T* copy, T* flat) const {
        for_places([&](Index here, Index there) { flat[there] = copy[here]; });
    }

    Index n_layers, n_features, n_outputs;
    Index n_parameters;         // of the flat vector
    Index n_weights, n_values;  // in a copy, padded: its weights, and all of it
    Index capacity;             // largest number of samples in a chunk: whole groups
    Buffer<SmallLayer<T>> layers;
    T *parameters, *slots, *gradient, *sums;  // slots: (most_slots, n_values)
    T *x, *y, *codes, *weight;                // (groups, n_features or n_outputs, 16), (groups, 16)

   private:
    template <class Body>
    void for_places(const Body& body) const;
    void place(Index n_units);
    void place_layer(const Network<T>& network, Index i);
    void make_tiles(SmallLayer<T>& layer, T* delta_below);
    Tiles<LaneProduct<T>> products(const LaneProduct<T>& whole, Index units);
    void add_sums(const T* x, Index n_outer, Index x_stride, const T* y, Index units,
                  Index parameter);

    Buffer<T> memory_;
    T *a_, *delta_, *ones_;
    Buffer<LaneProduct<T>> products_;
    Buffer<LaneSums<T>> sums_;
    LaneProduct<T>* next_product_;
    LaneSums<T>* next_sums_;
};

template <class T>
SmallNetwork<T>::SmallNetwork(const Network<T>& network, Index largest_batch)
    : n_layers(network.n_layers),
      n_features(network.n_features),
      n_outputs(network.n_outputs),
      n_parameters(network.n_parameters),
      n_weights(padded<T>(network.n_weights)),
      capacity(largest_batch < small_chunk
                   ? (largest_batch + group_rows - 1) / group_rows * group_rows
                   : small_chunk),
      layers(network.n_layers) {
    const Index n_units = network.n_parameters - network.n_weights;
    n_values = n_weights + padded<T>(n_units);
    place(n_units);
    // No tile has less than one unit.
    products_ = Buffer<LaneProduct<T>>(n_features + 2 * n_units);
    sums_ = Buffer<LaneSums<T>>(n_features + 3 * n_units);
    next_product_ = products_, next_sums_ = sums_;
    for (Index i = 0; i < n_layers; ++i) {
        place_layer(network, i);
        make_tiles(layers[i], i == 0 ? nullptr : layers[i - 1].delta);
    }
}

template <class T>
void SmallNetwork<T>::place(Index n_units) {
    const Index copies = 2 + most_slots;  // including the gradient's
    const Index row_values = n_features + 2 * n_units + n_outputs + 2;
    memory_ = Buffer<T>(n_values * (copies + group_rows) + row_values * capacity + group_rows);
    T* next = memory_;
    const auto take = [&](Index size) {
        T* const taken = next;
        next += size;
        return taken;
    };
    parameters = take(n_values), slots = take(most_slots * n_values), gradient = take(n_values);
    sums = take(group_rows * n_values), ones_ = take(group_rows);
    x = take(n_features * capacity), y = take(n_outputs * capacity);
    codes = take(capacity), weight = take(capacity);
    a_ = take(n_units * capacity), delta_ = take(n_units * capacity);
    for (Index lane = 0; lane < group_rows; ++lane) ones_[lane] = T(1);
}

template <class T>
void SmallNetwork<T>::place_layer(const Network<T>& network, Index i) {
    const Dense<T>& from = *network.layers[i].on_lanes();
    const Index units_before = from.biases - network.n_weights;
    SmallLayer<T>& layer = layers[i];
    layer.fan_in = from.fan_in, layer.fan_out = from.fan_out;
    layer.weights = layer.flat_weights = from.weights;
    layer.biases = n_weights + units_before, layer.flat_biases = from.biases;
    layer.is_transposed = from.fan_out <= from.fan_in;
    layer.activation = from.activation, layer.hyperparameters = from.hyperparameters;
    layer.input = i == 0 ? x : layers[i - 1].a;
    layer.a = a_ + units_before * capacity, layer.delta = delta_ + units_before * capacity;
}

template <class T>
void SmallNetwork<T>::make_tiles(SmallLayer<T>& layer, T* delta_below) {
    const Index in = layer.fan_in, out = layer.fan_out;
    const Index in_stride = layer.is_transposed ? 1 : out,
                out_stride = layer.is_transposed ? in : 1;
    const T* W = parameters + layer.weights;
    layer.forward = products({nullptr, layer.input, in, W, in_stride, out_stride,
                              parameters + layer.biases, layer.a, out * group_rows},
                             out);
    layer.backward = {next_product_, next_product_};
    if (delta_below)
        layer.backward = products({nullptr, layer.delta, out, W, out_stride, in_stride, nullptr,
                                   delta_below, in * group_rows},
                                  in);
    layer.sums.first = next_sums_;
    if (layer.is_transposed)
        add_sums(layer.delta, out, out * group_rows, layer.input, in, layer.weights);
    else
        add_sums(layer.input, in, in * group_rows, layer.delta, out, layer.weights);
    add_sums(ones_, 1, 0, layer.delta, out, layer.biases);
    layer.sums.behind = next_sums_;
}

template <class T>
Tiles<LaneProduct<T>> SmallNetwork<T>::products(const LaneProduct<T>& whole, Index units) {
    const Tiles<LaneProduct<T>> tiles{next_product_, nullptr};
    for_unit_tiles<T>(units, [&](Index first, int width) {
        LaneProduct<T> tile = whole;
        tile.run = multiply_of<T>(width);
        tile.W += first * tile.unit_stride;
        if (tile.start) tile.start += first;
        tile.out += first * group_rows;
        *next_product_++ = tile;
    });
    return {tiles.first, next_product_};
}

template <class T>
void SmallNetwork<T>::add_sums(const T* x, Index n_outer, Index x_stride, const T* y, Index units,
                               Index parameter) {
    for_unit_tiles<T>(units, [&](Index first, int width) {
        *next_sums_++ = {
            sum_of<T, false>(width), sum_of<T, true>(width), x,    n_outer,           x_stride,
            y + first * group_rows,  units * group_rows,     sums, parameter + first, units};
    });
}

// Calls body(place in a copy, place in the flat vector) for all parameters.
template <class T>
template <class Body>
void SmallNetwork<T>::for_places(const Body& body) const {
    for (Index i = 0; i < n_layers; ++i) {
        const SmallLayer<T>& layer = layers[i];
        const Index in = layer.fan_in, out = layer.fan_out;
        const Index in_stride = layer.is_transposed ? 1 : out;
        const Index out_stride = layer.is_transposed ? in : 1;
        for (Index k = 0; k < in; ++k) {
            const Index here = layer.weights + k * in_stride, there = layer.flat_weights + k * out;
            for (Index j = 0; j < out; ++j) body(here + j * out_stride, there + j);
        }
        for (Index j = 0; j < out; ++j) body(layer.biases + j, layer.flat_biases + j);
    }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
