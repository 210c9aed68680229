// The working memory of one network. Batches are processed in chunks, so that memory is bounded for
// any batch size; gradients continue the sums of the previous chunk, in order of the samples.
//
// Shapes: x (rows, n_features); a, delta (rows, stride) of each block.
#pragma once

#include <cstring>

#include "blocks/kinds.hpp"
#include "engine.hpp"
#include "formulas/loss_terms.hpp"
#include "products/bfloat16.hpp"
#include "products/skipping.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

inline constexpr Index chunk_bytes = Index(40) << 20;
// A prediction needs a sample's activations only briefly: what a thread writes stays in its cache.
inline constexpr Index predicted_bytes_per_thread = Index(1) << 19;
// The update of a chunk cannot be interrupted, so its duration bounds the delay of Ctrl-C.
inline constexpr Index chunk_multiply_adds = Index(1) << 31;
// For products in bfloat16, dW sums samples in blocks, and no chunk may split one.
inline constexpr Index chunk_grain = 2 * block_pairs;
// A small network sums the gradient of a batch in sections of at least so many samples, each in a task
// of its own: what a task writes is in its first-level cache when it is summed, and no thread reads
// the values of others' samples. The sections' sums are added in order.
inline constexpr Index section_rows = 48, most_sections = 8, section_weights = 12288;

// The blocks of a network, the first one first.
template <class T>
class Layers {
   public:
    Layers(const Block* blocks, Index n) : n_(n), layers_(new Layer<T>*[std::size_t(n)]) {
        for (Index i = 0; i < n; ++i)
            layers_[i] = block_table<T>[blocks[i].kind].make(blocks[i], i);
    }
    ~Layers() {
        for (Index i = 0; i < n_; ++i) delete layers_[i];
        delete[] layers_;
    }
    Layers(const Layers&) = delete;
    Layer<T>& operator[](Index i) const { return *layers_[i]; }

   private:
    Index n_;
    Layer<T>** layers_;
};

template <class T>
struct Network : Workspace<T> {
    using Workspace<T>::room, Workspace<T>::draws, Workspace<T>::picked, Workspace<T>::is_rounded;

    explicit Network(const Problem& problem);
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
    // Number of sections of a batch; 1 if all samples are summed in one chain. It depends on shapes
    // and formulas, not on threads.
    Index n_sections(Index batch, bool reads_dense) const;
    void make_room(Index chunk_rows);
    void copy_problem(const Problem& source);
    void connect_first();
    void place_tensors();
    void set_largest_chunk();
    // Returns whether a step draws random numbers.
    bool draws_any() const {
        return draws_units || problem.input_dropout > 0 || problem.input_noise > 0;
    }
    // Whether rows of an input stage without a gradient may be left out of the next steps.
    void leave_idle_rows(bool leaves) {
        layers[0].leave_idle_rows(leaves);
        n_input_parts = layers[0].n_input_parts();
    }
    // Sets the rows of X for each sample of the next calls.
    void read_rows_of_x(Index rows);
    // Takes the multipliers of a step.
    void follow(const Multipliers& multipliers);
    Index n_gradient_squares() const { return n_squares + n_parameters - n_weights; }
    Heads heads() const { return {problem.heads, problem.n_heads}; }

    Problem problem;
    Index n_layers, n_features, n_outputs;
    Index n_members;  // rows of the last block for each sample
    Index n_parameters = 0, n_weights = 0, n_squares = 0;
    Index n_input_parts = 0;                        // of the first block
    bool needs_batch = false, draws_units = false;  // whether any block does
    Index largest_chunk = 0;                        // largest number of rows in a chunk
    Buffer<Block> blocks;
    Buffer<double> loss_hyperparameters;
    double label_smoothing = 0;  // the loss's own, without a schedule
    double target_factor = 1;    // of the distance of targets from ½, by a schedule of smoothing
    Buffer<Index> head_widths;
    Layers<T> layers;
    Buffer<T> x, input_kept;  // gathered rows, and their dropout factors
    // Below, rows are those of all members.
    Buffer<T> p, value, logit_delta;  // (rows, n_outputs), compact
    Buffer<T> weight;                 // (rows) or (rows, n_targets)
    Buffer<T> y;                      // (rows, n_targets)
    Buffer<std::int32_t> codes;       // (rows, n_targets)
    Buffer<double> row_loss;          // (rows)
    Buffer<double> square;            // (n_squares): ‖W‖² of each weight_rows rows, layer by layer
    Buffer<double> magnitude;         // (n_squares): ‖W‖₁ of the same
    // ‖g‖² of the same, then of the ranges of other parameters, at the place of the first of each.
    Buffer<double> gradient_square;
    Buffer<T> gradient;  // (n_parameters), if a batch has several chunks or it is kept
    Buffer<T> sections;  // (n_sections, section_size): the gradient of each section
    Index section_size = 0, most_made_sections = 0;
    Buffer<T> part;       // (n_threads, part_size): the gradient being computed
    Index part_size = 0;  // at least weight_rows of the widest layer
    int most_threads = 0;
    bool skips_zeros = false;  // whether X is dense but mostly zeros
    Index most_entries = 0;
};

template <class T>
Network<T>::Network(const Problem& source)
    : problem(source),
      n_layers(source.n_blocks),
      n_features(source.blocks[0].fan_in),
      n_outputs(source.blocks[source.n_blocks - 1].fan_out),
      n_members(source.blocks[source.n_blocks - 1].n_members),
      blocks(source.n_blocks),
      loss_hyperparameters(source.n_loss_hyperparameters),
      head_widths(source.n_heads + 1),
      layers(source.blocks, source.n_blocks) {
    copy_problem(source);
    is_rounded = std::is_same_v<T, float> && problem.precision == Precision::bfloat16;
    connect_first();
    place_tensors();
    set_largest_chunk();
}

// Leaves out what the second block does not pass to the first, or the first not to the second.
template <class T>
void Network<T>::connect_first() {
    if (n_layers == 1 || problem.blocks[1].residual) return;
    layers[1].passed = layers[0].needed();
    if (layers[1].reads_codes(is_rounded)) layers[0].leave_codes();
}

// The flat vector is ordered by role: the weights of all blocks, which the penalty acts on, first.
template <class T>
void Network<T>::place_tensors() {
    for (Index i = 0; i < n_layers; ++i) {
        Layer<T>& layer = layers[i];
        needs_batch = needs_batch || layer.needs_batch();
        draws_units = draws_units || layer.draws();
        layer.weights = n_weights;
        n_weights += layer.tensors.weights();
        layer.squares = n_squares;
        n_squares += (layer.tensors.weight_rows + weight_rows<T> - 1) / weight_rows<T>;
        for (Index size :
             {weight_rows<T> * layer.stride, layer.tensors.biases, layer.tensors.learned})
            if (part_size < size) part_size = padded<T>(size);
        n_input_parts += layer.n_input_parts();
        if (part_size < layer.input_part_size()) part_size = padded<T>(layer.input_part_size());
    }
    n_parameters = n_weights;
    const auto place = [&](Index Layer<T>::* offset, Index Tensors::* size) {
        for (Index i = 0; i < n_layers; ++i) {
            layers[i].*offset = n_parameters;
            n_parameters += layers[i].tensors.*size;
        }
    };
    place(&Layer<T>::biases, &Tensors::biases);
    place(&Layer<T>::learned, &Tensors::learned);
    place(&Layer<T>::inputs, &Tensors::inputs);
    place(&Layer<T>::statistics, &Tensors::statistics);
}

template <class T>
void Network<T>::set_largest_chunk() {
    Index row_values = this->rows_of_x * n_features, widest = n_features;
    for (Index i = 0; i < n_layers; ++i) {
        row_values += layers[i].values_of_sample();
        if (widest < layers[i].fan_out) widest = layers[i].fan_out;
    }
    if (is_rounded) row_values += n_members * padded_pairs(widest) + (row_values - n_features) / 4;
    const Index by_bytes = chunk_bytes / (row_values * Index(sizeof(T)));
    const Index by_work = chunk_multiply_adds / (n_weights ? n_weights : 1) / n_members;
    largest_chunk = by_bytes < by_work ? by_bytes : by_work;
    largest_chunk = largest_chunk < 64 ? 64 : largest_chunk / chunk_grain * chunk_grain;
    // The moments of a batch are those of all its samples.
    if (needs_batch) largest_chunk = Index(1) << 40;
}

template <class T>
void Network<T>::read_rows_of_x(Index rows) {
    if (this->rows_of_x == rows) return;
    this->rows_of_x = rows;
    for (Index i = 0; i < n_layers; ++i) layers[i].read_rows_of_x(rows);
    set_largest_chunk();
    room = 0;
}

template <class T>
void Network<T>::follow(const Multipliers& multipliers) {
    draws.dropout_multiplier = multipliers.dropout;
    const int place = problem.smoothing_place;
    if (place >= 0)
        loss_hyperparameters[place] = label_smoothing * multipliers.label_smoothing;
    else if (problem.target_smoothing > 0)
        target_factor = (1 - problem.target_smoothing * multipliers.label_smoothing) /
                        (1 - problem.target_smoothing);
}

// Without heads, all outputs form one.
template <class T>
void Network<T>::copy_problem(const Problem& source) {
    std::memcpy(blocks, source.blocks, sizeof(Block) * std::size_t(n_layers));
    for (int i = 0; i < source.n_loss_hyperparameters; ++i)
        loss_hyperparameters[i] = source.loss_hyperparameters[i];
    for (int i = 0; i < source.n_heads; ++i) head_widths[i] = source.heads[i];
    if (source.smoothing_place >= 0)
        label_smoothing = source.loss_hyperparameters[source.smoothing_place];
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
Index Network<T>::n_sections(Index batch, bool reads_dense) const {
    const bool is_plain = reads_dense && n_members == 1 && !needs_batch && !is_rounded &&
                          problem.loss != custom_loss && batch <= largest_chunk;
    if (!is_plain || n_weights > section_weights || batch < 2 * section_rows) return 1;
    for (Index i = 0; i < n_layers; ++i)
        if (!layers[i].sums_sections()) return 1;
    const Index n = batch / section_rows;
    return n < most_sections ? n : most_sections;
}

template <class T>
Index Network<T>::predicted_chunk_size(Index rows, int n_threads) const {
    Index row_bytes = 0;
    for (Index i = 0; i < n_layers; ++i)
        row_bytes += layers[i].stride * layers[i].n_members * Index(sizeof(T));
    const Index by_bytes = n_threads * predicted_bytes_per_thread / row_bytes;
    const Index bound = by_bytes < 64 * n_threads ? 64 * n_threads : by_bytes;
    return chunk_size(rows, bound < largest_chunk ? bound : largest_chunk);
}

// Buffers made for fewer rows are made anew when next prepared.
template <class T>
void Network<T>::make_room(Index chunk_rows) {
    room = chunk_rows;
    this->rounded_column = padded_pairs(room * n_members);
    x = Buffer<T>(), p = Buffer<T>(), square = Buffer<double>();
    most_threads = 0;
}

template <class T>
void Network<T>::prepare_forward(const Rows<T>& rows, bool gathers, Index chunk_rows) {
    if (room < chunk_rows) make_room(chunk_rows);
    const bool reads_dense = rows.dense;
    const Index room_for_x = room * this->rows_of_x;
    if (reads_dense && gathers && !x) {
        x = Buffer<T>(room_for_x * n_features);
        if (problem.input_dropout > 0) input_kept = Buffer<T>(room_for_x * n_features);
    }
    skips_zeros = reads_dense && is_mostly_zeros(rows.dense, rows.n_samples, n_features);
    if (p) return;
    picked = Buffer<std::int64_t>(room_for_x);
    for (Index i = 0; i < n_layers; ++i) layers[i].prepare_forward(*this, !reads_dense);
    if (is_rounded) {
        Index& rounded_row = this->rounded_row;
        rounded_row = reads_dense ? padded_pairs(n_features) : 0;
        for (Index i = 0; i < n_layers; ++i)
            if (rounded_row < padded_pairs(layers[i].fan_out))
                rounded_row = padded_pairs(layers[i].fan_out);
        this->rounded_rows = Buffer<Pair>(room * n_members * rounded_row);
    }
    p = Buffer<T>(room * n_members * n_outputs);
}

template <class T>
void Network<T>::prepare_backward(int n_threads, Index batch, Index sparse_entries,
                                  bool keeps_gradient) {
    if ((keeps_gradient || chunk_size(batch) < batch) && !gradient)
        gradient = Buffer<T>(n_parameters);
    if (keeps_gradient && !gradient_square) gradient_square = Buffer<double>(n_gradient_squares());
    const Index n = n_sections(largest_chunk_of(batch), sparse_entries == 0);
    if (n > 1 && most_made_sections < n) {
        section_size = padded<T>(n_parameters);
        sections = Buffer<T>(n * section_size);
        most_made_sections = n;
    }
    if (most_threads < n_threads) {
        part = Buffer<T>(n_threads * part_size);
        this->left = Buffer<T>(n_threads * left_size<T>);
        if (is_rounded)
            this->rounded_columns = Buffer<Pair>(n_threads * weight_rows<T> * this->rounded_column);
        most_threads = n_threads;
    }
    if (most_entries < sparse_entries) {
        this->first_entry = Buffer<std::int32_t>(n_features);
        this->next_entry = Buffer<std::int32_t>(sparse_entries);
        this->entry_row = Buffer<std::int32_t>(sparse_entries);
        this->entry_place = Buffer<std::int64_t>(sparse_entries);
        most_entries = sparse_entries;
    }
    if (square) return;
    const Index rows = room * n_members;
    y = Buffer<T>(rows * problem.n_targets);
    value = Buffer<T>(rows * n_outputs);
    logit_delta = Buffer<T>(rows * n_outputs);
    weight = Buffer<T>(rows * problem.n_targets);
    codes = Buffer<std::int32_t>(rows * problem.n_targets);
    row_loss = Buffer<double>(rows);
    for (Index i = 0; i < n_layers; ++i) layers[i].prepare_backward(*this);
    square = Buffer<double>(n_squares);
    magnitude = Buffer<double>(n_squares);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
