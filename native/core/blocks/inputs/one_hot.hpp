// Columns of codes with an output for each code but 0, which is missing or unknown.
//
//    forward    a_j = 1 if j = code - 1, else 0
#pragma once

#include "blocks/inputs/codes.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct OneHotInputs final : Inputs<T> {
    using Inputs<T>::n_columns;

    Buffer<std::int64_t> n_codes;

    explicit OneHotInputs(const InputGroup& group) : Inputs<T>(group), n_codes(group.n_columns) {
        for (Index c = 0; c < n_columns; ++c) {
            n_codes[c] = group.n_codes[c];
            this->width += n_codes[c] - 1;
        }
    }

    void forward(const InputTensors<T>&, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        for (Index i = 0; i < samples.rows; ++i) {
            T* to = a + i * stride;
            std::memset(to, 0, sizeof(T) * std::size_t(this->width));
            for (Index c = 0; c < n_columns; ++c) {
                const Index code = code_of(samples.column(this->columns[c])[i], n_codes[c]);
                if (code > 0) to[code - 1] = T(1);
                to += n_codes[c] - 1;
            }
        }
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
