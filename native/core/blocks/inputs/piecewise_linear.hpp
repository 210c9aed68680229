// Columns by their bins (PLE, version B of Gorishniy, Rubachev, Babenko 2022): bin t goes from edge e_t
// to e_{t+1}; of those that are not empty, the first has no lower end and the last no upper end.
//
//    forward    u_t = (x - e_t) / (e_{t+1} - e_t);  PLE(x) = 1 … 1, u_t, 0 … 0 with x in bin t
//               a = w x + b + V PLE(x) = w x + b + prefix_t + u_t V_t,  prefix_t = Σ_{s<t} V_s
//    gradient   dV_t = Σ_{x in t} u_t delta + Σ_{x above t} delta,  dw = Σ x delta,  db = Σ delta
//
// An empty bin, with e_t = e_{t+1}, gives 0, and its V does not change. The prefixes are sums in the
// order of the bins, refreshed when V has changed.
// Shapes: w, b (n_columns, n_outputs); V (n_columns, n_terms, n_outputs); fixed: edges (n_columns,
// n_terms + 1).
#pragma once

#include <cstring>

#include "blocks/inputs/inputs.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct PiecewiseLinearInputs final : Inputs<T> {
    using Inputs<T>::n_columns, Inputs<T>::n_outputs, Inputs<T>::n_terms;

    Index w, b, V;  // places of the tensors
    Index room = 0;
    Buffer<T> prefix;          // (n_columns, n_terms, n_outputs)
    Buffer<std::int32_t> bin;  // (n_columns, room), in training
    Buffer<T> within;          // (n_columns, room): u, in training

    explicit PiecewiseLinearInputs(const InputGroup& group)
        : Inputs<T>(group), w(0), b(n_columns * n_outputs), V(2 * b) {
        this->width = n_columns * n_outputs;
        this->n_learned = V + n_columns * n_terms * n_outputs;
        this->n_fixed = n_columns * (n_terms + 1);
    }

    Index values_of_sample() const override { return 2 * n_columns; }
    void prepare_forward(Index) override { prefix = Buffer<T>(n_columns * n_terms * n_outputs); }
    void prepare_backward(Index rows) override {
        bin = Buffer<std::int32_t>(n_columns * rows);
        within = Buffer<T>(n_columns * rows);
        room = rows;
    }

    const T* edges_of(const InputTensors<T>& tensors, Index c) const {
        return tensors.fixed + c * (n_terms + 1);
    }
    static bool is_empty(const T* edges, Index t) { return !(edges[t + 1] > edges[t]); }

    // The bins between the empty ones at both ends; one if all are empty.
    Range bins_of(const T* edges) const {
        Range bins{0, n_terms};
        while (bins.end > 1 && is_empty(edges, bins.end - 1)) --bins.end;
        while (bins.begin < bins.end - 1 && is_empty(edges, bins.begin)) ++bins.begin;
        return bins;
    }
    // The last bin that begins at x or below, or the first.
    static Index bin_of(const T* edges, Range bins, T x) {
        Index first = bins.begin;
        for (Index n = bins.end - bins.begin; n > 1;) {
            const Index half = n / 2;
            first = edges[first + half] <= x ? first + half : first;
            n -= half;
        }
        return first;
    }
    static T within_of(const T* edges, Index t, T x) {
        return is_empty(edges, t) ? T(0) : (x - edges[t]) / (edges[t + 1] - edges[t]);
    }

    void forward(const InputTensors<T>& tensors, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        for (Index c = 0; c < n_columns; ++c) {
            const T* const x = samples.column(this->columns[c]);
            const T* const edges = edges_of(tensors, c);
            const Range bins = bins_of(edges);
            const Index first = c * room + samples.first;
            for (Index i = 0; i < samples.rows; ++i) {
                const Index t = bin_of(edges, bins, x[i]);
                const T u = within_of(edges, t, x[i]);
                if (bin) bin[first + i] = std::int32_t(t), within[first + i] = u;
                write(tensors.learned, c, t, u, x[i], prefix + (c * n_terms + t) * n_outputs,
                      a + i * stride + c * n_outputs);
            }
        }
    }
    // Sums the prefix in `a`: for one sample that takes less time than a table.
    void row(const InputTensors<T>& tensors, const T* x, T* a) const override {
        for (Index c = 0; c < n_columns; ++c) {
            const T* const edges = edges_of(tensors, c);
            const T value = x[this->columns[c]];
            const Index t = bin_of(edges, bins_of(edges), value);
            T* const to = a + c * n_outputs;
            const T* const V_of_column = tensors.learned + V + c * n_terms * n_outputs;
            for (Index j = 0; j < n_outputs; ++j) to[j] = 0;
            for (Index s = 0; s < t; ++s)
                if (!is_empty(edges, s))
                    for (Index j = 0; j < n_outputs; ++j) to[j] += V_of_column[s * n_outputs + j];
            write(tensors.learned, c, t, within_of(edges, t, value), value, to, to);
        }
    }
    void write(const T* learned, Index c, Index t, T u, T x, const T* prefix_of_bin, T* a) const {
        const T *const w_of_column = learned + w + c * n_outputs,
                       *const b_of_column = learned + b + c * n_outputs,
                       *const V_of_bin = learned + V + (c * n_terms + t) * n_outputs;
        for_slices<T>(n_outputs, [&](auto slice) {
            const Vector<T> line =
                fma(slice.read(w_of_column), broadcast(x), slice.read(b_of_column));
            slice.write(a,
                        line + fma(slice.read(V_of_bin), broadcast(u), slice.read(prefix_of_bin)));
        });
    }

    Index n_parts() const override { return this->parts_of_columns(); }
    // The sums of delta, and of u delta, of every bin of one column.
    Index scratch_size() const override { return 2 * n_terms * padded<T>(n_outputs); }
    InputPart part(Index i) const override {
        const Range mine = this->columns_of_part(i);
        InputPart part;
        add_range(part, w, mine, n_outputs);
        add_range(part, b, mine, n_outputs);
        add_range(part, V, mine, n_terms * n_outputs);
        return part;
    }
    void gradient(const InputTensors<T>& tensors, const InputSamples<T>& samples, const T* delta,
                  Index stride, Index part, T* const* sums, T* scratch, bool first) const override {
        const Range mine = this->columns_of_part(part);
        for (Index c = mine.begin; c < mine.end; ++c) {
            const Index place = (c - mine.begin) * n_outputs;
            const T* const d = delta + c * n_outputs;
            gradient_of_line(samples.column(this->columns[c]), samples.rows, d, stride,
                             sums[0] + place, sums[1] + place, first);
            sum_bins(c, samples.rows, d, stride, scratch);
            add_above(edges_of(tensors, c), scratch, sums[2] + place * n_terms, first);
        }
    }
    void gradient_of_line(const T* x, Index rows, const T* delta, Index stride, T* dw, T* db,
                          bool first) const {
        for_slices<T>(n_outputs, [&](auto slice) {
            Vector<T> of_w = first ? Vector<T>{} : slice.read(dw);
            Vector<T> of_b = first ? Vector<T>{} : slice.read(db);
            for (Index i = 0; i < rows; ++i) {
                const Vector<T> d = slice.read(delta + i * stride);
                of_w = fma(broadcast(x[i]), d, of_w);
                of_b += d;
            }
            slice.write(dw, of_w), slice.write(db, of_b);
        });
    }
    void sum_bins(Index c, Index rows, const T* delta, Index stride, T* scratch) const {
        const Index each = padded<T>(n_outputs);
        std::memset(scratch, 0, sizeof(T) * std::size_t(scratch_size()));
        for (Index i = 0; i < rows; ++i) {
            T* const sum = scratch + 2 * bin[c * room + i] * each;
            const Vector<T> u = broadcast(within[c * room + i]);
            const T* const from = delta + i * stride;
            for_slices<T>(n_outputs, [&](auto slice) {
                const Vector<T> d = slice.read(from);
                slice.write(sum, slice.read(sum) + d);
                slice.write(sum + each, fma(u, d, slice.read(sum + each)));
            });
        }
    }
    void add_above(const T* edges, const T* scratch, T* dV, bool first) const {
        const Index each = padded<T>(n_outputs);
        for_slices<T>(n_outputs, [&](auto slice) {
            Vector<T> above{};
            for (Index t = n_terms - 1; t >= 0; --t) {
                const T* const sum = scratch + 2 * t * each;
                T* const to = dV + t * n_outputs;
                const Vector<T> mine =
                    is_empty(edges, t) ? Vector<T>{} : slice.read(sum + each) + above;
                slice.write(to, first ? mine : slice.read(to) + mine);
                above += slice.read(sum);
            }
        });
    }

    void refresh(const InputTensors<T>& tensors, Index part) const override {
        const Range mine = this->columns_of_part(part);
        for (Index c = mine.begin; c < mine.end; ++c) {
            const T* const edges = edges_of(tensors, c);
            const T* const from = tensors.learned + V + c * n_terms * n_outputs;
            T* const to = prefix + c * n_terms * n_outputs;
            for_slices<T>(n_outputs, [&](auto slice) {
                Vector<T> sum{};
                for (Index t = 0; t < n_terms; ++t) {
                    slice.write(to + t * n_outputs, sum);
                    if (!is_empty(edges, t)) sum += slice.read(from + t * n_outputs);
                }
            });
        }
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
