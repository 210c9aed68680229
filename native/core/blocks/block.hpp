// A block of a network: the tensors that its kind declares, its memory and its passes.
//
// Shapes: a, delta (rows, stride), with rows padded to whole vectors by finite numbers (delta:
// zeros); with members, a sample has a row for each of them. The flat parameters hold the weights of
// all blocks, their biases, the other learned parameters of their units, those of an input stage, then
// statistics. Passes run over ranges: samples of the chunk for values of each sample, rows of W for
// sums over samples. Ranges are disjoint, so threads can process them in parallel, and no bit of the
// result depends on the ranges.
#pragma once

#include <cstring>

#include "blocks/buffer.hpp"
#include "engine.hpp"
#include "formulas/noise.hpp"
#include "products/bfloat16.hpp"
#include "products/panel_copies.hpp"
#include "products/sparse.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Rows of W that are summed, updated and squared together: whole tiles and vectors of every width,
// and few enough that their gradient is still in the first-level cache when it is used.
template <class T>
inline constexpr Index weight_rows = 192 / sizeof(T);

template <class T>
inline constexpr Index left_size = weight_rows<T> * piece_rows;

// Sizes of the tensors of a block, by role. A penalty acts on weights alone, the decay on weights and
// inputs, and no optimizer changes statistics.
struct Tensors {
    Index weight_rows = 0, weight_columns = 0;
    Index biases = 0, learned = 0, statistics = 0;
    Index inputs = 0;    // parameters of an input stage
    Index matrices = 1;  // that the rows of W are divided into
    Index weights() const { return weight_rows * weight_columns; }
};

// Parameters of an input stage that are summed and updated together: parts of several tensors.
inline constexpr Index most_ranges = 4;
struct InputPart {
    Range ranges[most_ranges];
    Index n_ranges = 0;
    Index size() const {
        Index sum = 0;
        for (Index i = 0; i < n_ranges; ++i) sum += ranges[i].end - ranges[i].begin;
        return sum;
    }
};

// Receives the summed gradient of a range of an input stage's parameters.
template <class T>
struct RangeUse {
    virtual void operator()(Range, const T* sum) const = 0;

   protected:
    ~RangeUse() = default;
};

// One-hot columns of an input stage's a that are not made, each in the place of code 1 and those that
// follow; code 0 has no column.
struct CodeColumns {
    Index n = 0, room = 0;
    const Index *first = nullptr, *n_outputs = nullptr;  // (n)
    const std::int32_t* codes = nullptr;                 // (n, room)
    Index behind(Index c) const { return first[c] + n_outputs[c]; }
    const std::int32_t* of(Index c) const { return codes + c * room; }
};

// Input of a block: dense rows, or rows of a CSR matrix.
template <class T>
struct Input {
    const T* dense;  // (rows, stride); null if X is CSR
    Index stride;
    bool skips_zeros = false;  // whether it is X, dense but mostly zeros
    SparseRows<T> sparse{};
    const CodeColumns* codes = nullptr;  // null if there are none
};

// The state of a step and the memory of a chunk, which the blocks of a network share.
template <class T>
struct Workspace {
    Index room = 0;               // number of samples for which the buffers were made
    Index rows_of_x = 1;          // rows of X for each sample: one, or one for each member
    bool is_rounded = false;      // whether products are in bfloat16
    bool uses_running = false;    // whether running statistics replace those of the batch
    Draws draws;                  // of the present step
    Buffer<std::int64_t> picked;  // (rows of X): their indices, for draws and a CSR matrix
    Buffer<T> left;               // (n_threads, left_size): copies of transposed_matmul
    // In bfloat16: rows of a or delta, rounded_row pairs apart; and each thread's columns of a, by
    // rounded_column.
    Buffer<Pair> rounded_rows, rounded_columns;
    Index rounded_row = 0, rounded_column = 0;
    // A CSR chunk by columns: each column's first entry, and for every entry its row, its place in
    // the matrix, and the column's next entry.
    Buffer<std::int32_t> first_entry, next_entry, entry_row;
    Buffer<std::int64_t> entry_place;

    ColumnLists column_lists() const { return {first_entry, next_entry, entry_row, entry_place}; }
};

template <class T>
struct Dense;

// The interface of a kind. A kind that lacks a role of tensors, or needs no whole batch, leaves out
// the methods for it.
template <class T>
struct Layer {
    Layer(const Block& block, Index place)
        : fan_in(block.fan_in),
          fan_out(block.fan_out),
          stride(padded<T>(block.fan_out)),
          n_members(block.n_members),
          stream(std::uint32_t(place + 1)),
          is_first(place == 0),
          passed{0, block.fan_in} {}
    virtual ~Layer() = default;

    Index fan_in, fan_out, stride;
    Index n_members;       // rows of a for each sample
    std::uint32_t stream;  // number of the block's draws
    bool is_first;         // whether X is the input, whose gradient is not computed
    Tensors tensors;
    // Offsets in the flat vector.
    Index weights = 0, biases = 0, learned = 0, inputs = 0, statistics = 0;
    Index squares = 0;  // offset of its part of Network::square
    Buffer<T> a, delta;
    const CodeColumns* codes = nullptr;  // columns that are missing in a, if there are any
    Range passed;  // columns of a_prev whose dL/da_prev is needed; others may be left out

    // Sets the rows of X for each sample, before the buffers are made.
    virtual void read_rows_of_x(Index) {}

    // Memory: how many numbers a sample takes, and the buffers of the passes.
    virtual Index values_of_sample() const = 0;
    virtual void prepare_forward(const Workspace<T>& shared, bool reads_sparse) = 0;
    virtual void prepare_backward(const Workspace<T>& shared) = 0;

    // Forward: values up to those whose moments over the batch are needed, and from there to a.
    virtual void begin_forward(const Workspace<T>& shared, const T* parameters,
                               const Input<T>& input, Range range) = 0;
    virtual void finish_forward(const Workspace<T>& shared, const Input<T>& input, Range range) = 0;
    // Both at once, which may leave no z.
    virtual void forward(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                         Range range) {
        begin_forward(shared, parameters, input, range);
        finish_forward(shared, input, range);
    }
    // The values that show an infinity first: a bounded activation hides it in a.
    virtual const T* first_values() const = 0;
    // One sample, directly from the parameters, to `to`; `space` has values_of_row() numbers.
    virtual void predict_row(const T* parameters, const T* from, T* to, T* space) const = 0;
    virtual Index values_of_row() const { return 0; }

    // Backward: from dL/da in delta up to a sum over the batch, and from there to dL/da of the block
    // below, if there is one. `rows` is the size of the chunk.
    virtual void begin_backward(const Workspace<T>& shared, Range range) = 0;
    virtual void finish_backward(const Workspace<T>& shared, Range range, Index rows,
                                 const Layer* below) = 0;

    // a, if begin_backward only multiplies dL/da by a derivative that is 0 where a is 0 and else 1; null
    // otherwise.
    virtual const T* gate() const { return nullptr; }
    // Returns whether finish_backward_gated can take the place of finish_backward and of the lower
    // block's begin_backward.
    virtual bool gates(const Workspace<T>&, const Layer& /*below*/) const { return false; }
    virtual void finish_backward_gated(const Workspace<T>&, Range, Index /*rows*/,
                                       const Layer& /*below*/) {}

    // Columns of the moments over the batch, in between.
    virtual bool needs_batch() const { return false; }
    virtual void take_moments(Index, Range) const {}
    virtual void take_gradients(Index, Range) const {}

    // Gradients over the chunk: added, or written if this chunk is the `first`. dW points to row
    // range.begin of W.
    virtual void weight_gradient(const Workspace<T>&, const Input<T>&, Index, Range, T*, bool,
                                 int) const {}
    virtual void bias_gradient(Index, T*, bool) const {}
    // Returns whether the gradient may be summed in sections of the samples; adds that of some
    // samples, or writes it if they are the `first` of a section.
    virtual bool sums_sections() const { return false; }
    virtual void section_gradient(const Workspace<T>&, const Input<T>&, Range /*samples*/,
                                  T* /*dW*/, T* /*db*/, bool /*first*/, int /*thread*/) const {}
    virtual void learned_gradient(const Input<T>&, Index, T*, bool) const {}
    // The parts of an input stage's parameters, as ranges of them, and the gradient of one part:
    // sums[i] is that of its range i. `scratch` follows the part's numbers within input_part_size().
    virtual Index n_input_parts() const { return 0; }
    virtual Index input_part_size() const { return 0; }
    virtual InputPart input_part(Index) const { return {}; }
    virtual void input_gradient(const T* /*parameters*/, Index /*rows*/, Index /*part*/,
                                T* const* /*sums*/, T* /*scratch*/, bool /*first*/) const {}
    // Parts of many rows, of which a batch touches few: if idle rows are left out, their numbers differ,
    // and use(range, sum) is called for the rows with a gradient, and for those that had one in the
    // step before.
    virtual void leave_idle_rows(bool) {}
    virtual bool has_idle_rows(Index /*part*/) const { return false; }
    virtual void row_gradients(Index /*rows*/, Index /*part*/, T* /*scratch*/,
                               const RangeUse<T>&) const {}
    virtual void end_step(Index /*rows*/) {}
    // The values that statistics move towards.
    virtual void batch_statistics(Index, T*) const {}

    // Copies of the parameters that the passes read.
    virtual void refresh_weights(const Workspace<T>&, const T*, Range) const {}
    // The same for rows [range) of W while they are updated; nothing if the block cannot.
    virtual PanelCopies<T> panel_copies(const T* /*parameters*/, Range,
                                        bool /*sums_squares*/) const {
        return {};
    }
    virtual void refresh_biases(const T*) const {}
    virtual void refresh_learned(const T*) const {}
    virtual void refresh_inputs(const T*, Index /*part*/) const {}
    virtual void refresh_running(const T*) const {}

    // Returns whether the block reads `codes` of the block below; makes them columns of codes.
    virtual bool reads_codes(bool /*is_rounded*/) const { return false; }
    virtual void leave_codes() {}
    // The outputs whose dL/da the block needs.
    virtual Range needed() const { return {0, fan_out}; }
    // Writes the whole a of a sample, without padding.
    virtual void copy_a(Index row, T* to) const {
        std::memcpy(to, a + row * stride, sizeof(T) * std::size_t(fan_out));
    }

    // Returns whether a step draws random numbers.
    virtual bool draws() const { return false; }
    // The block, if the passes of small networks support it.
    virtual const Dense<T>* on_lanes() const { return nullptr; }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
