// A dense block that k members share, as in src/lamina/blocks/shared_dense.py.
//
//    forward    u_i = r_i ⊙ a_prev_i,  z_i = s_i ⊙ (u_i W) + b_i,  a_i as in a dense block
//    backward   d_i = s_i ⊙ delta_i
//    gradient   dW = Σ_i u_iᵀ d_i;  db_i = Σ_samples delta_i;  ds_i = Σ_samples delta_i ⊙ (u_i W);
//               dr_i = Σ_samples a_prev_i ⊙ (d_i Wᵀ)
//    inputs     dL/da_prev_i = r_i ⊙ (d_i Wᵀ) + dL/da_i
//
// The members are further rows of the products of a dense block. Shapes: rows of members (rows k,
// stride); r (k, fan_in), s and b (k, fan_out); learned parameters: r, s, those of a dense block.
#pragma once

#include "blocks/dense.hpp"
#include "blocks/members.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct SharedDense final : Dense<T> {
    using Base = Dense<T>;
    using Base::delta, Base::stride, Base::fan_in, Base::fan_out, Base::ntk, Base::scaled_delta;

    SharedDense(const Block& block, Index place);

    bool repeats, scales_inputs, scales_outputs, own_biases;
    bool reads_one;  // whether all members of a sample read one row of the input
    Index k, input_stride;

    Buffer<T> u;        // (rows k, input_stride), unless it is a_prev
    Buffer<T> product;  // (rows k, stride): u W, if s or NTK parametrisation scales it
    Buffer<T> d_u;      // (rows k, input_stride): dL/du, unless it is dL/da_prev
    // Padded copies: r (k, input_stride), s and b (k, stride).
    Buffer<T> input_scales, output_scales, member_bias;

    bool has_u() const { return repeats || scales_inputs; }
    bool scales_product() const { return scales_outputs || ntk; }
    bool adds_bias() const { return scales_product() || own_biases; }
    Index n_scales() const {
        return k * ((scales_inputs ? fan_in : 0) + (scales_outputs ? fan_out : 0));
    }
    Index scale_of_outputs() const { return this->learned + (scales_inputs ? k * fan_in : 0); }
    Input<T> product_input(const Input<T>& input) const {
        return has_u() ? Input<T>{u, input_stride} : input;
    }

    void read_rows_of_x(Index rows) override { reads_one = repeats && rows == 1; }
    Index values_of_sample() const override {
        return k * (Base::values_of_sample() + 2 * stride + 2 * input_stride);
    }
    void prepare_forward(const Workspace<T>& shared, bool reads_sparse) override;
    void prepare_backward(const Workspace<T>& shared) override;

    void begin_forward(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                       Range range) override;
    void finish_forward(const Workspace<T>& shared, const Input<T>& input, Range range) override {
        Base::finish_forward(shared, input, member_rows(range, k));
    }
    void scale_input(const Input<T>& input, Range rows) const;
    void times_weights(const Workspace<T>& shared, const Input<T>& factor, Range rows) const;
    void add_biases(Range rows) const;
    // A network with members predicts in chunks.
    void predict_row(const T*, const T*, T*, T*) const override { __builtin_trap(); }

    void begin_backward(const Workspace<T>& shared, Range range) override {
        Base::begin_backward(shared, member_rows(range, k));
    }
    void finish_backward(const Workspace<T>& shared, Range range, Index rows,
                         const Layer<T>* below) override;
    void scale_deltas(Range rows) const;
    void pass_inputs(Range range, const Layer<T>& below) const;

    void weight_gradient(const Workspace<T>& shared, const Input<T>& input, Index rows, Range range,
                         T* dW, bool first, int thread) const override {
        Base::weight_gradient(shared, product_input(input), rows * k, range, dW, first, thread);
    }
    bool is_plain() const override { return false; }
    bool sums_sections() const override { return false; }
    void bias_gradient(Index rows, T* db, bool first) const override {
        if (!own_biases) return Base::bias_gradient(rows * k, db, first);
        sum_of_members<T>(rows, k, fan_out, db, first, [&](Index row, auto slice, Vector<T> sum) {
            return sum + slice.read(delta + row * stride);
        });
    }
    void learned_gradient(const Input<T>& input, Index rows, T* sums, bool first) const override;

    void refresh_biases(const T* parameters) const override {
        if (!own_biases) return Base::refresh_biases(parameters);
        copy_rows(parameters + this->biases, k, fan_out, stride, (T*)member_bias);
    }
    void refresh_learned(const T* parameters) const override {
        if (scales_inputs)
            copy_rows(parameters + this->learned, k, fan_in, input_stride, (T*)input_scales);
        if (scales_outputs)
            copy_rows(parameters + scale_of_outputs(), k, fan_out, stride, (T*)output_scales);
        Base::refresh_learned(parameters);
    }
    bool reads_codes(bool) const override { return false; }
    const Dense<T>* on_lanes() const override { return nullptr; }
};

template <class T>
SharedDense<T>::SharedDense(const Block& block, Index place)
    : Base(block, place),
      repeats(block.repeats),
      scales_inputs(block.scales_inputs),
      scales_outputs(block.scales_outputs),
      own_biases(block.own_biases),
      reads_one(block.repeats),
      k(block.n_members),
      input_stride(padded<T>(block.fan_in)) {
    this->first_unit = n_scales();
    this->tensors.learned += n_scales();
    if (own_biases) this->tensors.biases = k * fan_out;
}

template <class T>
void SharedDense<T>::prepare_forward(const Workspace<T>& shared, bool reads_sparse) {
    Base::prepare_forward(shared, reads_sparse);
    if (has_u()) u = Buffer<T>(shared.room * k * input_stride);
    if (scales_inputs) input_scales = Buffer<T>(k * input_stride);
    if (scales_outputs) output_scales = Buffer<T>(k * stride);
    if (own_biases) member_bias = Buffer<T>(k * stride);
    if (scales_product()) product = Buffer<T>(shared.room * k * stride);
}

template <class T>
void SharedDense<T>::prepare_backward(const Workspace<T>& shared) {
    Base::prepare_backward(shared);
    if (scales_outputs && !scaled_delta) scaled_delta = Buffer<T>(shared.room * k * stride);
    if (has_u()) d_u = Buffer<T>(shared.room * k * input_stride);
    if (shared.is_rounded && !this->rounded_transposed)
        this->rounded_transposed = Buffer<Pair>(rounded_size(fan_out, fan_in));
    if (!shared.is_rounded && !this->transposed)
        this->transposed = Buffer<T>(packed_size<T>(fan_out, fan_in));
}

template <class T>
void SharedDense<T>::scale_input(const Input<T>& input, Range rows) const {
    for (Index row = rows.begin; row < rows.end; ++row) {
        const T* const x = input_row(input, reads_one, k, row);
        T* const to = u + row * input_stride;
        const T* const scales = input_scales + row % k * input_stride;
        if (scales_inputs)
            for_slices<T>(fan_in,
                          [&](auto slice) { slice.write(to, slice.read(x) * slice.read(scales)); });
        else
            std::memcpy(to, x, sizeof(T) * std::size_t(fan_in));
    }
}

// z = s ⊙ (u W) + b.
template <class T>
void SharedDense<T>::begin_forward(const Workspace<T>& shared, const T* parameters,
                                   const Input<T>& input, Range range) {
    const Range rows = member_rows(range, k);
    if (has_u()) scale_input(input, rows);
    const Input<T> factor = product_input(input);
    if (!adds_bias()) return Base::begin_forward(shared, parameters, factor, rows);
    times_weights(shared, factor, rows);
    add_biases(rows);
}

// u W of a range of rows.
template <class T>
void SharedDense<T>::times_weights(const Workspace<T>& shared, const Input<T>& factor,
                                   Range rows) const {
    const Result<T> to{scales_product() ? product : this->affine_result(), stride, true};
    const Left<T> left{factor.dense, factor.stride, 1};
    if constexpr (std::is_same_v<T, float>)
        if (shared.is_rounded)
            return rounded_product(shared, left, rows, fan_in, this->rounded, nullptr, to, fan_out);
    matmul<T>({left.data + rows.begin * left.row_stride, left.row_stride, 1},
              {this->packed, 0, fan_in}, to.from(rows.begin), Start::zero, nullptr,
              rows.end - rows.begin, fan_out, fan_in);
}

template <class T>
void SharedDense<T>::add_biases(Range rows) const {
    const Vector<T> by_width = broadcast(ntk ? ntk_scale<T>(fan_in) : T(1));
    for (Index row = rows.begin; row < rows.end; ++row) {
        T* const z = this->affine_result() + row * stride;
        T* const p = product ? product + row * stride : z;
        const T* const b = own_biases ? member_bias + row % k * stride : (const T*)this->bias;
        const T* const s = output_scales + row % k * stride;
        for (Index j = 0; j < stride; j += lanes<T>) {
            Vector<T> value = load(p + j);
            if (ntk) value *= by_width, store(p + j, value);
            store(z + j,
                  scales_outputs ? fma(load(s + j), value, load(b + j)) : value + load(b + j));
        }
    }
}

template <class T>
void SharedDense<T>::finish_backward(const Workspace<T>& shared, Range range, Index rows,
                                     const Layer<T>* below) {
    const Range mine = member_rows(range, k);
    if (scaled_delta) scale_deltas(mine);
    this->pack_delta(mine, rows * k);
    if (!below && !scales_inputs) return;
    const Result<T> to{d_u ? d_u : below->delta, d_u ? input_stride : below->stride, true};
    this->times_transposed(shared, to, mine, {0, fan_in});
    if (!below) return;
    if (d_u) pass_inputs(range, *below);
    if (this->residual)
        add(this->residual_delta + mine.begin * stride, below->delta + mine.begin * stride,
            (mine.end - mine.begin) * stride);
}

// d = s ⊙ delta.
template <class T>
void SharedDense<T>::scale_deltas(Range rows) const {
    const Vector<T> by_width = broadcast(ntk ? ntk_scale<T>(fan_in) : T(1));
    for (Index row = rows.begin; row < rows.end; ++row) {
        const T* const s = output_scales + row % k * stride;
        for (Index j = row * stride; j < (row + 1) * stride; j += lanes<T>) {
            const Vector<T> d = by_width * load(delta + j);
            store(scaled_delta + j, scales_outputs ? d * load(s + j - row * stride) : d);
        }
    }
}

// dL/da_prev = r ⊙ dL/du, summed over the members if they read one input.
template <class T>
void SharedDense<T>::pass_inputs(Range range, const Layer<T>& below) const {
    for (Index row = range.begin * k; row < range.end * k; ++row) {
        const Index i = row % k;
        T* const to = below.delta + (reads_one ? row / k : row) * below.stride;
        const T *const from = d_u + row * input_stride, *const r = input_scales + i * input_stride;
        const bool adds = reads_one && i > 0;
        for (Index j = 0; j < input_stride; j += lanes<T>) {
            const Vector<T> d = scales_inputs ? load(from + j) * load(r + j) : load(from + j);
            store(to + j, adds ? load(to + j) + d : d);
        }
    }
}

template <class T>
void SharedDense<T>::learned_gradient(const Input<T>& input, Index rows, T* sums,
                                      bool first) const {
    if (scales_inputs)
        sum_of_members<T>(rows, k, fan_in, sums, first, [&](Index row, auto slice, Vector<T> sum) {
            return fma(slice.read(input_row(input, reads_one, k, row)),
                       slice.read(d_u + row * input_stride), sum);
        });
    sums += scales_inputs ? k * fan_in : 0;
    if (scales_outputs)
        sum_of_members<T>(rows, k, fan_out, sums, first, [&](Index row, auto slice, Vector<T> sum) {
            return fma(slice.read(delta + row * stride), slice.read(product + row * stride), sum);
        });
    Base::learned_gradient(input, rows * k, sums + (scales_outputs ? k * fan_out : 0), first);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
