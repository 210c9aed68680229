// Losses with their links: prediction, delta = dL/dz, and each row's loss, as formulas/losses.py and
// formulas/links.py name them. To add an elementwise one: a struct with `link(z)` and `value(p, y)`,
// and a line in the table below and in names.cpp.
//
// Shapes: p, y, delta, value (rows, outputs), compact; codes, weight, row_loss (rows).
#pragma once

#include <cstddef>

#include "elementary.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct LossTerms {
    Index rows, outputs;
    T* p;  // logits on entry, prediction on exit
    const T* y;
    const std::int32_t* codes;
    const T* weight;  // null: all one
    T* delta;
    T* value;
    double* row_loss;  // multiplied by the row's weight
};

template <class T>
inline constexpr T epsilon_of = sizeof(T) == 4 ? T(1.1920928955078125e-07) : T(0x1p-52);

// log of a probability kept within [eps, 1 - eps]
template <class T>
inline Vector<T> log_of_clipped(Vector<T> p) {
    p = at_most(at_least(p, broadcast(epsilon_of<T>)), broadcast(T(1) - epsilon_of<T>));
    return logarithm<T>(p);
}

template <class T>
struct SquaredError {
    static constexpr bool mean_over_outputs = true;
    static Vector<T> link(Vector<T> z) { return z; }
    static Vector<T> value(Vector<T> p, Vector<T> y) { return (p - y) * (p - y) * T(0.5); }
};

template <class T>
struct Poisson {
    static constexpr bool mean_over_outputs = false;
    static Vector<T> link(Vector<T> z) { return exponential<T>(z); }
    static Vector<T> value(Vector<T> p, Vector<T> y) {
        const Vector<T> y_log = y * logarithm<T>(y / p);
        return (y == Vector<T>{} ? Vector<T>{} : y_log) - y + p;
    }
};

template <class T>
struct BinaryLogLoss {
    static constexpr bool mean_over_outputs = false;
    static Vector<T> link(Vector<T> z) { return logistic<T>(z); }
    static Vector<T> value(Vector<T> p, Vector<T> y) {
        const Vector<T> one = broadcast(T(1)), zero{};
        // Of a target that is one or zero, one of the two logarithms is all.
        if (all_true((y == zero) | (y == one)))
            return -log_of_clipped<T>(y == one ? p : one - p);
        const Vector<T> yes = y == zero ? zero : y * log_of_clipped<T>(p);
        const Vector<T> no = y == one ? zero : (one - y) * log_of_clipped<T>(one - p);
        return -(yes + no);
    }
};

template <class T>
inline T weight_of(const LossTerms<T>& terms, Index row) {
    return terms.weight ? terms.weight[row] : T(1);
}

template <class T>
void multiply_weights(const LossTerms<T>& terms) {
    if (!terms.weight) return;
    for (Index row = 0; row < terms.rows; ++row)
        for (Index j = 0; j < terms.outputs; ++j)
            terms.delta[row * terms.outputs + j] *= terms.weight[row];
}

template <class T, template <class> class L>
void elementwise_loss(const LossTerms<T>& terms) {
    for_slices<T>(terms.rows * terms.outputs, [&](auto slice) {
        const Vector<T> p = L<T>::link(slice.read(terms.p)), y = slice.read(terms.y);
        slice.write(terms.p, p);
        slice.write(terms.delta, p - y);
        slice.write(terms.value, L<T>::value(p, y));
    });
    multiply_weights(terms);
    for (Index row = 0; row < terms.rows; ++row) {
        double loss = 0;
        for (Index j = 0; j < terms.outputs; ++j) loss += terms.value[row * terms.outputs + j];
        if (L<T>::mean_over_outputs) loss /= double(terms.outputs);
        terms.row_loss[row] = weight_of(terms, row) * loss;
    }
}

template <class T, template <class> class L>
void elementwise_link(T* p, Index rows, Index outputs) {
    for_slices<T>(rows * outputs, [&](auto slice) { slice.write(p, L<T>::link(slice.read(p))); });
}

// The sums over classes run in order, so that no vector width shows in them.
template <class T>
void softmax(T* p, Index rows, Index outputs) {
    for (Index row = 0; row < rows; ++row) {
        T* z = p + row * outputs;
        T largest = z[0];
        for (Index j = 1; j < outputs; ++j) largest = z[j] > largest ? z[j] : largest;
        for (Index j = 0; j < outputs; ++j) z[j] -= largest;
    }
    for_slices<T>(rows * outputs,
                  [&](auto slice) { slice.write(p, exponential<T>(slice.read(p))); });
    for (Index row = 0; row < rows; ++row) {
        T* power = p + row * outputs;
        T sum = 0;
        for (Index j = 0; j < outputs; ++j) sum += power[j];
        for (Index j = 0; j < outputs; ++j) power[j] /= sum;
    }
}

template <class T>
void log_loss(const LossTerms<T>& terms) {
    softmax(terms.p, terms.rows, terms.outputs);
    __builtin_memcpy(terms.delta, terms.p, sizeof(T) * std::size_t(terms.rows * terms.outputs));
    for (Index row = 0; row < terms.rows; ++row) {
        const Index true_class = row * terms.outputs + terms.codes[row];
        terms.value[row] = terms.p[true_class];
        terms.delta[true_class] -= T(1);
    }
    multiply_weights(terms);
    for_slices<T>(terms.rows, [&](auto slice) {
        slice.write(terms.value, log_of_clipped<T>(slice.read(terms.value)));
    });
    for (Index row = 0; row < terms.rows; ++row)
        terms.row_loss[row] = -double(weight_of(terms, row)) * terms.value[row];
}

template <class T>
inline constexpr void (*loss_table[])(const LossTerms<T>&) = {
    elementwise_loss<T, SquaredError>,
    elementwise_loss<T, Poisson>,
    elementwise_loss<T, BinaryLogLoss>,
    log_loss<T>,
};

template <class T>
inline constexpr void (*link_table[])(T* p, Index rows, Index outputs) = {
    elementwise_link<T, SquaredError>,
    elementwise_link<T, Poisson>,
    elementwise_link<T, BinaryLogLoss>,
    softmax<T>,
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
