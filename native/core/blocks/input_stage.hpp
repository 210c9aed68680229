// The first block of a network that turns the columns of X into a, group by group, as in
// src/lamina/blocks/input_stage.py.
//
// The samples of the chunk are copied column by column first, so that a group reads adjacent numbers.
// Shapes: columns (fan_in, room); a, delta (rows, stride), the outputs of the groups side by side.
#pragma once

#include "blocks/inputs/kinds.hpp"
#include "blocks/members.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct InputStage final : Layer<T> {
    using Base = Layer<T>;
    using Base::a, Base::delta, Base::stride, Base::fan_in, Base::fan_out;

    InputStage(const Block& block, Index place);
    ~InputStage() override {
        for (Index g = 0; g < n_groups; ++g) delete groups[g];
    }
    InputStage(const InputStage&) = delete;

    Index n_groups, room = 0;
    Buffer<Inputs<T>*> groups;
    Buffer<T> columns;
    CodeColumns left;  // columns of codes that the next block reads as codes
    Buffer<Index> left_first, left_outputs;
    Buffer<std::int32_t> left_codes;

    // Moves the ranges of a group among those of the stage.
    struct Moved final : RangeUse<T> {
        const RangeUse<T>& use;
        Index first;
        Moved(const RangeUse<T>& use, Index first) : use(use), first(first) {}
        void operator()(Range range, const T* sum) const override {
            use({first + range.begin, first + range.end}, sum);
        }
    };

    InputTensors<T> tensors_of(const Inputs<T>& group, const T* parameters) const {
        return {parameters + this->inputs + group.first_learned,
                parameters + this->statistics + group.first_fixed};
    }

    // Every row of X is one of the stage, and a sample may have one for each member.
    void read_rows_of_x(Index rows) override { this->n_members = rows; }

    Index values_of_sample() const override {
        Index sum = fan_in + 2 * stride;
        for (Index g = 0; g < n_groups; ++g) sum += groups[g]->values_of_sample();
        // Columns that are not made take no memory, because no page of theirs is touched.
        for (Index c = 0; c < left.n; ++c) sum -= 2 * left.n_outputs[c];
        return this->n_members * sum;
    }
    void prepare_forward(const Workspace<T>& shared, bool) override {
        room = this->n_members * shared.room;
        a = Buffer<T>(room * stride);
        columns = Buffer<T>(fan_in * room);
        left_codes = Buffer<std::int32_t>(left.n * room);
        left.codes = left_codes, left.room = room;
        std::int32_t* next = left_codes;
        for (Index g = 0; g < n_groups; ++g) {
            groups[g]->prepare_forward(room);
            groups[g]->keep_codes(next, room);
            next += groups[g]->n_code_columns() * room;
        }
    }
    void prepare_backward(const Workspace<T>& shared) override {
        delta = Buffer<T>(this->n_members * shared.room * stride);
        for (Index g = 0; g < n_groups; ++g)
            groups[g]->prepare_backward(this->n_members * shared.room);
    }

    void begin_forward(const Workspace<T>&, const T* parameters, const Input<T>& input,
                       Range of_samples) override {
        const Range range = member_rows(of_samples, this->n_members);
        for (Index i = range.begin; i < range.end; ++i)
            for (Index c = 0; c < fan_in; ++c)
                columns[c * room + i] = input.dense[i * input.stride + c];
        const InputSamples<T> samples{columns + range.begin, room, range.begin,
                                      range.end - range.begin};
        for (Index g = 0; g < n_groups; ++g) {
            const Inputs<T>& group = *groups[g];
            group.forward(tensors_of(group, parameters), samples,
                          a + range.begin * stride + group.first_output, stride);
        }
    }
    void finish_forward(const Workspace<T>&, const Input<T>&, Range) override {}
    const T* first_values() const override { return a; }
    void predict_row(const T* parameters, const T* from, T* to, T*) const override {
        for (Index g = 0; g < n_groups; ++g) {
            const Inputs<T>& group = *groups[g];
            group.row(tensors_of(group, parameters), from, to + group.first_output);
        }
        for (Index j = fan_out; j < stride; ++j) to[j] = T(0);
    }

    void leave_codes() override;
    void copy_a(Index row, T* to) const override {
        Base::copy_a(row, to);
        for (Index g = 0; g < n_groups; ++g) groups[g]->complete(row, to + groups[g]->first_output);
    }
    // From the first group with learned parameters to the last.
    Range needed() const override {
        Range outputs{fan_out, 0};
        for (Index g = 0; g < n_groups; ++g) {
            if (groups[g]->n_learned == 0) continue;
            const Index first = groups[g]->first_output;
            if (outputs.begin > first) outputs.begin = first;
            outputs.end = first + groups[g]->width;
        }
        return outputs;
    }

    void begin_backward(const Workspace<T>&, Range of_samples) override {
        const Range range = member_rows(of_samples, this->n_members);
        const InputSamples<T> samples{columns + range.begin, room, range.begin,
                                      range.end - range.begin};
        for (Index g = 0; g < n_groups; ++g)
            groups[g]->begin_backward(
                samples, delta + range.begin * stride + groups[g]->first_output, stride);
    }
    void finish_backward(const Workspace<T>&, Range, Index, const Base*) override {}

    Index n_input_parts() const override {
        Index sum = 0;
        for (Index g = 0; g < n_groups; ++g) sum += groups[g]->n_parts();
        return sum;
    }
    Index input_part_size() const override {
        Index most = 0;
        for (Index g = 0; g < n_groups; ++g)
            for (Index i = 0; i < groups[g]->n_parts(); ++i) {
                const Index size = groups[g]->part(i).size() + groups[g]->scratch_size();
                if (most < size) most = size;
            }
        return most;
    }
    // The group of a part, and its place among those of the group.
    const Inputs<T>& find_group(Index& part) const {
        Index g = 0;
        for (; part >= groups[g]->n_parts(); ++g) part -= groups[g]->n_parts();
        return *groups[g];
    }
    InputPart input_part(Index part) const override {
        const Inputs<T>& group = find_group(part);
        InputPart found = group.part(part);
        for (Index i = 0; i < found.n_ranges; ++i)
            found.ranges[i].begin += group.first_learned,
                found.ranges[i].end += group.first_learned;
        return found;
    }
    void input_gradient(const T* parameters, Index rows, Index part, T* const* sums, T* scratch,
                        bool first) const override {
        const Inputs<T>& group = find_group(part);
        group.gradient(tensors_of(group, parameters), {columns, room, 0, this->n_members * rows},
                       delta + group.first_output, stride, part, sums, scratch, first);
    }
    void leave_idle_rows(bool leaves) override {
        for (Index g = 0; g < n_groups; ++g) groups[g]->leave_idle_rows(leaves);
    }
    bool has_idle_rows(Index part) const override {
        const Inputs<T>& group = find_group(part);
        return group.has_idle_rows(part);
    }
    void row_gradients(Index rows, Index part, T* scratch, const RangeUse<T>& use) const override {
        const Inputs<T>& group = find_group(part);
        group.row_gradients({columns, room, 0, this->n_members * rows}, delta + group.first_output,
                            stride, part, scratch, Moved{use, group.first_learned});
    }
    void end_step(Index rows) override {
        for (Index g = 0; g < n_groups; ++g) groups[g]->end_step(this->n_members * rows);
    }
    void refresh_inputs(const T* parameters, Index part) const override {
        const Inputs<T>& group = find_group(part);
        group.refresh(tensors_of(group, parameters), part);
    }
};

template <class T>
InputStage<T>::InputStage(const Block& block, Index place)
    : Base(block, place), n_groups(block.n_groups), groups(block.n_groups) {
    Index output = 0;
    for (Index g = 0; g < n_groups; ++g) {
        const InputGroup& declared = block.groups[g];
        Inputs<T>* group = inputs_table<T>[declared.kind].make(declared);
        if (declared.scaled) group = new ScaledOutputs<T>(declared, group);
        groups[g] = group;
        group->first_output = output;
        group->first_learned = this->tensors.inputs;
        group->first_fixed = this->tensors.statistics;
        output += group->width;
        this->tensors.inputs += group->n_learned;
        this->tensors.statistics += group->n_fixed;
    }
}

template <class T>
void InputStage<T>::leave_codes() {
    for (Index g = 0; g < n_groups; ++g) groups[g]->leaves_codes = true;
    for (Index g = 0; g < n_groups; ++g) left.n += groups[g]->n_code_columns();
    if (left.n == 0) return;
    left_first = Buffer<Index>(left.n), left_outputs = Buffer<Index>(left.n);
    Index n = 0;
    for (Index g = 0; g < n_groups; ++g) {
        groups[g]->leave_codes(left_first + n, left_outputs + n);
        n += groups[g]->n_code_columns();
    }
    left.first = left_first, left.n_outputs = left_outputs;
    this->codes = &left;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
