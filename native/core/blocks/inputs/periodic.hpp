// Columns with learned frequencies, each column with parameters of its own (PBLD embeddings: Gorishniy,
// Rubachev, Babenko 2022; Holzmüller, Grinsztajn, Steinwart 2024).
//
//    forward    angle = 2π (w₁ x) + b₁,  a = [x, b₂ + cos(angle) W₂]
//    gradient   g = delta W₂ᵀ,  s = -sin(angle) g;  db₁ = Σ s,  dw₁ = Σ 2π x s
//               dW₂ = Σ cos(angle)ᵀ delta,  db₂ = Σ delta
//
// Vectors run over samples forward, and over frequencies in the gradient, so that every sum is a chain
// in the order of its terms.
// Shapes: w₁, b₁ (n_columns, n_terms); W₂ (n_columns, n_terms, n_outputs); b₂ (n_columns, n_outputs).
#pragma once

#include <cstring>

#include "blocks/inputs/inputs.hpp"
#include "simd/distributions.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct PeriodicInputs final : Inputs<T> {
    using Inputs<T>::n_columns, Inputs<T>::n_outputs, Inputs<T>::n_terms;

    static constexpr T two_pi = T(6.283185307179586);
    static constexpr Index terms_at_a_time = 32;

    Index w1, b1, W2, b2;  // places of the tensors

    explicit PeriodicInputs(const InputGroup& group)
        : Inputs<T>(group),
          w1(0),
          b1(n_columns * n_terms),
          W2(2 * b1),
          b2(W2 + n_columns * n_terms * n_outputs) {
        this->width = n_columns * (1 + n_outputs);
        this->n_learned = b2 + n_columns * n_outputs;
    }

    static Vector<T> angle(Vector<T> w1, Vector<T> x, Vector<T> b1) {
        return (w1 * x) * two_pi + b1;
    }

    void forward(const InputTensors<T>& tensors, const InputSamples<T>& samples, T* a,
                 Index stride) const override {
        for (Index c = 0; c < n_columns; ++c) {
            T* const to = a + c * (1 + n_outputs);
            for_column<T>(samples.column(this->columns[c]), samples.rows,
                          [&](Index i, Index n, Vector<T> x) {
                              forward_of_samples(tensors.learned, c, x, n, to + i * stride, stride);
                          });
        }
    }

    // The outputs of a column for n samples, one on each lane.
    void forward_of_samples(const T* learned, Index c, Vector<T> x, Index n, T* a,
                            Index stride) const {
        for (Index i = 0; i < n; ++i) a[i * stride] = x[i];
        T cosines[terms_at_a_time * lanes<T>], sums[4 * lanes<T>];
        for (Index k = 0; k < n_terms; k += terms_at_a_time) {
            const Index left = n_terms - k, terms = left < terms_at_a_time ? left : terms_at_a_time;
            const T* const w = learned + w1 + c * n_terms + k;
            const T* const b = learned + b1 + c * n_terms + k;
            for (Index t = 0; t < terms; ++t)
                store(cosines + t * lanes<T>,
                      cosine<T>(angle(broadcast(w[t]), x, broadcast(b[t]))));
            for (Index j = 0; j < n_outputs; j += 4) {
                const Index outputs = n_outputs - j < 4 ? n_outputs - j : 4;
                for (Index o = 0; o < outputs; ++o) {
                    Vector<T> start = broadcast(learned[b2 + c * n_outputs + j + o]);
                    if (k > 0)
                        for (Index i = 0; i < n; ++i) start[i] = a[i * stride + 1 + j + o];
                    store(sums + o * lanes<T>, start);
                }
                const T* const W = learned + W2 + (c * n_terms + k) * n_outputs + j;
                switch (outputs) {
                    case 1: add_products<1>(cosines, W, terms, sums); break;
                    case 2: add_products<2>(cosines, W, terms, sums); break;
                    case 3: add_products<3>(cosines, W, terms, sums); break;
                    default: add_products<4>(cosines, W, terms, sums);
                }
                for (Index i = 0; i < n; ++i)
                    for (Index o = 0; o < outputs; ++o)
                        a[i * stride + 1 + j + o] = sums[o * lanes<T> + i];
            }
        }
    }

    // sums += cosines W, for OUTPUTS of the outputs.
    template <int OUTPUTS>
    void add_products(const T* cosines, const T* W, Index terms, T* sums) const {
        Vector<T> sum[OUTPUTS];
        LAMINA_UNROLL
        for (int o = 0; o < OUTPUTS; ++o) sum[o] = load(sums + o * lanes<T>);
        for (Index t = 0; t < terms; ++t) {
            LAMINA_UNROLL
            for (int o = 0; o < OUTPUTS; ++o)
                sum[o] = fma(load(cosines + t * lanes<T>), broadcast(W[t * n_outputs + o]), sum[o]);
        }
        LAMINA_UNROLL
        for (int o = 0; o < OUTPUTS; ++o) store(sums + o * lanes<T>, sum[o]);
    }

    Index n_parts() const override { return this->parts_of_columns(); }
    // W₂ of some frequencies with adjacent frequencies, and the sums of its gradient.
    Index scratch_size() const override { return 2 * n_outputs * lanes<T>; }
    InputPart part(Index i) const override {
        const Range mine = this->columns_of_part(i);
        InputPart part;
        add_range(part, w1, mine, n_terms);
        add_range(part, b1, mine, n_terms);
        add_range(part, W2, mine, n_terms * n_outputs);
        add_range(part, b2, mine, n_outputs);
        return part;
    }
    void gradient(const InputTensors<T>& tensors, const InputSamples<T>& samples, const T* delta,
                  Index stride, Index part, T* const* sums, T* scratch, bool first) const override {
        const Range mine = this->columns_of_part(part);
        for (Index c = mine.begin; c < mine.end; ++c) {
            const Index place = c - mine.begin;
            const T* const x = samples.column(this->columns[c]);
            const T* const d = delta + c * (1 + n_outputs) + 1;
            T* const to[3] = {sums[0] + place * n_terms, sums[1] + place * n_terms,
                              sums[2] + place * n_terms * n_outputs};
            for (Index k = 0; k < n_terms; k += lanes<T>)
                gradient_of_terms(tensors.learned, c, k, x, samples.rows, d, stride, to, scratch,
                                  first);
            T* const db2 = sums[3] + place * n_outputs;
            for_slices<T>(n_outputs, [&](auto slice) {
                Vector<T> sum = first ? Vector<T>{} : slice.read(db2);
                for (Index i = 0; i < samples.rows; ++i) sum += slice.read(d + i * stride);
                slice.write(db2, sum);
            });
        }
    }

    // Of as many frequencies as a vector holds, from k on.
    void gradient_of_terms(const T* learned, Index c, Index k, const T* x, Index rows,
                           const T* delta, Index stride, T* const* to, T* scratch,
                           bool first) const {
        const Index n = n_terms - k < lanes<T> ? n_terms - k : lanes<T>;
        const auto read = [&](const T* p) { return n == lanes<T> ? load(p) : load_part(p, n); };
        T* const W = scratch;
        T* const dW = scratch + n_outputs * lanes<T>;
        std::memset(scratch, 0, sizeof(T) * std::size_t(scratch_size()));
        for (Index j = 0; j < n_outputs; ++j)
            for (Index t = 0; t < n; ++t) {
                W[j * lanes<T> + t] = learned[W2 + (c * n_terms + k + t) * n_outputs + j];
                if (!first) dW[j * lanes<T> + t] = to[2][(k + t) * n_outputs + j];
            }
        const Vector<T> w = read(learned + w1 + c * n_terms + k);
        const Vector<T> b = read(learned + b1 + c * n_terms + k);
        Vector<T> dw = first ? Vector<T>{} : read(to[0] + k);
        Vector<T> db = first ? Vector<T>{} : read(to[1] + k);
        for (Index i = 0; i < rows; ++i) {
            const T* const d = delta + i * stride;
            const Vector<T> at = angle(w, broadcast(x[i]), b), cosines = cosine<T>(at);
            Vector<T> g{};
            for (Index j = 0; j < n_outputs; ++j) {
                g = fma(load(W + j * lanes<T>), broadcast(d[j]), g);
                store(dW + j * lanes<T>, fma(cosines, broadcast(d[j]), load(dW + j * lanes<T>)));
            }
            const Vector<T> s = -Sine<T>::value(at) * g;
            db += s;
            dw = fma(broadcast(two_pi * x[i]), s, dw);
        }
        for (Index t = 0; t < n; ++t) {
            to[0][k + t] = dw[t], to[1][k + t] = db[t];
            for (Index j = 0; j < n_outputs; ++j)
                to[2][(k + t) * n_outputs + j] = dW[j * lanes<T> + t];
        }
    }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
