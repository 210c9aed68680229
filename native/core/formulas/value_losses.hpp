// Losses of values: with one output per target, as structs of `inverse_link(z)`, `value(p, y)` and
// `delta(p, y)`, which the passes below apply to all numbers of a chunk; and with several outputs per
// target. Those with hyperparameters are constructed from them.
#pragma once

#include <type_traits>

#include "formulas/loss_terms.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// With its canonical inverse link, a loss's derivative is p - y.
template <class T>
struct Canonical {
    static constexpr bool mean_over_outputs = false;
    static Vector<T> delta(Vector<T> p, Vector<T> y) { return p - y; }
};

template <class T>
struct OfIdentity {
    static constexpr bool mean_over_outputs = false;
    static Vector<T> inverse_link(Vector<T> z) { return z; }
};

template <class T>
struct OfExponential {
    static constexpr bool mean_over_outputs = false;
    static Vector<T> inverse_link(Vector<T> z) { return exponential<T>(z); }
};

template <class T>
struct SquaredError : Canonical<T> {
    static constexpr bool mean_over_outputs = true;
    static Vector<T> inverse_link(Vector<T> z) { return z; }
    static Vector<T> value(Vector<T> p, Vector<T> y) { return (p - y) * (p - y) * T(0.5); }
};

template <class T>
struct Poisson : Canonical<T> {
    static Vector<T> inverse_link(Vector<T> z) { return exponential<T>(z); }
    static Vector<T> value(Vector<T> p, Vector<T> y) {
        const Vector<T> y_log = y * logarithm<T>(y / p);
        return (y == Vector<T>{} ? Vector<T>{} : y_log) - y + p;
    }
};

template <class T>
struct BinaryLogLoss : Canonical<T> {
    static Vector<T> inverse_link(Vector<T> z) { return logistic<T>(z); }
    static Vector<T> value(Vector<T> p, Vector<T> y) {
        const Vector<T> one = broadcast(T(1)), zero{};
        // For a target of one or zero, only one of the two logarithms counts.
        if (all_true((y == zero) | (y == one))) return -log_of_clipped<T>(y == one ? p : one - p);
        const Vector<T> yes = y == zero ? zero : y * log_of_clipped<T>(p);
        const Vector<T> no = y == one ? zero : (one - y) * log_of_clipped<T>(one - p);
        return -(yes + no);
    }
};

template <class T>
struct AbsoluteError : OfIdentity<T> {
    static Vector<T> value(Vector<T> p, Vector<T> y) { return magnitude<T>(p - y); }
    static Vector<T> delta(Vector<T> p, Vector<T> y) {
        const Vector<T> one = broadcast(T(1)), zero{};
        return p > y ? one : p < y ? -one : zero;
    }
};

template <class T>
struct Huber : OfIdentity<T> {
    Vector<T> threshold;
    explicit Huber(const double* of) : threshold(broadcast(T(of[0]))) {}
    Vector<T> value(Vector<T> p, Vector<T> y) const {
        const Vector<T> far = magnitude<T>(p - y);
        return far <= threshold ? far * far * T(0.5) : threshold * (far - T(0.5) * threshold);
    }
    Vector<T> delta(Vector<T> p, Vector<T> y) const {
        return at_least(at_most(p - y, threshold), -threshold);
    }
};

template <class T>
struct LogCosh : OfIdentity<T> {
    static Vector<T> value(Vector<T> p, Vector<T> y) {
        const Vector<T> far = magnitude<T>(p - y);
        // log cosh r = |r| + log(½ + ½ exp(-2 |r|))
        return far + logarithm<T>(T(0.5) + T(0.5) * exponential<T>(T(-2) * far));
    }
    static Vector<T> delta(Vector<T> p, Vector<T> y) { return hyperbolic_tangent<T>(p - y); }
};

template <class T>
struct Gamma : OfExponential<T> {
    static Vector<T> value(Vector<T> p, Vector<T> y) {
        const Vector<T> ratio = y / p;
        return ratio - T(1) - logarithm<T>(ratio);
    }
    static Vector<T> delta(Vector<T> p, Vector<T> y) { return T(1) - y / p; }
};

template <class T>
struct Tweedie : OfExponential<T> {
    T below, above;  // 1 - power, 2 - power
    explicit Tweedie(const double* of) : below(T(1 - of[0])), above(T(2 - of[0])) {}
    Vector<T> value(Vector<T> p, Vector<T> y) const {
        const Vector<T> zero{}, log_p = logarithm<T>(p);
        const Vector<T> of_y = power_of_log<T>(logarithm<T>(y), above) * (T(1) / (below * above));
        const Vector<T> pull = y == zero ? zero : y * power_of_log<T>(log_p, below) / below;
        return of_y - pull + power_of_log<T>(log_p, above) / above;
    }
    Vector<T> delta(Vector<T> p, Vector<T> y) const {
        const Vector<T> zero{}, log_p = logarithm<T>(p);
        const Vector<T> pull = y == zero ? zero : y * power_of_log<T>(log_p, below);
        return power_of_log<T>(log_p, above) - pull;
    }
};

template <class T>
struct BinaryFocal {
    static constexpr bool mean_over_outputs = false;
    T gamma;
    explicit BinaryFocal(const double* of) : gamma(T(of[0])) {}
    static Vector<T> inverse_link(Vector<T> z) { return logistic<T>(z); }
    Vector<T> value(Vector<T> p, Vector<T> y) const {
        const Vector<T> kept = clipped<T>(p), rest = T(1) - kept;
        const Vector<T> log_p = logarithm<T>(kept), log_rest = logarithm<T>(rest);
        return -(y * power_of_log<T>(log_rest, gamma) * log_p +
                 (T(1) - y) * power_of_log<T>(log_p, gamma) * log_rest);
    }
    Vector<T> delta(Vector<T> p, Vector<T> y) const {
        const Vector<T> kept = clipped<T>(p), rest = T(1) - kept;
        const Vector<T> log_p = logarithm<T>(kept), log_rest = logarithm<T>(rest);
        const Vector<T> yes = power_of_log<T>(log_rest, gamma) * (gamma * kept * log_p - rest);
        const Vector<T> no = power_of_log<T>(log_p, gamma) * (kept - gamma * rest * log_rest);
        return y * yes + (T(1) - y) * no;
    }
};

template <class T, template <class> class L>
L<T> formula_of(const double* hyperparameters) {
    if constexpr (std::is_constructible_v<L<T>, const double*>)
        return L<T>(hyperparameters);
    else
        return L<T>();
}

// Each sample's loss from the values of its outputs.
template <class T>
void sum_row_losses(const LossTerms<T>& terms, Index values, double divisor) {
    const Index per_target = values / terms.targets;
    for (Index row = 0; row < terms.rows; ++row) {
        const T* const value = terms.value + row * values;
        double loss = 0;
        if (terms.target_weight)
            for (Index j = 0; j < values; ++j)
                loss += weighted_target(terms, row, j / per_target, value[j]);
        else
            for (Index j = 0; j < values; ++j) loss += value[j];
        if (divisor != 1) loss /= divisor;
        terms.row_loss[row] = weight_of(terms, row) * loss;
    }
}

template <class T, template <class> class L>
void elementwise_loss(const LossTerms<T>& terms) {
    const L<T> formula = formula_of<T, L>(terms.hyperparameters);
    for_slices<T>(terms.rows * terms.outputs, [&](auto slice) {
        const Vector<T> p = L<T>::inverse_link(slice.read(terms.p)), y = slice.read(terms.y);
        slice.write(terms.p, p);
        slice.write(terms.delta, formula.delta(p, y));
        slice.write(terms.value, formula.value(p, y));
    });
    multiply_weights(terms);
    sum_row_losses(terms, terms.outputs, L<T>::mean_over_outputs ? double(terms.outputs) : 1);
}

template <class T, template <class> class L>
void elementwise_inverse_link(T* p, Index rows, Index outputs, Heads) {
    for_slices<T>(rows * outputs,
                  [&](auto slice) { slice.write(p, L<T>::inverse_link(slice.read(p))); });
}

// In separate loops, inverse links and values are short enough for the processor to work on several
// vectors at once.
template <class T, template <class> class L>
void elementwise_loss_of_groups(const GroupLossTerms<T>& terms) {
    const L<T> formula = formula_of<T, L>(terms.hyperparameters);
    const Index group_size = terms.outputs * group_rows, n = terms.groups * group_size;
    for (Index group = 0; group < terms.groups; ++group)
        for (Index i = group * group_size; i < (group + 1) * group_size; i += lanes<T>) {
            const Vector<T> p = L<T>::inverse_link(load(terms.p + i));
            store(terms.p + i, p);
            store(terms.delta + i, formula.delta(p, load(terms.y + i)) *
                                       load(terms.weight + group * group_rows + i % group_rows));
        }
    for (Index i = 0; i < n; i += lanes<T>)
        store(terms.p + i, formula.value(load(terms.p + i), load(terms.y + i)));
    add_row_losses(terms, terms.p, L<T>::mean_over_outputs ? double(terms.outputs) : 1);
}

// One output per target for each quantile; the quantiles are the hyperparameters.
template <class T>
void quantile(const LossTerms<T>& terms) {
    const Index levels = terms.n_hyperparameters;
    for (Index row = 0; row < terms.rows; ++row)
        for (Index j = 0; j < terms.outputs; ++j) {
            const Index i = row * terms.outputs + j;
            const T level = T(terms.hyperparameters[j % levels]);
            const T over = terms.p[i] - terms.y[row * terms.targets + j / levels];
            terms.delta[i] = over > 0 ? T(1) - level : over < 0 ? -level : T(0);
            terms.value[i] = over > 0 ? (T(1) - level) * over : -level * over;
        }
    multiply_weights(terms);
    sum_row_losses(terms, terms.outputs, 1);
}

// Within these bounds, sigma and expressions of its square are finite in float32 as well.
inline constexpr double least_log_std = -30, largest_log_std = 80;

template <class T>
inline Vector<T> sigma_of(Vector<T> z) {
    const Vector<T> least = broadcast(T(least_log_std)), largest = broadcast(T(largest_log_std));
    return exponential<T>(at_most(at_least(z, least), largest));
}

// In each pair of outputs, the first is a mean and the second the logarithm of a standard deviation.
template <class T>
void mean_and_std(T* p, Index rows, Index outputs, Heads) {
    Vector<T> is_sigma{};
    for (Index lane = 1; lane < lanes<T>; lane += 2) is_sigma[lane] = 1;
    // Rows of even width are adjacent, so they can be processed as one.
    const Index n = outputs % 2 ? outputs : rows * outputs;
    for (T* const end = p + rows * outputs; p < end; p += n)
        for_slices<T>(n, [&](auto slice) {
            const Vector<T> z = slice.read(p);
            slice.write(p, is_sigma == broadcast(T(1)) ? sigma_of<T>(z) : z);
        });
}

// Beyond the bounds of sigma, the derivative continues as within, so that a network can come back.
template <class T>
void gaussian_nll(const LossTerms<T>& terms) {
    const Index n = terms.rows * terms.outputs;
    const T least = T(least_log_std), largest = T(largest_log_std);
    for (Index i = 1; i < n; i += 2) {
        const T z = terms.p[i];
        terms.value[i / 2] = z < least ? least : z > largest ? largest : z;
    }
    mean_and_std(terms.p, terms.rows, terms.outputs, terms.heads);
    for (Index i = 0; i < n; i += 2) {
        const T sigma = terms.p[i + 1], far = (terms.p[i] - terms.y[i / 2]) / sigma;
        terms.delta[i] = far / sigma;
        terms.delta[i + 1] = T(1) - far * far;
        terms.value[i / 2] += T(0.5) * far * far;
    }
    multiply_weights(terms);
    sum_row_losses(terms, terms.targets, 1);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
