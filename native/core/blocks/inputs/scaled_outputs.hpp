// A group whose outputs u have a learned factor each.
//
//    forward    a = scale u
//    backward   du = scale delta
//    gradient   dscale = Σ_rows delta u
//
// Shapes: scale (width), behind the group's own parameters; u, then delta u (room, width).
#pragma once

#include "blocks/inputs/inputs.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct ScaledOutputs final : Inputs<T> {
    using Inputs<T>::width;

    Inputs<T>* const group;
    Buffer<T> outputs;  // u, then delta u; in training
    Buffer<T> scale;    // a copy, which the backward pass reads

    // Owns `inner`.
    ScaledOutputs(const InputGroup& declared, Inputs<T>* inner)
        : Inputs<T>(declared), group(inner), scale(inner->width) {
        width = group->width;
        this->n_learned = group->n_learned + width;
        this->n_fixed = group->n_fixed;
    }
    ~ScaledOutputs() override { delete group; }
    ScaledOutputs(const ScaledOutputs&) = delete;

    Index values_of_sample() const override { return width + group->values_of_sample(); }
    void prepare_forward(Index rows) override {
        outputs = Buffer<T>();  // may be of another size
        group->prepare_forward(rows);
    }
    void prepare_backward(Index rows) override {
        outputs = Buffer<T>(rows * width);
        group->prepare_backward(rows);
    }

    void forward(const InputTensors<T>& tensors, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        group->forward(tensors, samples, a, stride);
        const T* const factors = tensors.learned + group->n_learned;
        for (Index i = 0; i < samples.rows; ++i) {
            T* const row = a + i * stride;
            if (outputs) copy(row, outputs + (samples.first + i) * width);
            multiply(factors, row);
        }
    }
    void row(const InputTensors<T>& tensors, const T* x, T* a) const override {
        group->row(tensors, x, a);
        multiply(tensors.learned + group->n_learned, a);
    }
    void begin_backward(const InputSamples<T>& samples, T* delta, Index stride) override {
        for (Index i = 0; i < samples.rows; ++i) {
            T* const row = delta + i * stride;
            multiply(row, outputs + (samples.first + i) * width);
            multiply(scale, row);
        }
        group->begin_backward(samples, delta, stride);
    }

    // Behind the parts of the group: vectors run over outputs, and the sum of each over the samples
    // in order.
    static constexpr Index width_of_part = 64;
    Index n_parts() const override {
        return group->n_parts() + (width + width_of_part - 1) / width_of_part;
    }
    Index scratch_size() const override { return group->scratch_size(); }
    Range outputs_of_part(Index i) const {
        const Index begin = (i - group->n_parts()) * width_of_part, end = begin + width_of_part;
        return {begin, end < width ? end : width};
    }
    InputPart part(Index i) const override {
        if (i < group->n_parts()) return group->part(i);
        InputPart part;
        add_range(part, group->n_learned, outputs_of_part(i), 1);
        return part;
    }
    void gradient(const InputTensors<T>& tensors, const InputSamples<T>& samples, const T* delta,
                  Index stride, Index part, T* const* sums, T* scratch, bool first) const override {
        if (part < group->n_parts())
            return group->gradient(tensors, samples, delta, stride, part, sums, scratch, first);
        const Range mine = outputs_of_part(part);
        const Index n = mine.end - mine.begin;
        if (first) std::memset(sums[0], 0, sizeof(T) * std::size_t(n));
        for (Index i = 0; i < samples.rows; ++i) {
            const T* const from = outputs + i * width + mine.begin;
            for_slices<T>(n, [&](auto slice) {
                slice.write(sums[0], slice.read(sums[0]) + slice.read(from));
            });
        }
    }
    void refresh(const InputTensors<T>& tensors, Index part) const override {
        if (part < group->n_parts()) return group->refresh(tensors, part);
        const Range mine = outputs_of_part(part);
        std::memcpy(scale + mine.begin, tensors.learned + group->n_learned + mine.begin,
                    sizeof(T) * std::size_t(mine.end - mine.begin));
    }

    void leave_idle_rows(bool leaves) override { group->leave_idle_rows(leaves); }
    bool has_idle_rows(Index part) const override {
        return part < group->n_parts() && group->has_idle_rows(part);
    }
    void row_gradients(const InputSamples<T>& samples, const T* delta, Index stride, Index part,
                       T* scratch, const RangeUse<T>& use) const override {
        group->row_gradients(samples, delta, stride, part, scratch, use);
    }
    void end_step(Index rows) override { group->end_step(rows); }

   private:
    void copy(const T* from, T* to) const {
        for_slices<T>(width, [&](auto slice) { slice.write(to, slice.read(from)); });
    }
    void multiply(const T* factors, T* row) const {
        for_slices<T>(width,
                      [&](auto slice) { slice.write(row, slice.read(factors) * slice.read(row)); });
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
