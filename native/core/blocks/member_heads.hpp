// The last block of a network with members, a dense block of its own for each of them, as in
// src/lamina/blocks/member_heads.py. Outputs are few, so the products read W without panels. In NTK
// parametrisation, the copies of W are divided by √fan_in. In bfloat16 the operands are rounded, and
// products of them are summed as in float32: no unit computes matrices of so few columns faster.
//
// Shapes: rows of members (rows k, stride); W (k, fan_in, fan_out), b (k, fan_out).
#pragma once

#include "blocks/dense.hpp"
#include "blocks/members.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct MemberHeads final : Dense<T> {
    using Base = Dense<T>;
    using Base::delta, Base::stride, Base::fan_in, Base::fan_out, Base::ntk, Base::learned_copy;

    MemberHeads(const Block& block, Index place)
        : Base(block, place),
          reads_one(block.repeats),
          repeats(block.repeats),
          k(block.n_members),
          input_stride(padded<T>(block.fan_in)) {
        this->tensors.weight_rows = k * fan_in;
        this->tensors.matrices = k;
        this->tensors.biases = k * fan_out;
    }

    bool reads_one;  // whether all members of a sample read one row of the input
    bool repeats;
    Index k, input_stride;
    // Padded copies: W (k fan_in, stride), Wᵀ (k fan_out, input_stride), b (k, stride).
    Buffer<T> weights_copy, transposed_copy, member_bias;
    // In bfloat16: the block's input, rows input_stride apart, and the delta of products.
    Buffer<T> rounded_input, rounded_heads;

    Input<T> product_input(const Input<T>& input) const {
        return rounded_input ? Input<T>{rounded_input, input_stride} : input;
    }
    const T* head_delta() const { return rounded_heads ? rounded_heads : this->product_delta(); }

    // The rows of a block's input that a member reads, one for each sample of a range.
    Left<T> rows_of_input(const Input<T>& input, Index member, Index first) const {
        if (reads_one) return {input.dense + first * input.stride, input.stride, 1};
        return {input.dense + (first * k + member) * input.stride, k * input.stride, 1};
    }

    void read_rows_of_x(Index rows) override { reads_one = repeats && rows == 1; }
    Index values_of_sample() const override { return k * Base::values_of_sample(); }
    void prepare_forward(const Workspace<T>& shared, bool) override {
        this->a = Buffer<T>(shared.room * k * stride);
        member_bias = Buffer<T>(k * stride);
        if (this->n_learned) learned_copy = Buffer<T>(this->n_learned * stride);
        weights_copy = Buffer<T>(k * fan_in * stride);
        if (shared.is_rounded)
            rounded_input = Buffer<T>(shared.room * (reads_one ? 1 : k) * input_stride);
    }
    void prepare_backward(const Workspace<T>& shared) override {
        delta = Buffer<T>(shared.room * k * stride);
        this->prepare_parts(shared.room * k);
        if (!this->is_first) transposed_copy = Buffer<T>(k * fan_out * input_stride);
        if (shared.is_rounded) rounded_heads = Buffer<T>(shared.room * k * stride);
    }

    void round_input(const Input<T>& input, Range range) const {
        const Range rows = reads_one ? range : member_rows(range, k);
        if constexpr (std::is_same_v<T, float>)
            for (Index row = rows.begin; row < rows.end; ++row)
                round_numbers(input.dense + row * input.stride, fan_in,
                              rounded_input + row * input_stride);
    }
    void begin_forward(const Workspace<T>&, const T*, const Input<T>& input, Range range) override {
        if (rounded_input) round_input(input, range);
        for (Index i = 0; i < k; ++i)
            matmul<T>(rows_of_input(product_input(input), i, range.begin),
                      {weights_copy + i * fan_in * stride, stride},
                      {this->affine_result() + (range.begin * k + i) * stride, k * stride, true},
                      Start::row, member_bias + i * stride, range.end - range.begin, fan_out,
                      fan_in);
    }
    void finish_forward(const Workspace<T>& shared, const Input<T>& input, Range range) override {
        Base::finish_forward(shared, input, member_rows(range, k));
    }
    // A network with members predicts in chunks.
    void predict_row(const T*, const T*, T*, T*) const override { __builtin_trap(); }

    void begin_backward(const Workspace<T>& shared, Range range) override {
        Base::begin_backward(shared, member_rows(range, k));
    }
    void finish_backward(const Workspace<T>&, Range range, Index, const Layer<T>* below) override {
        const Index first = range.begin * k * stride, n = (range.end - range.begin) * k * stride;
        if (ntk) scale_delta<T>(delta + first, ntk_scale<T>(fan_in), n, this->scaled_delta + first);
        if constexpr (std::is_same_v<T, float>)
            if (rounded_heads)
                round_numbers(this->product_delta() + first, n, rounded_heads + first);
        // The copy of Wᵀ is divided by √fan_in, unless delta is.
        const T* const d = rounded_heads ? rounded_heads : delta;
        for (Index i = 0; below && i < k; ++i) {
            const Index row = reads_one ? range.begin : range.begin * k + i;
            const Index step = reads_one ? below->stride : k * below->stride;
            matmul<T>({d + (range.begin * k + i) * stride, k * stride, 1},
                      {transposed_copy + i * fan_out * input_stride, input_stride},
                      {below->delta + row * below->stride, step, true},
                      reads_one && i > 0 ? Start::result : Start::zero, nullptr,
                      range.end - range.begin, fan_in, fan_out);
        }
    }

    void weight_gradient(const Workspace<T>& shared, const Input<T>& input, Index rows, Range range,
                         T* dW, bool first, int thread) const override {
        for (Index row = range.begin; row < range.end;) {
            const Index i = row / fan_in, column = row % fan_in;
            const Index left = fan_in - column, n = left < range.end - row ? left : range.end - row;
            const Left<T> x = rows_of_input(product_input(input), i, 0);
            transposed_matmul(x.data + column, x.row_stride,
                              Right<T>{head_delta() + i * stride, k * stride},
                              Result<T>{dW + (row - range.begin) * fan_out, fan_out, false}, !first,
                              n, fan_out, rows, shared.left + thread * left_size<T>);
            row += n;
        }
    }
    bool is_plain() const override { return false; }
    bool sums_sections() const override { return false; }
    void bias_gradient(Index rows, T* db, bool first) const override {
        sum_of_members<T>(rows, k, fan_out, db, first, [&](Index row, auto slice, Vector<T> sum) {
            return sum + slice.read(delta + row * stride);
        });
    }
    void learned_gradient(const Input<T>& input, Index rows, T* sums, bool first) const override {
        Base::learned_gradient(input, rows * k, sums, first);
    }

    void refresh_weights(const Workspace<T>& shared, const T* parameters,
                         Range range) const override {
        const T* const W = parameters + this->weights;
        const T scale = ntk ? ntk_scale<T>(fan_in) : T(1);
        T* const copy = weights_copy + range.begin * stride;
        const Index n = (range.end - range.begin) * stride;
        copy_rows(W + range.begin * fan_out, range.end - range.begin, fan_out, stride, copy);
        if constexpr (std::is_same_v<T, float>)
            if (shared.is_rounded) round_numbers(copy, n, copy);
        for (Index row = range.begin; transposed_copy && row < range.end; ++row)
            for (Index j = 0; j < fan_out; ++j)
                transposed_copy[(row / fan_in * fan_out + j) * input_stride + row % fan_in] =
                    (shared.is_rounded ? T(1) : scale) * weights_copy[row * stride + j];
        if (ntk) scale_delta<T>(copy, scale, n, copy);
    }
    PanelCopies<T> panel_copies(const T*, Range, bool) const override { return {}; }
    void refresh_biases(const T* parameters) const override {
        copy_rows(parameters + this->biases, k, fan_out, stride, (T*)member_bias);
    }
    bool reads_codes(bool) const override { return false; }
    const Dense<T>* on_lanes() const override { return nullptr; }
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
