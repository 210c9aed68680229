// Normalizations of z before the activation, with the names of formulas/normalizations.py:
//
//    ẑ = (z - mean) / √(variance + ε),  z' = scale ẑ + shift
//    s = scale dL/dz',  dL/dz = (s - mean(s) - ẑ mean(s ẑ)) / √(variance + ε)
//
// All sums are in float64: over the samples of a batch in order, column by column; over the units of
// a sample in sixteen fixed partial sums. Their bits depend neither on threads nor on the vector
// width.
//
// Shapes: z, ẑ, delta (rows, stride); scale, shift and values per column (stride).
#pragma once

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

enum class Normalization { none = -1, batch, layer };
inline constexpr const char* normalization_names[] = {"batch", "layer", nullptr};

inline constexpr double normalization_epsilon = 1e-5;
inline constexpr double running_momentum = 0.9;

template <class T>
inline T inverse_deviation(double variance) {
    return T(1 / __builtin_sqrt(variance + normalization_epsilon));
}

// Σ value(i) over a sample's units, like sum_of, for values computed from several arrays.
template <class Value>
double sum_over_units(Index n, const Value& value) {
    double partial[16] = {};
    Index i = 0;
    for (; i + 16 <= n; i += 16)
        for (Index lane = 0; lane < 16; ++lane) partial[lane] += value(i + lane);
    for (; i < n; ++i) partial[i % 16] += value(i);
    return sum_of_sixteen(partial);
}

// For columns [begin, end): the mean of z over the samples, its variance, and 1 / √(variance + ε).
template <class T>
void column_moments(const T* z, Index stride, Index rows, Index begin, Index end, T* mean,
                    T* variance, T* inverse) {
    for (Index j = begin; j < end; j += lanes<double>) {
        Vector<double> sum{}, squares{};
        for (Index row = 0; row < rows; ++row) sum += load_as_double(z + row * stride + j);
        const Vector<double> middle = sum / double(rows);
        for (Index row = 0; row < rows; ++row) {
            const Vector<double> off = load_as_double(z + row * stride + j) - middle;
            squares += off * off;
        }
        for (Index lane = 0; lane < lanes<double>; ++lane) {
            const double of_column = squares[lane] / double(rows);
            mean[j + lane] = T(middle[lane]);
            variance[j + lane] = T(of_column);
            inverse[j + lane] = inverse_deviation<T>(of_column);
        }
    }
}

// For columns [begin, end): the means over the samples of s and of s ẑ.
template <class T>
void column_gradients(const T* delta, const T* normalized, const T* scale, Index stride, Index rows,
                      Index begin, Index end, T* mean, T* along) {
    for (Index j = begin; j < end; j += lanes<double>) {
        Vector<double> sum{}, products{};
        for (Index row = 0; row < rows; ++row) {
            const Vector<double> s = load_as_double(delta + row * stride + j);
            sum += s;
            products += s * load_as_double(normalized + row * stride + j);
        }
        for (Index lane = 0; lane < lanes<double>; ++lane) {
            mean[j + lane] = T(double(scale[j + lane]) * sum[lane] / double(rows));
            along[j + lane] = T(double(scale[j + lane]) * products[lane] / double(rows));
        }
    }
}

// Turns a row of z into z', by the moments of its columns, and keeps ẑ.
template <class T>
void normalize_row(T* z, T* normalized, const T* mean, const T* inverse, const T* scale,
                   const T* shift, Index stride) {
    for (Index j = 0; j < stride; j += lanes<T>) {
        const Vector<T> hat = (load(z + j) - load(mean + j)) * load(inverse + j);
        store(normalized + j, hat);
        store(z + j, fma(load(scale + j), hat, load(shift + j)));
    }
}

// Turns a row of z into z', by factors computed from running statistics.
template <class T>
void scale_row(T* z, const T* scale, const T* shift, Index stride) {
    for (Index j = 0; j < stride; j += lanes<T>)
        store(z + j, fma(load(z + j), load(scale + j), load(shift + j)));
}

// Computes the factors for scale_row from the running statistics (mean, variance).
template <class T>
void running_factors(const T* mean, const T* variance, const T* scale, const T* shift, Index n,
                     T* running_scale, T* running_shift) {
    for (Index j = 0; j < n; ++j) {
        const double factor = double(scale[j]) * inverse_deviation<double>(variance[j]);
        running_scale[j] = T(factor);
        running_shift[j] = T(double(shift[j]) - double(mean[j]) * factor);
    }
}

// Updates running statistics by a batch's mean and variance.
template <class T>
void move_statistics(T* running, const T* batch, Index n) {
    for (Index j = 0; j < n; ++j)
        running[j] = T(running_momentum) * running[j] + T(1 - running_momentum) * batch[j];
}

// Turns a row of z into z', by its own moments; keeps ẑ if there is room. Returns 1 / √(variance +
// ε).
template <class T>
T normalize_by_row(T* z, T* normalized, const T* scale, const T* shift, Index n, Index stride) {
    const double mean = sum_of(z, n, [](Vector<double> each) { return each; }) / double(n);
    const double variance = sum_of(z, n,
                                   [mean](Vector<double> each) {
                                       const Vector<double> off = each - mean;
                                       return off * off;
                                   }) /
                            double(n);
    const T inverse = inverse_deviation<T>(variance), middle = T(mean);
    for (Index j = 0; j < stride; j += lanes<T>) {
        const Vector<T> hat = (load(z + j) - middle) * inverse;
        if (normalized) store(normalized + j, hat);
        store(z + j, fma(load(scale + j), hat, load(shift + j)));
    }
    return inverse;
}

// Turns a row of dL/dz' into dL/dz, by the column means from column_gradients.
template <class T>
void pass_normalized_columns(T* delta, const T* normalized, const T* scale, const T* inverse,
                             const T* mean, const T* along, Index stride) {
    for (Index j = 0; j < stride; j += lanes<T>) {
        const Vector<T> s = load(scale + j) * load(delta + j) - load(mean + j);
        store(delta + j, fma(-load(normalized + j), load(along + j), s) * load(inverse + j));
    }
}

// The same with means over the units of the sample.
template <class T>
void pass_normalized_row(T* delta, const T* normalized, const T* scale, T inverse, Index n,
                         Index stride) {
    const auto gradient = [&](Index i) { return double(scale[i]) * double(delta[i]); };
    const T mean = T(sum_over_units(n, gradient) / double(n));
    const T along =
        T(sum_over_units(n, [&](Index i) { return gradient(i) * double(normalized[i]); }) /
          double(n));
    for (Index j = 0; j < n; ++j)
        delta[j] = (scale[j] * delta[j] - mean - normalized[j] * along) * inverse;
    for (Index j = n; j < stride; ++j) delta[j] = T(0);
}

// Σ over the samples of delta times ẑ, like column_sums.
template <class T>
void column_products(const T* delta, const T* normalized, Index stride, Index rows, Index columns,
                     T* sums, bool first) {
    for_slices<T>(columns, [&](auto slice) {
        Vector<T> sum = first ? Vector<T>{} : slice.read(sums);
        for (Index row = 0; row < rows; ++row)
            sum = fma(load(delta + row * stride + slice.i),
                      load(normalized + row * stride + slice.i), sum);
        slice.write(sums, sum);
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
