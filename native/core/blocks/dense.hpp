// A fully connected block, with its optional parts, as in src/lamina/blocks/dense.py.
//
//    forward    z = a_prev W + b,  z' = scale ẑ + shift,  a = kept f(z') + a_prev
//    backward   dL/dz' = kept f'(z') dL/da;  delta = dL/dz by the normalization
//    gradient   dW = a_prevᵀ delta;  db = Σ_rows delta
//    inputs     dL/da_prev = delta Wᵀ + dL/da
//
// In NTK parametrisation, both products with W and dW are divided by √fan_in.
//
// Shapes: z (rows, stride); W (fan_in, fan_out); b (fan_out); learned parameters of units (n_learned,
// fan_out), a normalization's scale and shift first; statistics (2, fan_out), mean and variance.
#pragma once

#include <cstring>

#include "blocks/block.hpp"
#include "blocks/normalization.hpp"
#include "formulas/activations.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct Dense : Layer<T> {
    using Base = Layer<T>;
    using Base::a, Base::delta, Base::stride, Base::fan_in, Base::fan_out, Base::is_first;

    Dense(const Block& block, Index place);

    Activation<T> activation;
    double hyperparameters[most_block_hyperparameters];  // of the activation
    Normalization normalization;
    bool residual, ntk, blends;
    double dropout;
    Index n_learned;       // learned parameters per unit other than weights and bias
    Index first_unit = 0;  // of these, among all learned parameters

    Buffer<T> z;             // in training, if a alone does not give the derivative; else z is in a
    Buffer<T> bias;          // padded
    Buffer<T> learned_copy;  // (n_learned, stride), padded
    // (rows, stride): each sample's term of dL/d(learned parameter of the activation).
    Buffer<T> parameter_delta;
    Buffer<T> residual_delta;  // (rows, stride): dL/da, which a residual passes around the block
    Buffer<T> kept;            // (rows, stride): factors of dropout
    // In NTK parametrisation: the products start from zeros (stride), and W's gradient and dL/da_prev
    // are made of delta / √fan_in, (rows, stride).
    Buffer<T> zeros, scaled_delta;
    // With a blended activation, (rows, stride): f(z), dL/da, and each sample's term of dL/dθ.
    Buffer<T> function, upstream, blend_delta;
    // With a normalization: ẑ and dL/dz' (rows, stride); 1 / √(variance + ε) of every column or row.
    Buffer<T> normalized, normalized_delta, inverse;
    // With batch normalization: each column's mean and variance over the batch, and the components of
    // its gradient along 1 and ẑ; for predictions, the factors of the running statistics.
    Buffer<T> mean, variance, gradient_mean, gradient_along, running_scale, running_shift;
    Buffer<T> packed;        // W in panels; not if X is CSR
    Buffer<T> transposed;    // Wᵀ in panels; not for the first layer
    Buffer<T> packed_delta;  // delta in panels, if its rows are long
    // For products in bfloat16, the panels of W and Wᵀ instead of those, and of delta.
    Buffer<Pair> rounded, rounded_transposed, rounded_delta;

    T* affine_result() const { return z ? z : a; }
    const T* product_start() const { return ntk ? zeros : bias; }
    const T* product_delta() const { return scaled_delta ? scaled_delta : delta; }
    bool is_normalized() const { return normalization != Normalization::none; }
    bool normalizes_batch() const { return normalization == Normalization::batch; }
    // The mean over the samples cancels a common offset: the sum of delta is zero except for
    // rounding, which an optimizer that divides by the gradient's size would learn from.
    bool learns_bias() const { return !normalizes_batch(); }
    // Returns whether a is more than f(z), or z is no longer the product's result.
    bool changes_a() const { return residual || dropout > 0; }
    // Returns whether z is a product alone, and dL/da_prev too.
    virtual bool is_plain() const {
        return !ntk && !blends && !changes_a() && !is_normalized() && this->n_members == 1;
    }
    bool is_plain_relu() const { return is_plain() && activation.is_relu; }
    bool keeps_z() const { return activation.reads_z || changes_a() || is_normalized() || blends; }
    // θ of every unit, the last of the learned parameters.
    const T* theta() const { return learned_copy + (n_learned - 1) * stride; }
    Index n_of_normalization() const { return is_normalized() ? 2 : 0; }
    Units<T> units(Range range) const {
        const auto at = [&](T* p) { return p ? p + range.begin * stride : nullptr; };
        const T* const of_activation =
            learned_copy ? learned_copy + n_of_normalization() * stride : nullptr;
        return {range.end - range.begin,   stride,         at(affine_result()),
                at(blends ? function : a), at(delta),      of_activation,
                at(parameter_delta),       hyperparameters};
    }

    Index values_of_sample() const override {
        const bool is_plain = !is_normalized() && !changes_a();
        const int plain = 3 + activation.reads_z + (activation.n_parameters > 0);
        return ((is_plain ? plain : 8) + ntk + 3 * blends) * stride;
    }
    void prepare_forward(const Workspace<T>& shared, bool reads_sparse) override;
    void prepare_backward(const Workspace<T>& shared) override;
    void prepare_parts(Index room);

    void begin_forward(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                       Range range) override;
    void finish_forward(const Workspace<T>& shared, const Input<T>& input, Range range) override;
    void multiply(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                  Range range) const;
    void affine_of_row(const T* parameters, const T* from, T* to, T* space) const;
    void normalize(const Workspace<T>& shared, Range range) const;
    void drop(const Workspace<T>& shared, Range range) const;
    void multiply_kept(T* x, Range range) const;
    void activate(Range range) const;
    void activate_row(T* z, const T* learned_rows, T* f) const;
    void multiply_derivative(Range range) const;
    void forward(const Workspace<T>& shared, const T* parameters, const Input<T>& input,
                 Range range) override;
    const T* first_values() const override { return affine_result(); }
    void predict_row(const T* parameters, const T* from, T* to, T* space) const override;
    Index values_of_row() const override { return (n_learned + 2 * ntk + blends) * stride; }

    void begin_backward(const Workspace<T>& shared, Range range) override;
    void finish_backward(const Workspace<T>& shared, Range range, Index rows,
                         const Base* below) override;
    const T* gate() const override { return is_plain_relu() ? (const T*)a : nullptr; }
    bool gates(const Workspace<T>& shared, const Base& below) const override {
        return below.gate() && is_plain() && passes_back() && !shared.is_rounded;
    }
    void finish_backward_gated(const Workspace<T>& shared, Range range, Index rows,
                               const Base& below) override;
    void pass_normalization(Range range) const;
    void pack_delta(Range range, Index rows) const;
    void times_transposed(const Workspace<T>& shared, Result<T> to, Range range,
                          Range columns) const;

    bool needs_batch() const override { return normalizes_batch(); }
    void take_moments(Index rows, Range columns) const override {
        column_moments<T>(affine_result(), stride, rows, columns.begin, columns.end, mean, variance,
                          inverse);
    }
    void take_gradients(Index rows, Range columns) const override {
        column_gradients<T>(delta, normalized, learned_copy, stride, rows, columns.begin,
                            columns.end, gradient_mean, gradient_along);
    }

    void weight_gradient(const Workspace<T>& shared, const Input<T>& input, Index rows, Range range,
                         T* dW, bool first, int thread) const override;
    void bias_gradient(Index rows, T* db, bool first) const override {
        if (learns_bias())
            column_sums<T>(delta, stride, rows, fan_out, db, first);
        else
            std::memset(db, 0, sizeof(T) * std::size_t(fan_out));
    }
    bool sums_sections() const override {
        return n_learned == 0 && !ntk && stride * Index(sizeof(T)) <= longest_row_bytes;
    }
    void section_gradient(const Workspace<T>& shared, const Input<T>& input, Range samples, T* dW,
                          T* db, bool first, int thread) const override;
    void product_gradient(const Workspace<T>& shared, const Input<T>& input, Right<T> right,
                          const T* delta, Index rows, Range range, T* dW, bool first,
                          int thread) const;
    void learned_gradient(const Input<T>&, Index rows, T* sums, bool first) const override {
        if (is_normalized()) {
            column_products<T>(normalized_delta, normalized, stride, rows, fan_out, sums, first);
            column_sums<T>(normalized_delta, stride, rows, fan_out, sums + fan_out, first);
        }
        if (parameter_delta)
            column_sums<T>(parameter_delta, stride, rows, fan_out,
                           sums + n_of_normalization() * fan_out, first);
        if (blends)
            column_sums<T>(blend_delta, stride, rows, fan_out, sums + (n_learned - 1) * fan_out,
                           first);
    }
    // The batch's mean and unbiased variance; the batch has one chunk.
    void batch_statistics(Index rows, T* statistics) const override {
        const T unbiased = T(double(rows) / double(rows - 1));
        for (Index j = 0; j < fan_out; ++j) {
            statistics[j] = mean[j];
            statistics[fan_out + j] = variance[j] * unbiased;
        }
    }

    void refresh_weights(const Workspace<T>& shared, const T* parameters,
                         Range range) const override;
    PanelCopies<T> panel_copies(const T* parameters, Range range,
                                bool sums_squares) const override {
        if (!packed && !transposed) return {};
        return {parameters + this->weights,
                range,
                fan_in,
                fan_out,
                (T*)packed,
                (T*)transposed,
                sums_squares};
    }
    void refresh_biases(const T* parameters) const override {
        std::memcpy(bias, parameters + this->biases, sizeof(T) * std::size_t(fan_out));
    }
    void refresh_learned(const T* parameters) const override {
        for (Index i = 0; i < n_learned; ++i)
            std::memcpy(learned_copy + i * stride,
                        parameters + this->learned + first_unit + i * fan_out,
                        sizeof(T) * std::size_t(fan_out));
    }
    // For predictions: the factors computed from running statistics.
    void refresh_running(const T* parameters) const override {
        if (!normalizes_batch()) return;
        const T* const running = parameters + this->statistics;
        const T* const scale = parameters + this->learned;
        running_factors(running, running + fan_out, scale, scale + fan_out, fan_out,
                        (T*)running_scale, (T*)running_shift);
    }

    bool passes_back() const { return !is_first && this->passed.begin < this->passed.end; }
    // A residual adds whole rows, members scale them, and products in bfloat16 round them.
    bool reads_codes(bool is_rounded) const override {
        return !residual && !is_rounded && this->n_members == 1;
    }
    bool draws() const override { return dropout > 0; }
    const Dense* on_lanes() const override {
        return keeps_z() || n_learned || ntk ? nullptr : this;
    }
};

template <class T>
Dense<T>::Dense(const Block& block, Index place)
    : Base(block, place),
      activation(activation_table<T>[block.activation]),
      normalization(Normalization(block.normalization)),
      residual(block.residual),
      ntk(block.ntk),
      blends(block.blend),
      dropout(block.dropout),
      n_learned(n_of_normalization() + activation.n_parameters + blends) {
    std::memcpy(hyperparameters, block.hyperparameters, sizeof hyperparameters);
    this->tensors = {fan_in, fan_out, fan_out, n_learned * fan_out,
                     normalizes_batch() ? 2 * fan_out : 0};
}

template <class T>
void Dense<T>::prepare_forward(const Workspace<T>& shared, bool reads_sparse) {
    a = Buffer<T>(shared.room * this->n_members * stride);
    bias = Buffer<T>(stride);
    if (ntk) zeros = Buffer<T>(stride);
    if (blends) function = Buffer<T>(shared.room * this->n_members * stride);
    if (n_learned) learned_copy = Buffer<T>(n_learned * stride);
    if (normalizes_batch()) running_scale = Buffer<T>(stride), running_shift = Buffer<T>(stride);
    if (is_first && reads_sparse) return;
    if (shared.is_rounded)
        rounded = Buffer<Pair>(rounded_size(fan_in, fan_out));
    else
        packed = Buffer<T>(packed_size<T>(fan_in, fan_out));
}

template <class T>
void Dense<T>::prepare_backward(const Workspace<T>& shared) {
    const Index rows = shared.room * this->n_members;
    delta = Buffer<T>(rows * stride);
    prepare_parts(rows);
    if (shared.is_rounded) {
        if (rounded) rounded_delta = Buffer<Pair>(rounded_size(rows, fan_out));
        if (passes_back()) rounded_transposed = Buffer<Pair>(rounded_size(fan_out, fan_in));
        return;
    }
    if (stride * Index(sizeof(T)) > longest_row_bytes)
        packed_delta = Buffer<T>(packed_size<T>(rows, fan_out));
    if (passes_back()) transposed = Buffer<T>(packed_size<T>(fan_out, fan_in));
}

// The optional parts, in training.
template <class T>
void Dense<T>::prepare_parts(Index room) {
    const Index size = room * stride;
    if (keeps_z()) z = Buffer<T>(size);
    if (ntk) scaled_delta = Buffer<T>(size);
    if (blends) upstream = Buffer<T>(size), blend_delta = Buffer<T>(size);
    if (activation.n_parameters) parameter_delta = Buffer<T>(size);
    if (residual) residual_delta = Buffer<T>(size);
    if (dropout > 0) kept = Buffer<T>(size);
    if (!is_normalized()) return;
    normalized = Buffer<T>(size);
    normalized_delta = Buffer<T>(size);
    inverse = Buffer<T>(normalizes_batch() ? stride : room);
    if (!normalizes_batch()) return;
    for (Buffer<T>* of_columns : {&mean, &variance, &gradient_mean, &gradient_along})
        *of_columns = Buffer<T>(stride);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET

#include "blocks/dense_passes.hpp"
