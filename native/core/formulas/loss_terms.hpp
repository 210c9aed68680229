// Inputs and outputs of a loss in two layouts: in `LossTerms` the outputs of a sample are adjacent,
// and in `GroupLossTerms`, for small networks, one output of sixteen samples.
//
// Shapes, by samples: p, delta, value (rows, outputs), y, codes, target_weight (rows, targets),
// compact; weight, row_loss (rows); by groups: p, y, delta (groups, outputs, 16); codes, weight (groups, 16); loss
// (16).
#pragma once

#include <cstddef>

#include "simd/elementary.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The outputs of each head; an inverse link like softmax acts on each head separately.
struct Heads {
    const Index* widths;
    Index n;
};

template <class T>
struct LossTerms {
    Index rows, outputs, targets;
    Heads heads;
    const double* hyperparameters;  // in the order of the record's `hyperparameters`
    Index n_hyperparameters;
    T* p;  // logits on entry, prediction on exit
    const T* y;
    const std::int32_t* codes;
    const T* weight;  // null: all weights are one, or each target has a weight
    T* delta;
    T* value;
    double* row_loss;                  // multiplied by the sample's weight
    const T* target_weight = nullptr;  // null: all targets of a sample have its weight
};

inline constexpr Index group_rows = 16;

template <class T>
struct GroupLossTerms {
    Index groups, outputs;
    const double* hyperparameters;
    T* p;  // logits on entry, unspecified on exit
    const T* y;
    const T* codes;
    const T* weight;
    T* delta;
    double* loss;  // for every sixteenth sample, times its weight; added to the present sums
};

template <class T>
inline T weight_of(const LossTerms<T>& terms, Index row) {
    return terms.weight ? terms.weight[row] : T(1);
}

// A weighted number of a target. A missing target has weight zero, and its number may be infinite.
template <class N>
inline N weighted(N weight, N number) {
    return weight == 0 ? N(0) : weight * number;
}

// Calls body(row, target, first, width) for every target of every sample; its outputs start at
// p[first]. The targets of values have equal numbers of outputs, and those of codes a head each.
template <class T, class Body>
void for_targets(const LossTerms<T>& terms, const Body& body) {
    Index first = 0;
    for (Index row = 0; row < terms.rows; ++row)
        for (Index target = 0; target < terms.targets; ++target) {
            const Index width = terms.heads.n == terms.targets ? terms.heads.widths[target]
                                                               : terms.outputs / terms.targets;
            body(row, target, first, width);
            first += width;
        }
}

template <class T>
void multiply_target_weights(const LossTerms<T>& terms) {
    for_targets(terms, [&](Index row, Index target, Index first, Index width) {
        const T weight = terms.target_weight[row * terms.targets + target];
        for (Index j = first; j < first + width; ++j)
            terms.delta[j] = weighted(weight, terms.delta[j]);
    });
}

template <class T>
void multiply_weights(const LossTerms<T>& terms) {
    if (terms.target_weight) return multiply_target_weights(terms);
    if (!terms.weight) return;
    for (Index row = 0; row < terms.rows; ++row)
        for (Index j = 0; j < terms.outputs; ++j)
            terms.delta[row * terms.outputs + j] *= terms.weight[row];
}

// Calls body(row, head, first, width) for every head of every sample; its outputs start at p[first].
template <class T, class Body>
void for_heads(const LossTerms<T>& terms, const Body& body) {
    Index first = 0;
    for (Index row = 0; row < terms.rows; ++row)
        for (Index head = 0; head < terms.heads.n; ++head) {
            const Index width = terms.heads.widths[head];
            body(row, head, first, width);
            first += width;
        }
}

// The loss of a target times its weight, or that of its sample.
template <class T>
inline double weighted_target(const LossTerms<T>& terms, Index row, Index target, double loss) {
    if (!terms.target_weight) return weight_of(terms, row) * loss;
    return weighted(double(terms.target_weight[row * terms.targets + target]), loss);
}

// loss += weight times the sum over the outputs of `value`, divided by `outputs`.
template <class T>
void add_row_losses(const GroupLossTerms<T>& terms, const T* value, double outputs) {
    for (Index group = 0; group < terms.groups; ++group) {
        const T* weight = terms.weight + group * group_rows;
        double row_loss[group_rows];
        for (Index lane = 0; lane < group_rows; ++lane) row_loss[lane] = value[lane];
        for (Index j = 1; j < terms.outputs; ++j) {
            value += group_rows;
            for (Index lane = 0; lane < group_rows; ++lane) row_loss[lane] += value[lane];
        }
        value += group_rows;
        if (outputs != 1)
            for (Index lane = 0; lane < group_rows; ++lane) row_loss[lane] /= outputs;
        for (Index lane = 0; lane < group_rows; ++lane)
            terms.loss[lane] += double(weight[lane]) * row_loss[lane];
    }
}

template <class T>
inline constexpr T epsilon_of = sizeof(T) == 4 ? T(1.1920928955078125e-07) : T(0x1p-52);

// A probability clipped to [eps, 1 - eps].
template <class T>
inline Vector<T> clipped(Vector<T> p) {
    return at_most(at_least(p, broadcast(epsilon_of<T>)), broadcast(T(1) - epsilon_of<T>));
}

template <class T>
inline Vector<T> log_of_clipped(Vector<T> p) {
    return logarithm<T>(clipped<T>(p));
}

// base^exponent for positive numbers, from the logarithm of the base.
template <class T>
inline Vector<T> power_of_log(Vector<T> log_base, T exponent) {
    return exponential<T>(log_base * exponent);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
