// Losses of class codes after a softmax, computed for each head separately.
#pragma once

#include "formulas/loss_terms.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Sums over classes run in order, so that results do not depend on the vector width.
template <class T>
void softmax(T* p, Index rows, Index outputs, Heads heads) {
    T* z = p;
    for (Index row = 0; row < rows; ++row)
        for (Index head = 0; head < heads.n; z += heads.widths[head++]) {
            const Index width = heads.widths[head];
            T largest = z[0];
            for (Index j = 1; j < width; ++j) largest = z[j] > largest ? z[j] : largest;
            for (Index j = 0; j < width; ++j) z[j] -= largest;
        }
    for_slices<T>(rows * outputs,
                  [&](auto slice) { slice.write(p, exponential<T>(slice.read(p))); });
    T* power = p;
    for (Index row = 0; row < rows; ++row)
        for (Index head = 0; head < heads.n; power += heads.widths[head++]) {
            const Index width = heads.widths[head];
            T sum = 0;
            for (Index j = 0; j < width; ++j) sum += power[j];
            for (Index j = 0; j < width; ++j) power[j] /= sum;
        }
}

template <class T>
void log_loss(const LossTerms<T>& terms) {
    const Index n_heads = terms.heads.n;
    softmax(terms.p, terms.rows, terms.outputs, terms.heads);
    __builtin_memcpy(terms.delta, terms.p, sizeof(T) * std::size_t(terms.rows * terms.outputs));
    for_heads(terms, [&](Index row, Index head, Index first, Index) {
        const Index target = row * n_heads + head, true_class = first + terms.codes[target];
        terms.value[target] = terms.p[true_class];
        terms.delta[true_class] -= T(1);
    });
    multiply_weights(terms);
    for_slices<T>(terms.rows * n_heads, [&](auto slice) {
        slice.write(terms.value, log_of_clipped<T>(slice.read(terms.value)));
    });
    for (Index row = 0; row < terms.rows; ++row) {
        if (terms.target_weight) {
            terms.row_loss[row] = 0;
            for (Index head = 0; head < n_heads; ++head)
                terms.row_loss[row] -=
                    weighted_target(terms, row, head, terms.value[row * n_heads + head]);
            continue;
        }
        double sum = terms.value[row * n_heads];
        for (Index head = 1; head < n_heads; ++head) sum += terms.value[row * n_heads + head];
        terms.row_loss[row] = -double(weight_of(terms, row)) * sum;
    }
}

// A smoothed label: every class has `each`, and the true class `extra` more.
template <class T>
struct SmoothedLabel {
    T each, extra;
    SmoothedLabel(double smoothing, Index classes)
        : each(T(smoothing / double(classes))), extra(T(1 - smoothing)) {}
    T operator()(bool is_true) const { return is_true ? extra + each : each; }
};

// Log loss of smoothed labels.
template <class T>
void smoothed_log_loss(const LossTerms<T>& terms) {
    softmax(terms.p, terms.rows, terms.outputs, terms.heads);
    for_slices<T>(terms.rows * terms.outputs, [&](auto slice) {
        slice.write(terms.value, log_of_clipped<T>(slice.read(terms.p)));
    });
    for (Index row = 0; row < terms.rows; ++row) terms.row_loss[row] = 0;
    for_heads(terms, [&](Index row, Index head, Index first, Index width) {
        const SmoothedLabel<T> label(terms.hyperparameters[0], width);
        const Index true_class = terms.codes[row * terms.heads.n + head];
        double loss = 0;
        for (Index j = 0; j < width; ++j) {
            const T target = label(j == true_class);
            terms.delta[first + j] = terms.p[first + j] - target;
            loss -= target * terms.value[first + j];
        }
        terms.row_loss[row] += weighted_target(terms, row, head, loss);
    });
    multiply_weights(terms);
}

// With y the smoothed label, and g = p dL/dp / y:  L = Σ y value,  delta = y g - p Σ y g.
template <class T>
void focal(const LossTerms<T>& terms) {
    const T gamma = T(terms.hyperparameters[0]);
    softmax(terms.p, terms.rows, terms.outputs, terms.heads);
    for_slices<T>(terms.rows * terms.outputs, [&](auto slice) {
        const Vector<T> p = clipped<T>(slice.read(terms.p)), rest = T(1) - p;
        const Vector<T> log_p = logarithm<T>(p);
        const Vector<T> power = power_of_log<T>(logarithm<T>(rest), gamma);
        slice.write(terms.value, -(power * log_p));
        slice.write(terms.delta, power * (gamma * p * log_p / rest - T(1)));
    });
    for (Index row = 0; row < terms.rows; ++row) terms.row_loss[row] = 0;
    for_heads(terms, [&](Index row, Index head, Index first, Index width) {
        const SmoothedLabel<T> label(terms.hyperparameters[1], width);
        const Index true_class = terms.codes[row * terms.heads.n + head];
        double loss = 0;
        T sum = 0;
        for (Index j = 0; j < width; ++j) {
            const T target = label(j == true_class);
            loss += target * terms.value[first + j];
            terms.delta[first + j] *= target;
            sum += terms.delta[first + j];
        }
        for (Index j = 0; j < width; ++j) terms.delta[first + j] -= terms.p[first + j] * sum;
        terms.row_loss[row] += weighted_target(terms, row, head, loss);
    });
    multiply_weights(terms);
}

// Softmax and delta of as many samples as a vector has lanes, with the same operations as log_loss;
// returns the predicted probabilities of the true classes.
template <class T>
Vector<T> softmax_of_lanes(Index outputs, const T* z, const T* codes, const T* weight, T* delta) {
    Vector<T> largest = load(z), sum{}, of_true{};
    for (Index j = 1; j < outputs; ++j) {
        const Vector<T> other = load(z + j * group_rows);
        largest = other > largest ? other : largest;
    }
    for (Index j = 0; j < outputs; ++j) {
        const Vector<T> power = exponential<T>(load(z + j * group_rows) - largest);
        store(delta + j * group_rows, power);
        sum += power;
    }
    for (Index j = 0; j < outputs; ++j) {
        const Vector<T> p = load(delta + j * group_rows) / sum;
        const auto is_true = load(codes) == broadcast(T(j));
        of_true = is_true ? p : of_true;
        store(delta + j * group_rows, (is_true ? p - T(1) : p) * load(weight));
    }
    return of_true;
}

template <class T>
void log_loss_of_groups(const GroupLossTerms<T>& terms) {
    const Index n = terms.groups * group_rows;
    for (Index i = 0; i < n; i += lanes<T>) {
        const Index group = i / group_rows * group_rows, at = group * terms.outputs + i - group;
        // The logits of these samples have been read by now, and later ones are not overwritten.
        store(terms.p + i, softmax_of_lanes<T>(terms.outputs, terms.p + at, terms.codes + i,
                                               terms.weight + i, terms.delta + at));
    }
    for (Index i = 0; i < n; i += lanes<T>)
        store(terms.p + i, -log_of_clipped<T>(load(terms.p + i)));
    GroupLossTerms<T> rows = terms;
    rows.outputs = 1;
    add_row_losses(rows, terms.p, 1);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
