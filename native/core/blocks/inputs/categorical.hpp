// Columns of codes with a learned row for each code, 0 for missing or unknown.
//
//    forward    a = E[code]
//    gradient   dE[c] = Σ delta over the samples with code c
//
// Shapes: a tensor for each column, E (n_codes of the column, n_outputs).
//
// If idle rows are left out of a step, the samples of each code of a large E are a list, so that a step
// costs as much as its batch has samples, for any number of codes.
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
    bool leaves_rows = false;  // whether idle rows of large E are left out
    // The first sample of each code, from 1, in the order of all codes; the next sample with the same
    // code (n_columns, room); and the codes of the step before (n_columns, room).
    Buffer<std::int32_t> head, next, codes_before;
    Index rows_before = -1;  // -1: in the first step, every row was touched before

    explicit CategoricalInputs(const InputGroup& group)
        : Inputs<T>(group),
          n_codes(group.n_columns),
          first_code(group.n_columns + 1),
          first_part(group.n_columns + 1) {
        for (Index c = 0; c < n_columns; ++c) {
            n_codes[c] = group.n_codes[c];
            first_code[c + 1] = first_code[c] + n_codes[c];
        }
        divide();
        this->width = n_columns * n_outputs;
        this->n_learned = first_code[n_columns] * n_outputs;
    }

    Index values_of_sample() const override { return n_columns; }
    void prepare_forward(Index) override { codes = Buffer<std::int32_t>(); }  // of another size
    void prepare_backward(Index rows) override {
        codes = Buffer<std::int32_t>(n_columns * rows);
        next = Buffer<std::int32_t>(n_columns * rows);
        codes_before = Buffer<std::int32_t>(n_columns * rows);
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

    // A part is some rows of one E, few enough for the first-level cache, or a fraction of a large E.
    static constexpr Index parts_of_large = 8;
    Index codes_a_part() const {
        const Index codes = Index(16384 / sizeof(T)) / n_outputs;
        return codes < 1 ? 1 : codes;
    }
    bool is_large(Index c) const { return n_codes[c] > parts_of_large * codes_a_part(); }
    Index codes_a_part_of(Index c) const {
        if (!leaves_rows || !is_large(c)) return codes_a_part();
        return (n_codes[c] + parts_of_large - 1) / parts_of_large;
    }
    void divide() {
        for (Index c = 0; c < n_columns; ++c) {
            const Index each = codes_a_part_of(c);
            first_part[c + 1] = first_part[c] + (n_codes[c] + each - 1) / each;
        }
    }
    Index n_parts() const override { return first_part[n_columns]; }
    Index column_of_part(Index part) const {
        Index c = 0;
        while (first_part[c + 1] <= part) ++c;
        return c;
    }
    Range codes_of_part(Index c, Index part) const {
        const Index each = codes_a_part_of(c);
        const Index begin = (part - first_part[c]) * each, end = begin + each;
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

    void leave_idle_rows(bool leaves) override {
        leaves_rows = leaves;
        rows_before = -1;
        divide();
        if (leaves && !head) head = Buffer<std::int32_t>(first_code[n_columns]);
    }
    bool has_idle_rows(Index part) const override {
        return leaves_rows && is_large(column_of_part(part));
    }
    // The places of the rows of some codes among the group's parameters.
    Range rows_of(Index c, Index begin, Index end) const {
        return {(first_code[c] + begin) * n_outputs, (first_code[c] + end) * n_outputs};
    }
    void row_gradients(const InputSamples<T>& samples, const T* delta, Index stride, Index part,
                       T* sum, const RangeUse<T>& use) const override {
        const Index c = column_of_part(part), rows = samples.rows;
        const Range mine = codes_of_part(c, part);
        const auto is_mine = [&](Index code) { return code >= mine.begin && code < mine.end; };
        const std::int32_t* const column = codes + c * room;
        std::int32_t *const heads = head + first_code[c], *const nexts = next + c * room;
        for (Index i = rows - 1; i >= 0; --i) {
            if (!is_mine(column[i])) continue;
            nexts[i] = heads[column[i]];
            heads[column[i]] = std::int32_t(i + 1);
        }
        finish_rows_before(c, mine, heads, sum, use);
        for (Index i = 0; i < rows; ++i) {
            const Index code = column[i];
            if (!is_mine(code) || heads[code] != i + 1) continue;
            heads[code] = 0;
            std::memset(sum, 0, sizeof(T) * std::size_t(n_outputs));
            for (Index sample = i + 1; sample != 0; sample = nexts[sample - 1]) {
                const T* const from = delta + (sample - 1) * stride + c * n_outputs;
                for_slices<T>(n_outputs, [&](auto slice) {
                    slice.write(sum, slice.read(sum) + slice.read(from));
                });
            }
            use(rows_of(c, code, code + 1), sum);
        }
    }
    // Rows of codes [mine) that had a gradient in the step before, and have none.
    void finish_rows_before(Index c, Range mine, const std::int32_t* heads, T* zeros,
                            const RangeUse<T>& use) const {
        const Index most = rows_before < 0 ? codes_a_part() : 1;
        std::memset(zeros, 0, sizeof(T) * std::size_t(most * n_outputs));
        for (Index begin = mine.begin; rows_before < 0 && begin < mine.end;) {
            Index end = begin;
            while (end < mine.end && end < begin + most && !heads[end]) ++end;
            if (begin < end) use(rows_of(c, begin, end), zeros);
            begin = begin < end ? end : begin + 1;
        }
        const std::int32_t* const before = codes_before + c * room;
        for (Index i = 0; i < rows_before; ++i) {
            const Index code = before[i];
            if (code >= mine.begin && code < mine.end && !heads[code])
                use(rows_of(c, code, code + 1), zeros);
        }
    }
    void end_step(Index rows) override {
        if (!leaves_rows) return;
        Buffer<std::int32_t> codes_now = static_cast<Buffer<std::int32_t>&&>(codes);
        codes = static_cast<Buffer<std::int32_t>&&>(codes_before);
        codes_before = static_cast<Buffer<std::int32_t>&&>(codes_now);
        rows_before = rows;
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
