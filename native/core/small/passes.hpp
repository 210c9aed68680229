// The products of small networks, whose matrices are narrower than a vector register: here the lanes
// are samples. Sixteen of them form a group, for every vector width, and the numbers of a group are
// adjacent for each unit. There is so little to compute that setting it up would take as long: every
// tile of every product is a plain struct, made once, that holds pointers to its numbers.
//
// Shapes: a and delta of a layer (groups, units, 16); sums (n_parameters, 16): dL/dw summed over
// every sixteenth sample.
#pragma once

#include <cstddef>
#include <utility>

#include "formulas/losses.hpp"
#include "products/matmul.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
inline constexpr int group_vectors = int(group_rows / lanes<T>);

// Largest width of a tile in units, whose sums are in registers.
template <class T>
inline constexpr int most_units =
    accumulators / group_vectors<T> < 1   ? 1
    : accumulators / group_vectors<T> > 8 ? 8
                                          : accumulators / group_vectors<T>;

// Calls body(first unit, units) for the tiles that cover n units; no tile is narrow if two of half
// the width would do.
template <class T, class Body>
void for_unit_tiles(Index n, const Body& body) {
    constexpr Index most = most_units<T>;
    for (Index first = 0; first < n;) {
        const Index left = n - first;
        const Index units = left <= most ? left : left < 2 * most ? (left + 1) / 2 : most;
        body(first, int(units));
        first += units;
    }
}

// out[unit] = start[unit] + Σ_k W(k, unit) in[k] for every group: the same chains as in
// products/matmul.hpp.
template <class T>
struct LaneProduct {
    void (*run)(const LaneProduct&, Index groups);
    const T* in;  // (groups, k, 16)
    Index k;
    const T* W;
    Index k_stride, unit_stride;
    const T* start;  // null: zero
    T* out;
    Index out_stride;  // distance between groups
};

template <class T, int UNITS>
void multiply_lanes(const LaneProduct<T>& tile, Index groups) {
    constexpr int V = group_vectors<T>;
    const Index k_stride = tile.k_stride, unit_stride = tile.unit_stride;
    const T* in = tile.in;
    T* out = tile.out;
    for (; groups; --groups, out += tile.out_stride) {
        Vector<T> sum[UNITS][V];
        LAMINA_UNROLL
        for (int unit = 0; unit < UNITS; ++unit) {
            LAMINA_UNROLL
            for (int v = 0; v < V; ++v)
                sum[unit][v] = tile.start ? broadcast(tile.start[unit]) : Vector<T>{};
        }
        const T* w = tile.W;
        for (Index k = tile.k; k; --k, in += group_rows, w += k_stride) {
            LAMINA_UNROLL
            for (int unit = 0; unit < UNITS; ++unit) {
                const Vector<T> weight = broadcast(w[unit * unit_stride]);
                LAMINA_UNROLL
                for (int v = 0; v < V; ++v)
                    sum[unit][v] = fma(weight, load(in + v * lanes<T>), sum[unit][v]);
            }
        }
        LAMINA_UNROLL
        for (int unit = 0; unit < UNITS; ++unit) {
            LAMINA_UNROLL
            for (int v = 0; v < V; ++v) store(out + unit * group_rows + v * lanes<T>, sum[unit][v]);
        }
    }
}

// Adds sixteen partial sums, one for every sixteenth sample, to those of one vector: the upper half
// to the lower, repeatedly. `total_sums` continues, so that every vector width adds in one order.
template <class T>
inline Vector<T> fold_vectors(Vector<T> (&sum)[group_vectors<T>]) {
    LAMINA_UNROLL
    for (int half = group_vectors<T> / 2; half; half /= 2) {
        LAMINA_UNROLL
        for (int v = 0; v < half; ++v) sum[v] += sum[v + half];
    }
    return sum[0];
}

// sums(outer, unit) += Σ_groups x(outer) y(unit). If the batch is one chunk, sums are written instead
// of added to, and only their folded vectors, contiguously.
template <class T>
struct LaneSums {
    void (*add)(const LaneSums&, Index groups);
    void (*write)(const LaneSums&, Index groups);
    const T* x;
    Index n_outer, x_stride;  // strides between groups
    const T* y;
    Index y_stride;
    T* sums;
    // Places of the sums: the first parameter, and the distance between outers.
    Index first, outer_step;
};

template <class T, int UNITS, bool IS_WHOLE>
void sum_lanes(const LaneSums<T>& tile, Index groups) {
    constexpr int V = group_vectors<T>;
    const T* outer = tile.x;
    constexpr Index size = IS_WHOLE ? lanes<T> : group_rows;
    T* sums = tile.sums + tile.first * size;
    const Index x_stride = tile.x_stride, y_stride = tile.y_stride;
    const Index outer_sums = tile.outer_step * size;
    for (Index n = tile.n_outer; n; --n, outer += group_rows, sums += outer_sums) {
        Vector<T> sum[UNITS][V];
        const T* x = outer;
        const T* y = tile.y;
        Index left = groups;
        LAMINA_UNROLL
        for (int unit = 0; unit < UNITS; ++unit) {
            LAMINA_UNROLL
            for (int v = 0; v < V; ++v)
                sum[unit][v] =
                    IS_WHOLE ? load(x + v * lanes<T>) * load(y + unit * group_rows + v * lanes<T>)
                             : load(sums + unit * group_rows + v * lanes<T>);
        }
        if constexpr (IS_WHOLE) --left, x += x_stride, y += y_stride;
        for (; left; --left, x += x_stride, y += y_stride) {
            LAMINA_UNROLL
            for (int v = 0; v < V; ++v) {
                const Vector<T> factor = load(x + v * lanes<T>);
                LAMINA_UNROLL
                for (int unit = 0; unit < UNITS; ++unit)
                    sum[unit][v] =
                        fma(factor, load(y + unit * group_rows + v * lanes<T>), sum[unit][v]);
            }
        }
        LAMINA_UNROLL
        for (int unit = 0; unit < UNITS; ++unit)
            if constexpr (IS_WHOLE)
                store(sums + unit * size, fold_vectors<T>(sum[unit]));
            else {
                LAMINA_UNROLL
                for (int v = 0; v < V; ++v)
                    store(sums + unit * group_rows + v * lanes<T>, sum[unit][v]);
            }
    }
}

// The functions for a tile of this width.
template <class T, int UNITS = most_units<T>>
constexpr auto multiply_of(int units) {
    if constexpr (UNITS > 1)
        if (units < UNITS) return multiply_of<T, UNITS - 1>(units);
    return multiply_lanes<T, UNITS>;
}

template <class T, bool IS_WHOLE, int UNITS = most_units<T>>
constexpr auto sum_of(int units) {
    if constexpr (UNITS > 1)
        if (units < UNITS) return sum_of<T, IS_WHOLE, UNITS - 1>(units);
    return sum_lanes<T, UNITS, IS_WHOLE>;
}

// The same as `write` does for a batch of one chunk, after the last of several.
template <class T>
void fold_sums(T* sums, Index n) {
    for (Index i = 0; i < n; ++i) {
        Vector<T> sum[group_vectors<T>];
        LAMINA_UNROLL
        for (int v = 0; v < group_vectors<T>; ++v)
            sum[v] = load(sums + i * group_rows + v * lanes<T>);
        store(sums + i * lanes<T>, fold_vectors<T>(sum));
    }
}

// Adds the upper half of each 2 S lanes of a to its lower half, and the lower half of b to its upper
// half.
template <class T, int S, std::size_t... I>
inline Vector<T> fold(Vector<T> a, Vector<T> b, std::index_sequence<I...>) {
    constexpr int n = int(lanes<T>);
    return __builtin_shufflevector(a, b, (int(I) & S ? n + int(I) - S : int(I))...) +
           __builtin_shufflevector(a, b, (int(I) & S ? n + int(I) : int(I) + S)...);
}

// Lane i: the sum over vector i, for all of them at once.
template <class T, int N>
inline Vector<T> totals_of(Vector<T> (&part)[N]) {
    if constexpr (N == 1) {
        return part[0];
    } else {
        Vector<T> half[N / 2];
        LAMINA_UNROLL
        for (int i = 0; i < N / 2; ++i)
            half[i] =
                fold<T, N / 2>(part[i], part[i + N / 2], std::make_index_sequence<lanes<T>>());
        return totals_of<T, N / 2>(half);
    }
}

// gradient (n) from folded sums; n is a multiple of every vector width.
template <class T>
void total_sums(const T* sums, Index n, T* gradient) {
    for (Index i = 0; i < n; i += lanes<T>, sums += lanes<T> * lanes<T>) {
        Vector<T> part[lanes<T>];
        LAMINA_UNROLL
        for (int lane = 0; lane < int(lanes<T>); ++lane) part[lane] = load(sums + lane * lanes<T>);
        store(gradient + i, totals_of<T, int(lanes<T>)>(part));
    }
}

// `to` (columns, 16) from sixteen rows of a matrix, a few columns at a time.
template <class T, int COLUMNS>
inline void transpose_columns(const T* from, Index columns, const Index* picked, T* to) {
    LAMINA_UNROLL
    for (int lane = 0; lane < int(group_rows); ++lane) {
        const T* row = from + picked[lane] * columns;
        LAMINA_UNROLL
        for (int j = 0; j < COLUMNS; ++j) to[j * group_rows + lane] = row[j];
    }
}

template <class T>
void transpose_rows(const T* from, Index columns, const Index* picked, T* to) {
    Index j = 0;
    for (; j + 4 <= columns; j += 4)
        transpose_columns<T, 4>(from + j, columns, picked, to + j * group_rows);
    switch (columns - j) {
        case 3: return transpose_columns<T, 3>(from + j, columns, picked, to + j * group_rows);
        case 2: return transpose_columns<T, 2>(from + j, columns, picked, to + j * group_rows);
        case 1: return transpose_columns<T, 1>(from + j, columns, picked, to + j * group_rows);
        default: return;
    }
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
