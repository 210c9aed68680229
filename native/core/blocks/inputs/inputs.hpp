// A group of columns of an input stage: the memory and the passes that its kind has.
//
// Shapes: x, one column of X after another, column_stride apart; a, delta (rows, stride), from the
// group's first output on; inside a group all outputs of the first column, then of the second, ….
// A group's parameters are those of its tensors, one after another in the order of their declaration.
// Passes run over ranges of samples, and gradients over parts of the parameters; no bit of the result
// depends on either.
#pragma once

#include "blocks/block.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Samples of a chunk, from the `first` on.
template <class T>
struct InputSamples {
    const T* x;
    Index column_stride;
    Index first, rows;
    const T* column(Index i) const { return x + i * column_stride; }
};

// Parameters of a group: those that are learned, and those that are fixed before the first step.
template <class T>
struct InputTensors {
    const T* learned;
    const T* fixed;
};

// The interface of a kind. A kind without parameters leaves out the methods for them.
template <class T>
struct Inputs {
    explicit Inputs(const InputGroup& group)
        : n_columns(group.n_columns),
          n_outputs(group.n_outputs),
          n_terms(group.n_terms),
          columns(group.n_columns) {
        for (Index i = 0; i < n_columns; ++i) columns[i] = group.columns[i];
    }
    virtual ~Inputs() = default;

    Index n_columns, n_outputs, n_terms;
    Buffer<Index> columns;  // indices in X
    Index width = 0;        // outputs of all columns
    Index n_learned = 0, n_fixed = 0;
    // Places of the first output in a, and of the parameters among those of the stage.
    Index first_output = 0, first_learned = 0, first_fixed = 0;

    // Numbers that a sample takes beside its columns and outputs, and the memory of the passes.
    virtual Index values_of_sample() const { return 0; }
    virtual void prepare_forward(Index) {}
    virtual void prepare_backward(Index) {}

    // `a` points to the first of the samples. A row is one sample alone, and memory is not touched.
    virtual void forward(const InputTensors<T>&, const InputSamples<T>&, T* a,
                         Index stride) const = 0;
    virtual void row(const InputTensors<T>& tensors, const T* x, T* a) const {
        forward(tensors, {x, 1, 0, 1}, a, width);
    }

    // Takes dL/da of a range of samples in place, before the gradients of any part.
    virtual void begin_backward(const InputSamples<T>&, T* /*delta*/, Index /*stride*/) {}

    // If `leaves_codes`, some columns are not made, as the next block reads their codes (block.hpp):
    // their number, their places and outputs, memory for their codes (n, room), and a row with them.
    bool leaves_codes = false;
    virtual Index n_code_columns() const { return 0; }
    virtual void leave_codes(Index* /*first*/, Index* /*outputs*/) {}
    virtual void keep_codes(std::int32_t*, Index /*room*/) {}
    virtual void complete(Index /*row*/, T* /*a*/) const {}

    // Parts of the parameters, their gradients over the samples, and copies that the passes read:
    // sums[i] is the gradient of the part's range i, added or, if `first`, written.
    virtual Index n_parts() const { return 0; }
    virtual InputPart part(Index) const { return {}; }
    virtual Index scratch_size() const { return 0; }
    virtual void gradient(const InputTensors<T>&, const InputSamples<T>&, const T* /*delta*/,
                          Index /*stride*/, Index /*part*/, T* const* /*sums*/, T* /*scratch*/,
                          bool /*first*/) const {}
    virtual void refresh(const InputTensors<T>&, Index /*part*/) const {}
    // As in block.hpp; ranges count from the group's first parameter.
    virtual void leave_idle_rows(bool) {}
    virtual bool has_idle_rows(Index /*part*/) const { return false; }
    virtual void row_gradients(const InputSamples<T>&, const T* /*delta*/, Index /*stride*/,
                               Index /*part*/, T* /*scratch*/, const RangeUse<T>&) const {}
    virtual void end_step(Index /*rows*/) {}

    // The columns whose parameters form a part, for kinds with tensors of equal size a column.
    Range columns_of_part(Index part) const {
        const Index begin = part * columns_a_part(), end = begin + columns_a_part();
        return {begin, end < n_columns ? end : n_columns};
    }
    // A round has room for a million tasks.
    Index columns_a_part() const { return 1 + n_columns / 10000; }
    Index parts_of_columns() const { return (n_columns + columns_a_part() - 1) / columns_a_part(); }
};

// Appends the numbers of columns [columns) of a tensor at `place`, with `each` numbers a column.
inline void add_range(InputPart& part, Index place, Range columns, Index each) {
    if (each == 0) return;
    part.ranges[part.n_ranges++] = {place + columns.begin * each, place + columns.end * each};
}

// Calls body(first, n, vector) for the numbers of a column, as many as a vector holds at a time.
template <class T, class Body>
void for_column(const T* x, Index rows, const Body& body) {
    for (Index i = 0; i < rows; i += lanes<T>) {
        const Index left = rows - i;
        left >= lanes<T> ? body(i, lanes<T>, load(x + i)) : body(i, left, load_part(x + i, left));
    }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
