// Columns that enter as they are:  a = x.
#pragma once

#include "blocks/inputs/inputs.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct IdentityInputs final : Inputs<T> {
    explicit IdentityInputs(const InputGroup& group) : Inputs<T>(group) {
        this->width = this->n_columns;
    }
    void forward(const InputTensors<T>&, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        for (Index c = 0; c < this->n_columns; ++c) {
            const T* const x = samples.column(this->columns[c]);
            for (Index i = 0; i < samples.rows; ++i) a[i * stride + c] = x[i];
        }
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
