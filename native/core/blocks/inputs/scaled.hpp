// Columns with a learned factor each.
//
//    forward    a = scale x
//    gradient   dscale = Σ_rows x delta
//
// Shapes: scale (n_columns).
#pragma once

#include "blocks/inputs/inputs.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct ScaledInputs final : Inputs<T> {
    explicit ScaledInputs(const InputGroup& group) : Inputs<T>(group) {
        this->width = this->n_learned = this->n_columns;
    }

    void forward(const InputTensors<T>& tensors, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        for (Index c = 0; c < this->n_columns; ++c) {
            const T* const x = samples.column(this->columns[c]);
            const T scale = tensors.learned[c];
            for (Index i = 0; i < samples.rows; ++i) a[i * stride + c] = scale * x[i];
        }
    }

    // Vectors run over columns, and the sum of each over the samples in order.
    static constexpr Index width_of_part = 64;
    Index n_parts() const override { return (this->n_columns + width_of_part - 1) / width_of_part; }
    Index scratch_size() const override { return width_of_part; }
    InputPart part(Index i) const override {
        const Index begin = i * width_of_part, end = begin + width_of_part;
        InputPart part;
        add_range(part, 0, {begin, end < this->n_columns ? end : this->n_columns}, 1);
        return part;
    }
    void gradient(const InputTensors<T>&, const InputSamples<T>& samples, const T* delta,
                  Index stride, Index part, T* const* sums, T* scratch, bool first) const override {
        const Range mine = this->part(part).ranges[0];
        const Index n = mine.end - mine.begin;
        if (first)
            for (Index c = 0; c < n; ++c) sums[0][c] = 0;
        for (Index i = 0; i < samples.rows; ++i) {
            for (Index c = 0; c < n; ++c)
                scratch[c] = samples.column(this->columns[mine.begin + c])[i];
            const T* const row = delta + i * stride + mine.begin;
            for_slices<T>(n, [&](auto slice) {
                slice.write(sums[0],
                            fma(slice.read(scratch), slice.read(row), slice.read(sums[0])));
            });
        }
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
