// Losses with their links: prediction, delta = dL/dz, and each row's loss, as formulas/losses.py and
// formulas/links.py name them. To add an elementwise one: a struct with `link(z)` and `value(p, y)`,
// and a line in the table below and in names.cpp.
//
// Each loss stands in two layouts: `of_rows`, where a row's outputs lie side by side, and, for small
// networks, `of_groups`, where an output's numbers of sixteen rows do.
//
// Shapes, of rows: p, y, delta, value (rows, outputs), compact; codes, weight, row_loss (rows);
// of groups: p, y, delta (groups, outputs, 16); codes, weight (groups, 16); loss (16).
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

inline constexpr Index group_rows = 16;

template <class T>
struct GroupLossTerms {
    Index groups, outputs;
    T* p;  // logits on entry, of no use on exit
    const T* y;
    const T* codes;
    const T* weight;
    T* delta;
    double* loss;  // of every sixteenth row, multiplied by its weight; sums go on
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

// In loops of their own, links and values are short enough for the processor to work on several
// vectors at once.
template <class T, template <class> class L>
void elementwise_loss_of_groups(const GroupLossTerms<T>& terms) {
    const Index group_size = terms.outputs * group_rows, n = terms.groups * group_size;
    for (Index group = 0; group < terms.groups; ++group)
        for (Index i = group * group_size; i < (group + 1) * group_size; i += lanes<T>) {
            const Vector<T> p = L<T>::link(load(terms.p + i));
            store(terms.p + i, p);
            store(terms.delta + i,
                  (p - load(terms.y + i)) * load(terms.weight + group * group_rows + i % group_rows));
        }
    for (Index i = 0; i < n; i += lanes<T>)
        store(terms.p + i, L<T>::value(load(terms.p + i), load(terms.y + i)));
    add_row_losses(terms, terms.p, L<T>::mean_over_outputs ? double(terms.outputs) : 1);
}

// Softmax and delta of as many rows as a vector has lanes, each operation that of log_loss; gives what
// the true classes are predicted with.
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
        // The logits of these rows have been read when this is written, and those behind have not
        // been reached.
        store(terms.p + i, softmax_of_lanes<T>(terms.outputs, terms.p + at, terms.codes + i,
                                               terms.weight + i, terms.delta + at));
    }
    for (Index i = 0; i < n; i += lanes<T>)
        store(terms.p + i, -log_of_clipped<T>(load(terms.p + i)));
    GroupLossTerms<T> rows = terms;
    rows.outputs = 1;
    add_row_losses(rows, terms.p, 1);
}

template <class T>
struct Loss {
    void (*of_rows)(const LossTerms<T>&);
    void (*of_groups)(const GroupLossTerms<T>&);
};

template <class T, template <class> class L>
inline constexpr Loss<T> elementwise = {elementwise_loss<T, L>, elementwise_loss_of_groups<T, L>};

template <class T>
inline constexpr Loss<T> loss_table[] = {
    elementwise<T, SquaredError>,
    elementwise<T, Poisson>,
    elementwise<T, BinaryLogLoss>,
    {log_loss<T>, log_loss_of_groups<T>},
};

template <class T>
inline constexpr void (*link_table[])(T* p, Index rows, Index outputs) = {
    elementwise_link<T, SquaredError>,
    elementwise_link<T, Poisson>,
    elementwise_link<T, BinaryLogLoss>,
    softmax<T>,
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
