// Columns of codes with a learned row for each code, 0 for missing or unknown.
//
//    forward    a = E[code]
//    gradient   dE[c] = Σ delta over the samples with code c
//
// Shapes: a tensor for each column, E (n_codes of the column, n_outputs).
#pragma once

#include "blocks/inputs/codes.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct CategoricalInputs final : Inputs<T> {
    using Inputs<T>::n_columns, Inputs<T>::n_outputs;

    Buffer<std::int64_t> n_codes;
    Buffer<Index> first_code;    // of each column, among the rows of all E
    Buffer<Index> first_part;    // of each column
    Buffer<std::int32_t> codes;  // (n_columns, room), in training
    Index room = 0;

    explicit CategoricalInputs(const InputGroup& group)
        : Inputs<T>(group),
          n_codes(group.n_columns),
          first_code(group.n_columns + 1),
          first_part(group.n_columns + 1) {
        for (Index c = 0; c < n_columns; ++c) {
            n_codes[c] = group.n_codes[c];
            first_code[c + 1] = first_code[c] + n_codes[c];
            first_part[c + 1] = first_part[c] + (n_codes[c] + codes_a_part() - 1) / codes_a_part();
        }
        this->width = n_columns * n_outputs;
        this->n_learned = first_code[n_columns] * n_outputs;
    }

    Index values_of_sample() const override { return n_columns; }
    void prepare_forward(Index) override { codes = Buffer<std::int32_t>(); }  // of another size
    void prepare_backward(Index rows) override {
        codes = Buffer<std::int32_t>(n_columns * rows);
        room = rows;
    }

    void forward(const InputTensors<T>& tensors, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        copy_rows(tensors, samples, a, stride, codes);
    }
    void row(const InputTensors<T>& tensors, const T* x, T* a) const override {
        copy_rows(tensors, {x, 1, 0, 1}, a, this->width, nullptr);
    }
    void copy_rows(const InputTensors<T>& tensors, const InputSamples<T>& samples, T* a,
                   Index stride, std::int32_t* kept) const {
        for (Index c = 0; c < n_columns; ++c) {
            const T* const x = samples.column(this->columns[c]);
            const T* const E = tensors.learned + first_code[c] * n_outputs;
            for (Index i = 0; i < samples.rows; ++i) {
                const Index code = code_of(x[i], n_codes[c]);
                if (kept) kept[c * room + samples.first + i] = std::int32_t(code);
                const T* const from = E + code * n_outputs;
                T* const to = a + i * stride + c * n_outputs;
                for_slices<T>(n_outputs, [&](auto slice) { slice.write(to, slice.read(from)); });
            }
        }
    }

    // A part is some rows of one E, few enough for the first-level cache.
    Index codes_a_part() const {
        const Index codes = Index(16384 / sizeof(T)) / n_outputs;
        return codes < 1 ? 1 : codes;
    }
    Index n_parts() const override { return first_part[n_columns]; }
    Index column_of_part(Index part) const {
        Index c = 0;
        while (first_part[c + 1] <= part) ++c;
        return c;
    }
    Range codes_of_part(Index c, Index part) const {
        const Index begin = (part - first_part[c]) * codes_a_part(), end = begin + codes_a_part();
        return {begin, end < n_codes[c] ? end : n_codes[c]};
    }
    InputPart part(Index i) const override {
        const Index c = column_of_part(i);
        InputPart part;
        add_range(part, first_code[c] * n_outputs, codes_of_part(c, i), n_outputs);
        return part;
    }
    void gradient(const InputTensors<T>&, const InputSamples<T>& samples, const T* delta,
                  Index stride, Index part, T* const* sums, T*, bool first) const override {
        const Index c = column_of_part(part);
        const Range mine = codes_of_part(c, part);
        if (first)
            std::memset(sums[0], 0, sizeof(T) * std::size_t((mine.end - mine.begin) * n_outputs));
        const std::int32_t* const column = codes + c * room;
        for (Index i = 0; i < samples.rows; ++i) {
            const Index code = column[i];
            if (code < mine.begin || code >= mine.end) continue;
            T* const sum = sums[0] + (code - mine.begin) * n_outputs;
            const T* const from = delta + i * stride + c * n_outputs;
            for_slices<T>(n_outputs, [&](auto slice) {
                slice.write(sum, slice.read(sum) + slice.read(from));
            });
        }
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
