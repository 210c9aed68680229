// C = init + A B in tiles of registers. Every element of C is one chain of fused multiply-adds over
// k in order, starting from init: so no tile, vector width or thread shows in a bit of it.
//
// Shapes: A (m, k) with any strides, so that a transposed A costs nothing; B (k, n) row-major; C
// (m, n) row-major. init is a row that all rows of C start from (a bias), C itself, or zero.
#pragma once

#include "simd.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct Left {
    const T* data;
    Index row_stride, k_stride;
};

// B's columns behind the last whole vector are read from `tail`, k rows of one vector: B itself
// where its rows are padded, a packed copy where they are not.
template <class T>
struct Right {
    const T* data;
    Index stride;
    const T* tail;
    Index tail_stride;
};

template <class T>
struct Result {
    T* data;
    Index stride;
    bool is_padded;  // whole vectors may be written behind the last column
};

enum class Start { zero, row, result };

#if defined(__AVX512F__) || defined(__ARM_NEON)
inline constexpr int accumulators = 24;  // of 32 registers
#else
inline constexpr int accumulators = 12;  // of 16
#endif
inline constexpr int widest_tile = 4;  // vectors
inline constexpr int tile_rows(int vectors) {
    return accumulators / vectors < 12 ? accumulators / vectors : 12;
}

template <class T>
struct TileArguments {
    const T* a;
    Index a_row, a_k;
    const T* b;
    Index b_row;
    Index k;
    const T* init;  // null: zero
    Index init_row;
    T* c;
    Index c_row;
    Index part;  // columns to write where the tile is one vector that C has no room for; else 0
};

template <class T, int ROWS, int VECTORS>
__attribute__((noinline)) void tile(const TileArguments<T>& t) {
    Vector<T> sum[ROWS][VECTORS];
    LAMINA_UNROLL
    for (int r = 0; r < ROWS; ++r)
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS; ++v) {
            const T* init = t.init + r * t.init_row + v * lanes<T>;
            sum[r][v] = !t.init  ? Vector<T>{}
                        : t.part ? load_part(init, t.part)
                                 : load(init);
        }
    const T* a = t.a;
    const T* b = t.b;
    const Index a_row = t.a_row, a_k = t.a_k, b_row = t.b_row;
    for (Index k = t.k; k; --k, a += a_k, b += b_row) {
        Vector<T> row[VECTORS];
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS; ++v) row[v] = load(b + v * lanes<T>);
        LAMINA_UNROLL
        for (int r = 0; r < ROWS; ++r) {
            const Vector<T> x = broadcast(a[r * a_row]);
            LAMINA_UNROLL
            for (int v = 0; v < VECTORS; ++v) sum[r][v] = fma(x, row[v], sum[r][v]);
        }
    }
    LAMINA_UNROLL
    for (int r = 0; r < ROWS; ++r)
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS; ++v) {
            T* c = t.c + r * t.c_row + v * lanes<T>;
            t.part ? store_part(c, sum[r][v], t.part) : store(c, sum[r][v]);
        }
}

template <class T, int VECTORS, int ROWS>
void last_rows(TileArguments<T>& t, Index rows) {
    if constexpr (ROWS > 0) {
        if (rows == ROWS)
            tile<T, ROWS, VECTORS>(t);
        else
            last_rows<T, VECTORS, ROWS - 1>(t, rows);
    }
}

template <class T, int VECTORS>
void panel(TileArguments<T> t, Index m) {
    constexpr int rows = tile_rows(VECTORS);
    for (; m >= rows; m -= rows) {
        tile<T, rows, VECTORS>(t);
        t.a += rows * t.a_row;
        t.c += rows * t.c_row;
        if (t.init) t.init += rows * t.init_row;
    }
    last_rows<T, VECTORS, rows - 1>(t, m);
}

template <class T>
void panel_of(int vectors, const TileArguments<T>& t, Index m) {
    switch (vectors) {
        case 1: return panel<T, 1>(t, m);
        case 2: return panel<T, 2>(t, m);
        case 3: return panel<T, 3>(t, m);
        default: return panel<T, 4>(t, m);
    }
}

template <class T>
void matmul(Left<T> A, Right<T> B, Result<T> C, Start start, const T* row, Index m, Index n,
            Index k) {
    const T* init = start == Start::zero ? nullptr : start == Start::row ? row : C.data;
    const Index init_row = start == Start::result ? C.stride : 0;
    const auto arguments = [&](Index j, const T* b, Index b_row, Index part) {
        return TileArguments<T>{A.data,  A.row_stride,           A.k_stride,
                                b,       b_row,                  k,
                                init ? init + j : nullptr, init_row, C.data + j, C.stride, part};
    };
    Index vectors = n / lanes<T>, j = 0;
    // Panels of nearly equal width: a last one of a single vector would starve the multipliers.
    for (Index panels = (vectors + widest_tile - 1) / widest_tile; panels; --panels) {
        const int width = int((vectors + panels - 1) / panels);
        panel_of(width, arguments(j, B.data + j, B.stride, 0), m);
        vectors -= width;
        j += width * lanes<T>;
    }
    if (j < n) panel_of(1, arguments(j, B.tail, B.tail_stride, C.is_padded ? 0 : n - j), m);
}

// Rows [begin, end) of B's columns behind its last whole vector, as rows of one vector, zeros
// behind them.
template <class T>
void pack_tail(const T* B, Index begin, Index end, Index n, T* tail) {
    const Index whole = n / lanes<T> * lanes<T>;
    for (Index i = begin; i < end; ++i)
        store(tail + i * lanes<T>, load_part(B + i * n + whole, n - whole));
}

// Rows [begin, end) of B (rows, columns) become columns of transposed (columns, stride).
template <class T>
void transpose(const T* B, Index begin, Index end, Index columns, T* transposed, Index stride) {
    constexpr Index square = 16;  // a block of both sides stays in the first cache
    for (Index i0 = begin; i0 < end; i0 += square)
        for (Index j0 = 0; j0 < columns; j0 += square)
            for (Index j = j0; j < columns && j < j0 + square; ++j)
                for (Index i = i0; i < end && i < i0 + square; ++i)
                    transposed[j * stride + i] = B[i * columns + j];
}

// sums = (first ? 0 : sums) + Σ_rows delta, over padded rows; delta and sums point to the first of
// `columns`.
template <class T>
void column_sums(const T* delta, Index stride, Index rows, Index columns, T* sums, bool first) {
    for_slices<T>(columns, [&](auto slice) {
        Vector<T> sum = first ? Vector<T>{} : slice.read(sums);
        for (Index row = 0; row < rows; ++row) sum += load(delta + row * stride + slice.i);
        slice.write(sums, sum);
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
