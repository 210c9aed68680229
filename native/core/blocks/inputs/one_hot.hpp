// Columns of codes with an output for each code but 0, which is missing or unknown.
//
//    forward    a_j = 1 if j = code - 1, else 0
#pragma once

#include "blocks/inputs/codes.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Columns with more outputs are left to the next block, which sums rows of its W for them.
inline constexpr Index most_made_outputs = 8;

template <class T>
struct OneHotInputs final : Inputs<T> {
    using Inputs<T>::n_columns;

    Buffer<std::int64_t> n_codes;
    Buffer<Index> first;            // outputs before those of each column
    std::int32_t* codes = nullptr;  // (n_code_columns, room)
    Index room = 0;

    explicit OneHotInputs(const InputGroup& group)
        : Inputs<T>(group), n_codes(group.n_columns), first(group.n_columns) {
        for (Index c = 0; c < n_columns; ++c) {
            n_codes[c] = group.n_codes[c];
            first[c] = this->width;
            this->width += n_codes[c] - 1;
        }
    }

    bool is_left(Index c) const { return this->leaves_codes && n_codes[c] - 1 > most_made_outputs; }
    Index n_code_columns() const override {
        Index n = 0;
        for (Index c = 0; c < n_columns; ++c) n += is_left(c);
        return n;
    }
    void leave_codes(Index* places, Index* outputs) override {
        for (Index c = 0; c < n_columns; ++c)
            if (is_left(c)) *places++ = this->first_output + first[c], *outputs++ = n_codes[c] - 1;
    }
    void keep_codes(std::int32_t* memory, Index rows) override { codes = memory, room = rows; }

    void forward(const InputTensors<T>&, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        std::int32_t* kept = codes + samples.first;
        for (Index c = 0; c < n_columns; ++c) {
            const T* const x = samples.column(this->columns[c]);
            if (is_left(c)) {
                for (Index i = 0; i < samples.rows; ++i)
                    kept[i] = std::int32_t(code_of(x[i], n_codes[c]));
                kept += room;
            } else {
                for (Index i = 0; i < samples.rows; ++i) write(x[i], c, a + i * stride);
            }
        }
    }
    void row(const InputTensors<T>&, const T* x, T* a) const override {
        for (Index c = 0; c < n_columns; ++c) write(x[this->columns[c]], c, a);
    }
    void write(T x, Index c, T* a) const {
        std::memset(a + first[c], 0, sizeof(T) * std::size_t(n_codes[c] - 1));
        const Index code = code_of(x, n_codes[c]);
        if (code > 0) a[first[c] + code - 1] = T(1);
    }
    void complete(Index row, T* a) const override {
        const std::int32_t* kept = codes + row;
        for (Index c = 0; c < n_columns; ++c) {
            if (!is_left(c)) continue;
            write(T(*kept), c, a);
            kept += room;
        }
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
