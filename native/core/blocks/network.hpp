// The working memory of one network. Batches are processed in chunks, so that memory is bounded for
// any batch size; gradients continue the sums of the previous chunk, in order of the samples.
//
// Shapes: x (rows, n_features); z, a, delta (rows, stride) of each layer, with rows padded to whole
// vectors by finite numbers (delta: zeros); the flat parameters hold W (fan_in, fan_out) of all
// layers, their b (fan_out), the other learned parameters of their units (n_learned, fan_out), a
// normalization's scale and shift first, then running statistics (2, fan_out), mean and variance.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>

#include "blocks/normalization.hpp"
#include "engine.hpp"
#include "formulas/activations.hpp"
#include "formulas/loss_terms.hpp"
#include "formulas/noise.hpp"
#include "products/bfloat16.hpp"
#include "products/matmul.hpp"
#include "products/skipping.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Zeroed memory, aligned to a cache line; the operating system provides pages when they are touched.
template <class T>
class Buffer {
   public:
    Buffer() = default;
    explicit Buffer(Index n) {
        memory_ = std::calloc(std::size_t(n) * sizeof(T) + 64, 1);
        if (!memory_) throw std::bad_alloc();
        data_ = reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(memory_) + 63) &
                                     ~std::uintptr_t(63));
    }
    Buffer(Buffer&& other) noexcept : memory_(other.memory_), data_(other.data_) {
        other.memory_ = nullptr;
    }
    Buffer& operator=(Buffer&& other) noexcept {
        void* mine = memory_;
        memory_ = other.memory_, data_ = other.data_;
        other.memory_ = mine;
        return *this;
    }
    ~Buffer() { std::free(memory_); }
    operator T*() const { return data_; }

   private:
    void* memory_ = nullptr;
    T* data_ = nullptr;
};

template <class T>
struct Layer {
    Index fan_in = 0, fan_out = 0, stride = 0;
    Index weights = 0, biases = 0, learned = 0, statistics = 0;  // offsets in the flat vector
    Index n_learned = 0;  // learned parameters per unit other than weights and bias
    Normalization normalization = Normalization::none;
    bool residual = false;
    double dropout = 0;
    Activation<T> activation{};
    Index squares = 0;  // offset of its part of Network::square
    Buffer<T> a, delta;
    Buffer<T> z;             // in training, if a alone does not give the derivative; else z is in a
    Buffer<T> bias;          // padded
    Buffer<T> learned_copy;  // (n_learned, stride), padded
    // (rows, stride): each sample's term of dL/d(learned parameter of the activation).
    Buffer<T> parameter_delta;
    Buffer<T> residual_delta;  // (rows, stride): dL/da, which a residual passes around the block
    Buffer<T> kept;            // (rows, stride): factors of dropout
    // With a normalization: ẑ and dL/dz' (rows, stride); 1 / √(variance + ε) of every column or row.
    Buffer<T> normalized, normalized_delta, inverse;
    // With batch normalization: each column's mean and variance over the batch, and the components of
    // its gradient along 1 and ẑ; for predictions, the factors of the running statistics.
    Buffer<T> mean, variance, gradient_mean, gradient_along, running_scale, running_shift;
    Buffer<T> packed;        // W in panels; not if X is CSR
    Buffer<T> transposed;    // Wᵀ in panels; not for the first layer
    Buffer<T> packed_delta;  // delta in panels, if its rows are long
    // For products in bfloat16, the panels of W and Wᵀ instead of those, and of delta.
    Buffer<Pair> rounded, rounded_transposed, rounded_delta;

    T* affine_result() const { return z ? z : a; }
    bool is_normalized() const { return normalization != Normalization::none; }
    bool normalizes_batch() const { return normalization == Normalization::batch; }
    // The mean over the samples cancels a common offset: the sum of delta is zero except for
    // rounding, which an optimizer that divides by the gradient's size would learn from.
    bool learns_bias() const { return !normalizes_batch(); }
    // Returns whether a is more than f(z), or z is no longer the product's result.
    bool changes_a() const { return residual || dropout > 0; }
    bool keeps_z() const { return activation.reads_z || changes_a() || is_normalized(); }
    Index n_statistics() const { return normalizes_batch() ? 2 : 0; }
    Index n_of_normalization() const { return is_normalized() ? 2 : 0; }
    Units<T> units(Index first, Index rows) const {
        const auto at = [&](T* p) { return p ? p + first * stride : nullptr; };
        const T* const of_activation =
            learned_copy ? learned_copy + n_of_normalization() * stride : nullptr;
        return {rows,      stride,        at(affine_result()), at(a),
                at(delta), of_activation, at(parameter_delta)};
    }
};

// Rows of W that are summed, updated and squared together: whole tiles and vectors of every width,
// and few enough that their gradient is still in the first-level cache when it is used.
template <class T>
inline constexpr Index weight_rows = 192 / sizeof(T);
inline constexpr Index chunk_bytes = Index(40) << 20;
// A prediction needs a sample's activations only briefly: what a thread writes stays in its cache.
inline constexpr Index predicted_bytes_per_thread = Index(1) << 19;
// The update of a chunk cannot be interrupted, so its duration bounds the delay of Ctrl-C.
inline constexpr Index chunk_multiply_adds = Index(1) << 31;
// For products in bfloat16, dW sums samples in blocks, and no chunk may split one.
inline constexpr Index chunk_grain = 2 * block_pairs;

template <class T>
inline constexpr Index left_size = weight_rows<T> * piece_rows;

template <class T>
struct Network {
    explicit Network(const Problem& problem);
    ~Network() { delete[] layers; }
    Network(const Network&) = delete;

    // Allocates all memory that the passes write, so that no thread allocates.
    void prepare_forward(const Rows<T>& rows, bool gathers, Index chunk_rows);
    void prepare_backward(int n_threads, Index batch, Index sparse_entries,
                          bool keeps_gradient = false);
    // Chunks of nearly equal size within the bound, all except the last in whole grains.
    Index chunk_size(Index batch) const { return chunk_size(batch, largest_chunk); }
    static Index chunk_size(Index batch, Index bound);
    // Largest number of samples in a chunk of such a batch, or of a smaller one.
    Index largest_chunk_of(Index batch) const {
        return batch < largest_chunk ? batch : largest_chunk;
    }
    Index predicted_chunk_size(Index rows, int n_threads) const;
    void make_room(Index chunk_rows);
    void copy_problem(const Problem& source);
    void prepare_block(Layer<T>& layer);
    // Returns whether a step draws random numbers.
    bool draws_any() const {
        return draws_units || problem.input_dropout > 0 || problem.input_noise > 0;
    }
    Index n_gradient_squares() const { return n_squares + n_parameters - n_weights; }
    // Returns whether products are in bfloat16.
    bool is_rounded() const {
        return std::is_same_v<T, float> && problem.precision == Precision::bfloat16;
    }

    Heads heads() const { return {problem.heads, problem.n_heads}; }

    Problem problem;
    Index n_layers, n_features, n_outputs;
    Index n_parameters = 0, n_weights = 0, n_squares = 0;
    bool normalizes_batch = false, draws_units = false;
    bool uses_running = false;  // whether running statistics replace those of the batch
    Draws draws;                // of the present step
    Index largest_chunk = 0;    // largest number of rows in a chunk
    Index room = 0;             // number of rows for which the buffers were made
    Buffer<Block> blocks;
    Buffer<double> loss_hyperparameters;
    Buffer<Index> head_widths;
    Layer<T>* layers;
    Buffer<T> x, input_kept;                  // gathered rows, and their dropout factors
    Buffer<T> p, value, logit_delta, weight;  // (rows, n_outputs) or (rows), compact
    Buffer<T> y;                              // (rows, n_targets)
    Buffer<std::int32_t> codes;               // (rows, n_targets)
    Buffer<std::int64_t> picked;              // (rows): indices of rows of a CSR matrix
    Buffer<double> row_loss;                  // (rows)
    Buffer<double> square;     // (n_squares): ‖W‖² of each weight_rows rows, layer by layer
    Buffer<double> magnitude;  // (n_squares): ‖W‖₁ of the same
    // ‖g‖² of the same, then of the ranges of other parameters, at the place of the first of each.
    Buffer<double> gradient_square;
    Buffer<T> gradient;  // (n_parameters), if a batch has several chunks or it is kept
    Buffer<T> part;      // (n_threads, weight_rows, widest layer): the gradient being computed
    Index part_size = 0;
    Buffer<T> left;  // (n_threads, left_size): copies of transposed_matmul
    int most_threads = 0;
    bool skips_zeros = false;  // whether X is dense but mostly zeros
    // In bfloat16: rows of a or delta, rounded_row pairs apart; and each thread's columns of a, by
    // rounded_column.
    Buffer<Pair> rounded_rows, rounded_columns;
    Index rounded_row = 0, rounded_column = 0;
    // A CSR chunk by columns: each column's first entry, and for every entry its row, its place in
    // the matrix, and the column's next entry.
    Buffer<std::int32_t> first_entry, next_entry, entry_row;
    Buffer<std::int64_t> entry_place;
    Index most_entries = 0;
};

template <class T>
Network<T>::Network(const Problem& source)
    : problem(source),
      n_layers(source.n_blocks),
      n_features(source.blocks[0].fan_in),
      n_outputs(source.blocks[source.n_blocks - 1].fan_out),
      blocks(source.n_blocks),
      loss_hyperparameters(source.n_loss_hyperparameters),
      head_widths(source.n_heads + 1),
      layers(nullptr) {
    copy_problem(source);
    Index row_values = n_features, widest = n_features;
    for (Index i = 0; i < n_layers; ++i) {
        const Activation<T>& activation = activation_table<T>[blocks[i].activation];
        const bool is_plain =
            blocks[i].normalization < 0 && !blocks[i].residual && !blocks[i].dropout;
        row_values += (is_plain ? 3 + activation.reads_z + (activation.n_parameters > 0) : 8) *
                      padded<T>(blocks[i].fan_out);
    }
    layers = new Layer<T>[n_layers];
    for (Index i = 0; i < n_layers; ++i) {
        Layer<T>& layer = layers[i];
        layer.fan_in = blocks[i].fan_in;
        layer.fan_out = blocks[i].fan_out;
        layer.stride = padded<T>(layer.fan_out);
        layer.activation = activation_table<T>[blocks[i].activation];
        layer.normalization = Normalization(blocks[i].normalization);
        layer.residual = blocks[i].residual;
        layer.dropout = blocks[i].dropout;
        normalizes_batch = normalizes_batch || layer.normalizes_batch();
        draws_units = draws_units || layer.dropout > 0;
        layer.weights = n_weights;
        n_weights += layer.fan_in * layer.fan_out;
        layer.squares = n_squares;
        n_squares += (layer.fan_in + weight_rows<T> - 1) / weight_rows<T>;
        if (part_size < weight_rows<T> * layer.stride) part_size = weight_rows<T> * layer.stride;
        if (widest < layer.fan_out) widest = layer.fan_out;
    }
    if (is_rounded()) row_values += padded_pairs(widest) + (row_values - n_features) / 4;
    const Index by_bytes = chunk_bytes / (row_values * Index(sizeof(T)));
    const Index by_work = chunk_multiply_adds / n_weights;
    largest_chunk = by_bytes < by_work ? by_bytes : by_work;
    largest_chunk = largest_chunk < 64 ? 64 : largest_chunk / chunk_grain * chunk_grain;
    // The moments of a batch are those of all its samples.
    if (normalizes_batch) largest_chunk = Index(1) << 40;
    n_parameters = n_weights;
    for (Index i = 0; i < n_layers; ++i) {
        layers[i].biases = n_parameters;
        n_parameters += layers[i].fan_out;
    }
    for (Index i = 0; i < n_layers; ++i) {
        layers[i].learned = n_parameters;
        layers[i].n_learned = layers[i].n_of_normalization() + layers[i].activation.n_parameters;
        n_parameters += layers[i].n_learned * layers[i].fan_out;
    }
    for (Index i = 0; i < n_layers; ++i) {
        layers[i].statistics = n_parameters;
        n_parameters += layers[i].n_statistics() * layers[i].fan_out;
    }
}

// Without heads, all outputs form one.
template <class T>
void Network<T>::copy_problem(const Problem& source) {
    std::memcpy(blocks, source.blocks, sizeof(Block) * std::size_t(n_layers));
    for (int i = 0; i < source.n_loss_hyperparameters; ++i)
        loss_hyperparameters[i] = source.loss_hyperparameters[i];
    for (int i = 0; i < source.n_heads; ++i) head_widths[i] = source.heads[i];
    if (source.n_heads == 0) head_widths[0] = n_outputs, problem.n_heads = 1;
    problem.blocks = blocks;
    problem.loss_hyperparameters = loss_hyperparameters;
    problem.heads = head_widths;
}

template <class T>
Index Network<T>::chunk_size(Index batch, Index bound) {
    const Index chunks = (batch + bound - 1) / bound;
    if (chunks < 2) return batch;
    return ((batch + chunks - 1) / chunks + chunk_grain - 1) / chunk_grain * chunk_grain;
}

template <class T>
Index Network<T>::predicted_chunk_size(Index rows, int n_threads) const {
    Index row_bytes = 0;
    for (Index i = 0; i < n_layers; ++i) row_bytes += layers[i].stride * Index(sizeof(T));
    const Index by_bytes = n_threads * predicted_bytes_per_thread / row_bytes;
    const Index bound = by_bytes < 64 * n_threads ? 64 * n_threads : by_bytes;
    return chunk_size(rows, bound < largest_chunk ? bound : largest_chunk);
}

// Buffers made for fewer rows are made anew when next prepared.
template <class T>
void Network<T>::make_room(Index chunk_rows) {
    room = chunk_rows;
    rounded_column = padded_pairs(room);
    x = Buffer<T>(), p = Buffer<T>(), square = Buffer<double>();
    most_threads = 0;
}

template <class T>
void Network<T>::prepare_forward(const Rows<T>& rows, bool gathers, Index chunk_rows) {
    if (room < chunk_rows) make_room(chunk_rows);
    const bool reads_dense = rows.dense;
    if (reads_dense && gathers && !x) {
        x = Buffer<T>(room * n_features);
        if (problem.input_dropout > 0) input_kept = Buffer<T>(room * n_features);
    }
    skips_zeros = reads_dense && is_mostly_zeros(rows.dense, rows.n_samples, n_features);
    if (p) return;
    picked = Buffer<std::int64_t>(room);
    for (Index i = 0; i < n_layers; ++i) {
        Layer<T>& layer = layers[i];
        layer.a = Buffer<T>(room * layer.stride);
        layer.bias = Buffer<T>(layer.stride);
        if (layer.n_learned) layer.learned_copy = Buffer<T>(layer.n_learned * layer.stride);
        if (layer.normalizes_batch()) {
            layer.running_scale = Buffer<T>(layer.stride);
            layer.running_shift = Buffer<T>(layer.stride);
        }
        if (i == 0 && !reads_dense) continue;
        if (is_rounded())
            layer.rounded = Buffer<Pair>(rounded_size(layer.fan_in, layer.fan_out));
        else
            layer.packed = Buffer<T>(packed_size<T>(layer.fan_in, layer.fan_out));
    }
    if (is_rounded()) {
        rounded_row = reads_dense ? padded_pairs(n_features) : 0;
        for (Index i = 0; i < n_layers; ++i)
            if (rounded_row < padded_pairs(layers[i].fan_out))
                rounded_row = padded_pairs(layers[i].fan_out);
        rounded_rows = Buffer<Pair>(room * rounded_row);
    }
    p = Buffer<T>(room * n_outputs);
}

// The optional parts of a block, in training.
template <class T>
void Network<T>::prepare_block(Layer<T>& layer) {
    const Index size = room * layer.stride;
    if (layer.keeps_z()) layer.z = Buffer<T>(size);
    if (layer.activation.n_parameters) layer.parameter_delta = Buffer<T>(size);
    if (layer.residual) layer.residual_delta = Buffer<T>(size);
    if (layer.dropout > 0) layer.kept = Buffer<T>(size);
    if (!layer.is_normalized()) return;
    layer.normalized = Buffer<T>(size);
    layer.normalized_delta = Buffer<T>(size);
    layer.inverse = Buffer<T>(layer.normalizes_batch() ? layer.stride : room);
    if (!layer.normalizes_batch()) return;
    for (Buffer<T>* of_columns :
         {&layer.mean, &layer.variance, &layer.gradient_mean, &layer.gradient_along})
        *of_columns = Buffer<T>(layer.stride);
}

template <class T>
void Network<T>::prepare_backward(int n_threads, Index batch, Index sparse_entries,
                                  bool keeps_gradient) {
    if ((keeps_gradient || chunk_size(batch) < batch) && !gradient)
        gradient = Buffer<T>(n_parameters);
    if (keeps_gradient && !gradient_square) gradient_square = Buffer<double>(n_gradient_squares());
    if (most_threads < n_threads) {
        part = Buffer<T>(n_threads * part_size);
        left = Buffer<T>(n_threads * left_size<T>);
        if (is_rounded())
            rounded_columns = Buffer<Pair>(n_threads * weight_rows<T> * rounded_column);
        most_threads = n_threads;
    }
    if (most_entries < sparse_entries) {
        first_entry = Buffer<std::int32_t>(n_features);
        next_entry = Buffer<std::int32_t>(sparse_entries);
        entry_row = Buffer<std::int32_t>(sparse_entries);
        entry_place = Buffer<std::int64_t>(sparse_entries);
        most_entries = sparse_entries;
    }
    if (square) return;
    y = Buffer<T>(room * problem.n_targets);
    value = Buffer<T>(room * n_outputs);
    logit_delta = Buffer<T>(room * n_outputs);
    weight = Buffer<T>(room);
    codes = Buffer<std::int32_t>(room * problem.n_targets);
    row_loss = Buffer<double>(room);
    for (Index i = 0; i < n_layers; ++i) {
        Layer<T>& layer = layers[i];
        layer.delta = Buffer<T>(room * layer.stride);
        prepare_block(layer);
        if (is_rounded()) {
            if (layer.rounded)
                layer.rounded_delta = Buffer<Pair>(rounded_size(room, layer.fan_out));
            if (i > 0)
                layer.rounded_transposed = Buffer<Pair>(rounded_size(layer.fan_out, layer.fan_in));
            continue;
        }
        if (layer.stride * Index(sizeof(T)) > longest_row_bytes)
            layer.packed_delta = Buffer<T>(packed_size<T>(room, layer.fan_out));
        if (i > 0) layer.transposed = Buffer<T>(packed_size<T>(layer.fan_out, layer.fan_in));
    }
    square = Buffer<double>(n_squares);
    magnitude = Buffer<double>(n_squares);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
