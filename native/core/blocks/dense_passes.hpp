// The forward and backward passes of a dense block.
#pragma once

#include <cstring>

#include "blocks/blend.hpp"
#include "blocks/code_rows.hpp"
#include "blocks/dense.hpp"
#include "blocks/ntk.hpp"
#include "blocks/rounded_dense.hpp"
#include "products/few_columns.hpp"
#include "products/row.hpp"
#include "products/skipping.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// z = a_prev W + b.
template <class T>
void Dense<T>::begin_forward(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                             Range range) {
    multiply(shared, parameters, input, range);
    if (!ntk) return;
    for (Index i = range.begin; i < range.end; ++i)
        scale_product<T>(affine_result() + i * stride, ntk_scale<T>(fan_in), bias, stride);
}

// In networks of plain ReLU layers, a is written by the product itself.
template <class T>
void Dense<T>::forward(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                       Range range) {
    if (!is_plain_relu() || !input.dense || input.codes || input.skips_zeros || shared.is_rounded)
        return Base::forward(shared, parameters, input, range);
    matmul<T>({input.dense + range.begin * input.stride, input.stride, 1}, {packed, 0, fan_in},
              {a + range.begin * stride, stride, true}, Start::row, product_start(),
              range.end - range.begin, fan_out, fan_in, {Finish::positive_part});
}

// The product of z, which starts from b except in NTK parametrisation.
template <class T>
void Dense<T>::multiply(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                        Range range) const {
    T* const result = affine_result() + range.begin * stride;
    const Index rows = range.end - range.begin;
    if (!input.dense) {
        SparseRows<T> mine = input.sparse;
        mine.picked += range.begin;
        mine.rows = rows;
        return sparse_times_dense<T>(mine, parameters + this->weights, fan_out, product_start(),
                                     result, stride);
    }
    if constexpr (std::is_same_v<T, float>)
        if (shared.is_rounded)
            return rounded_product(shared, {input.dense, input.stride, 1}, range, fan_in, rounded,
                                   product_start(), {affine_result(), stride, true}, fan_out);
    if (input.codes)
        return affine_with_codes<T>(input, parameters + this->weights, packed, product_start(),
                                    result, stride, range, fan_in, fan_out);
    const T* const mine = input.dense + range.begin * input.stride;
    const Right<T> W{packed, 0, fan_in};
    if (input.skips_zeros)
        return skipping_matmul(mine, input.stride, W, Result<T>{result, stride, true},
                               product_start(), rows, fan_out, fan_in);
    // Rows of a block's a are padded; those of X are not.
    if (fan_out == 1 && !is_first)
        return single_column_matmul<T>(mine, input.stride, packed, lanes<T>, result, stride,
                                       product_start()[0], rows, fan_in);
    matmul<T>({mine, input.stride, 1}, W, {result, stride, true}, Start::row, product_start(), rows,
              fan_out, fan_in);
}

// a from z.
template <class T>
void Dense<T>::finish_forward(const Workspace<T>& shared, const Input<T>& input, Range range) {
    if (is_normalized()) normalize(shared, range);
    activate(range);
    if (shared.draws.active && dropout > 0) {
        drop(shared, range);
        multiply_kept(a, range);
    }
    if (residual)
        add(input.dense + range.begin * input.stride, a + range.begin * stride,
            (range.end - range.begin) * stride);
}

template <class T>
void Dense<T>::activate(Range range) const {
    if (!activation.is_identity || z || blends) activation.activate(units(range));
    if (!blends) return;
    for (Index i = range.begin * stride; i < range.end * stride; i += stride)
        blend_row<T>(affine_result() + i, function + i, theta(), stride, a + i);
}

template <class T>
void Dense<T>::normalize(const Workspace<T>& shared, Range range) const {
    const T *const scale = learned_copy, *const shift = scale + stride;
    for (Index i = range.begin; i < range.end; ++i) {
        T* const row = affine_result() + i * stride;
        T* const normalized_row = normalized ? normalized + i * stride : nullptr;
        if (!normalizes_batch()) {
            const T inverse_of_row =
                normalize_by_row(row, normalized_row, scale, shift, fan_out, stride);
            if (normalized_row) inverse[i] = inverse_of_row;
        } else if (shared.uses_running) {
            scale_row<T>(row, running_scale, running_shift, stride);
        } else {
            normalize_row<T>(row, normalized_row, mean, inverse, scale, shift, stride);
        }
    }
}

template <class T>
void Dense<T>::drop(const Workspace<T>& shared, Range range) const {
    const Index k = this->n_members;
    for (Index row = range.begin; row < range.end; ++row)
        draw_kept(shared.draws, shared.picked[row * shared.rows_of_x / k] * k + row % k,
                  this->stream, dropout, fan_out, kept + row * stride);
}

template <class T>
void Dense<T>::multiply_kept(T* x, Range range) const {
    for (Index i = range.begin * stride; i < range.end * stride; i += lanes<T>)
        store(x + i, load(x + i) * load(kept + i));
}

template <class T>
void Dense<T>::predict_row(const T* parameters, const T* from, T* to, T* space) const {
    affine_of_row(parameters, from, to, space + n_learned * stride);
    for (Index i = 0; i < n_learned; ++i)
        std::memcpy(space + i * stride, parameters + this->learned + i * fan_out,
                    sizeof(T) * std::size_t(fan_out));
    T *const scale = space, *const shift = space + stride;
    if (normalizes_batch()) {
        const T* const running = parameters + this->statistics;
        running_factors(running, running + fan_out, scale, shift, fan_out, scale, shift);
        scale_row<T>(to, scale, shift, stride);
    } else if (is_normalized()) {
        normalize_by_row<T>(to, nullptr, scale, shift, fan_out, stride);
    }
    activate_row(to, space, space + (n_learned + 2 * ntk) * stride);
    if (residual) add(from, to, stride);
}

// a from z, in place, with the learned parameters; `f` has room for f(z) of a blended activation.
template <class T>
void Dense<T>::activate_row(T* z, const T* learned_rows, T* f) const {
    if (activation.is_identity) return;
    activation.activate({1, stride, z, blends ? f : z, nullptr,
                         learned_rows + n_of_normalization() * stride, nullptr, hyperparameters});
    if (blends) blend_row<T>(z, f, learned_rows + (n_learned - 1) * stride, stride, z);
}

// z of one row; in NTK parametrisation, `space` has room for b and zeros.
template <class T>
void Dense<T>::affine_of_row(const T* parameters, const T* from, T* to, T* space) const {
    const T *const W = parameters + this->weights, *const b = parameters + this->biases;
    if (!ntk) return affine_row(from, W, b, fan_in, fan_out, to);
    std::memset(space, 0, sizeof(T) * std::size_t(2 * stride));
    std::memcpy(space, b, sizeof(T) * std::size_t(fan_out));
    affine_row<T>(from, W, space + stride, fan_in, fan_out, to);
    scale_product<T>(to, ntk_scale<T>(fan_in), space, stride);
}

// dL/dz' from dL/da, and delta = dL/dz unless sums over the batch are needed first.
template <class T>
void Dense<T>::begin_backward(const Workspace<T>& shared, Range range) {
    const Index first = range.begin * stride, n = (range.end - range.begin) * stride;
    if (residual) std::memcpy(residual_delta + first, delta + first, sizeof(T) * std::size_t(n));
    if (shared.draws.active && dropout > 0) multiply_kept(delta, range);
    multiply_derivative(range);
    if (!is_normalized()) return;
    std::memcpy(normalized_delta + first, delta + first, sizeof(T) * std::size_t(n));
    if (!normalizes_batch()) pass_normalization(range);
}

// dL/dz' from dL/df, in place; a blended activation keeps f(z), whatever happens to a.
template <class T>
void Dense<T>::multiply_derivative(Range range) const {
    if (activation.is_identity) return;
    const Index first = range.begin * stride, end = range.end * stride;
    if (blends)
        for (Index i = first; i < end; i += stride)
            begin_blend_backward<T>(z + i, function + i, theta(), stride, delta + i, upstream + i,
                                    blend_delta + i);
    const auto multiply = changes_a() && !blends ? activation.multiply_derivative_at_z
                                                 : activation.multiply_derivative;
    multiply(units(range));
    if (!blends) return;
    for (Index i = first; i < end; i += stride)
        finish_blend_backward<T>(upstream + i, theta(), stride, delta + i);
}

// dL/da of the block below from delta.
template <class T>
void Dense<T>::finish_backward(const Workspace<T>& shared, Range range, Index rows,
                               const Base* below) {
    if (normalizes_batch()) pass_normalization(range);
    if (ntk) {
        const Index first = range.begin * stride, n = (range.end - range.begin) * stride;
        scale_delta<T>(delta + first, ntk_scale<T>(fan_in), n, scaled_delta + first);
    }
    pack_delta(range, rows);
    if (!below) return;
    times_transposed(shared, {below->delta, below->stride, true}, range, this->passed);
    if (residual)
        add(residual_delta + range.begin * stride, below->delta + range.begin * stride,
            (range.end - range.begin) * stride);
}

// The same with dL/dz of the block below.
template <class T>
void Dense<T>::finish_backward_gated(const Workspace<T>&, Range range, Index rows,
                                     const Base& below) {
    pack_delta(range, rows);
    matmul<T>({delta + range.begin * stride, stride, 1}, {transposed, 0, fan_out},
              Result<T>{below.delta, below.stride, true}.from(range.begin), Start::zero, nullptr,
              range.end - range.begin, fan_in, fan_out,
              {Finish::gated, below.gate() + range.begin * below.stride});
}

template <class T>
void Dense<T>::pass_normalization(Range range) const {
    for (Index i = range.begin; i < range.end; ++i) {
        T* const row = delta + i * stride;
        const T* const normalized_row = normalized + i * stride;
        if (normalizes_batch())
            pass_normalized_columns<T>(row, normalized_row, learned_copy, inverse, gradient_mean,
                                       gradient_along, stride);
        else
            pass_normalized_row<T>(row, normalized_row, learned_copy, inverse[i], fan_out, stride);
    }
}

// Prepares what dW reads of a long delta, and of every delta in bfloat16.
template <class T>
void Dense<T>::pack_delta(Range range, Index rows) const {
    if constexpr (std::is_same_v<T, float>)
        if (rounded_delta) round_delta(*this, range, rows);
    if (packed_delta)
        pack<T>(product_delta(), stride, range.begin, range.end, rows, fan_out, packed_delta);
}

// The given columns, at least, of rows [range) of delta Wᵀ.
template <class T>
void Dense<T>::times_transposed(const Workspace<T>& shared, Result<T> to, Range range,
                                Range columns) const {
    if constexpr (std::is_same_v<T, float>)
        if (shared.is_rounded)
            return rounded_product(shared, {product_delta(), stride, 1}, range, fan_out,
                                   rounded_transposed, nullptr, to, fan_in);
    matmul<T>({product_delta() + range.begin * stride, stride, 1}, {transposed, 0, fan_out},
              to.from(range.begin), Start::zero, nullptr, range.end - range.begin, fan_in, fan_out,
              columns);
}

template <class T>
void Dense<T>::weight_gradient(const Workspace<T>& shared, const Input<T>& input, Index rows,
                               Range range, T* dW, bool first, int thread) const {
    if (input.codes)
        return gradient_with_codes<T>(input, range, product_delta(), stride, rows, fan_in, fan_out,
                                      dW, first, [&](Range part, T* to) {
                                          const Input<T> dense{input.dense, input.stride};
                                          weight_gradient(shared, dense, rows, part, to, first,
                                                          thread);
                                      });
    if (!input.dense) {
        const Index n = range.end - range.begin;
        if (first) std::memset(dW, 0, sizeof(T) * std::size_t(n * fan_out));
        return sparse_transposed_times_dense<T>(input.sparse, shared.column_lists(),
                                                product_delta(), stride, dW, fan_out, range.begin,
                                                range.end);
    }
    if constexpr (std::is_same_v<T, float>)
        if (shared.is_rounded)
            return rounded_weight_gradient(shared, *this, input, rows, range, dW, first, thread);
    const Right<T> right =
        packed_delta ? Right<T>{packed_delta, 0, rows} : Right<T>{product_delta(), stride};
    product_gradient(shared, input, right, product_delta(), rows, range, dW, first, thread);
}

// a_prevᵀ delta for rows [range) of W, from dense rows of a_prev; `right` is delta, maybe in panels.
template <class T>
void Dense<T>::product_gradient(const Workspace<T>& shared, const Input<T>& input, Right<T> right,
                                const T* from, Index rows, Range range, T* dW, bool first,
                                int thread) const {
    const Index n = range.end - range.begin;
    const T* const columns = input.dense + range.begin;
    T* const scratch = shared.left + thread * left_size<T>;
    // Rows of a block's a are padded; those of X are not.
    if (!is_first && range.begin % lanes<T> == 0 &&
        is_faster_swapped<T>(n, fan_out, rows, input.stride))
        return swapped_matmul<T>(columns, input.stride, {from, stride, 1}, dW, !first, n, fan_out,
                                 rows, scratch);
    const Result<T> result{dW, fan_out, false};
    if (input.skips_zeros)
        return skipping_transposed_matmul(columns, input.stride, right, result, !first, n, fan_out,
                                          rows, scratch);
    transposed_matmul(columns, input.stride, right, result, !first, n, fan_out, rows, scratch);
}

// Without scratch, all rows of W at once.
template <class T>
void Dense<T>::section_gradient(const Workspace<T>& shared, const Input<T>& input, Range samples,
                                T* dW, T* db, bool first, int thread) const {
    const Index rows = samples.end - samples.begin;
    const T* const from = product_delta() + samples.begin * stride;
    Input<T> mine = input;
    mine.dense += samples.begin * input.stride;
    const bool is_whole =
        !input.skips_zeros && input.stride * Index(sizeof(T)) <= longest_row_bytes;
    const Index step = is_whole ? fan_in : weight_rows<T>;
    for (Index row = 0; row < fan_in; row += step) {
        const Range range{row, row + step < fan_in ? row + step : fan_in};
        product_gradient(shared, mine, {from, stride}, from, rows, range, dW + row * fan_out, first,
                         thread);
    }
    column_sums<T>(from, stride, rows, fan_out, db, first);
}

// The panels of rows [range) of W, a block of at most weight_rows, and of Wᵀ.
template <class T>
void Dense<T>::refresh_weights(const Workspace<T>& shared, const T* parameters, Range range) const {
    const T* const W = parameters + this->weights;
    if constexpr (std::is_same_v<T, float>)
        if (shared.is_rounded) refresh_rounded_weights(*this, W, range);
    if (packed) pack<T>(W, fan_out, range.begin, range.end, fan_in, fan_out, packed);
    if (transposed) pack_transposed<T>(W, range.begin, range.end, fan_out, fan_in, transposed);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
