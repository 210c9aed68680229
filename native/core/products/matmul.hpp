// C = init + A B in tiles of registers. Every element of C is one chain of fused multiply-adds over k
// in order, starting from init, so its bits do not depend on tiles, vector width or threads.
//
// Shapes: A (m, k) with any strides, so that a transposed A costs nothing; B (k, n) row-major with
// padded rows, or packed in panels; C (m, n) row-major. init is a row that all rows of C start from
// (a bias), C itself, or zero.
//
// A panel is a few vectors wide and k rows long. A packed panel is contiguous, row after row: reading
// a large B row by row would touch a new page at every step of k.
#pragma once

#include <cstddef>
#include <cstring>
#include <utility>

#include "simd/half_vector.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct Left {
    const T* data;
    Index row_stride, k_stride;
};

template <class T>
struct Right {
    const T* data;
    Index stride;     // distance between rows; 0 if packed
    Index rows = 0;   // rows of a panel, if packed
    Index first = 0;  // row that counts as B's first

    const T* panel(Index j, Index width) const {
        return data + (stride ? first * stride + j : first * width + j * rows);
    }
};

template <class T>
struct Result {
    T* data;
    Index stride;
    bool is_padded;  // whether whole vectors may be written beyond the last column

    Result from(Index row) const { return {data + row * stride, stride, is_padded}; }
};

enum class Start { zero, row, result };

// What is done with an element of C before it is stored: nothing, its positive part instead, or its
// product with 1 where `gate`, of C's shape, is not zero, and with 0 elsewhere. These are ReLU and the
// product with its derivative; as passes of their own they would read and write C once more.
enum class Finish { none, positive_part, gated };
template <class T>
struct Finishing {
    Finish finish = Finish::none;
    const T* gate = nullptr;
};

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
    Index part;  // columns of the last vector, if C has no room for all of it; else 0
    Finishing<T> finishing = {};
    // The values of k to use, if not all; `k` is then their number, and there is no finishing.
    const std::int32_t* list = nullptr;

    void advance(Index rows) {
        a += rows * a_row;
        c += rows * c_row;
        if (finishing.gate) finishing.gate += rows * c_row;
        if (init) init += rows * init_row;
    }
};

template <class T>
inline Vector<T> gated(Vector<T> sum, const T* gate) {
    return sum * (load(gate) == Vector<T>{} ? Vector<T>{} : broadcast(T(1)));
}

// With IS_HALF, the lanes of the last vector beyond its half become zeros.
template <class T, int ROWS, int VECTORS, bool IS_HALF = false, bool IS_LISTED = false>
__attribute__((always_inline)) inline void inline_tile(const TileArguments<T> t) {
    constexpr int whole = VECTORS - IS_HALF, last = VECTORS - 1;
    Vector<T> sum[ROWS][VECTORS];
    HalfVector<T> half_sum[ROWS];
    LAMINA_UNROLL
    for (int r = 0; r < ROWS; ++r) {
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS; ++v) {
            const T* init = t.init + r * t.init_row + v * lanes<T>;
            const bool is_part = v == last && t.part;
            sum[r][v] = !t.init ? Vector<T>{} : is_part ? load_part(init, t.part) : load(init);
        }
        if constexpr (IS_HALF) half_sum[r] = lower_half(sum[r][last]);
    }
    const T *a = t.a, *b = t.b;
    for (Index i = 0; i < t.k; ++i) {
        if (IS_LISTED) a = t.a + t.list[i] * t.a_k, b = t.b + t.list[i] * t.b_row;
        Vector<T> row[VECTORS];
        HalfVector<T> half_row{};
        LAMINA_UNROLL
        for (int v = 0; v < whole; ++v) row[v] = load(b + v * lanes<T>);
        if constexpr (IS_HALF) __builtin_memcpy(&half_row, b + last * lanes<T>, sizeof half_row);
        LAMINA_UNROLL
        for (int r = 0; r < ROWS; ++r) {
            if constexpr (whole == 0) {
                half_sum[r] = fma(broadcast_to_half(a[r * t.a_row]), half_row, half_sum[r]);
                continue;
            }
            const Vector<T> x = broadcast(a[r * t.a_row]);
            LAMINA_UNROLL
            for (int v = 0; v < whole; ++v) sum[r][v] = fma(x, row[v], sum[r][v]);
            if constexpr (IS_HALF) half_sum[r] = fma(lower_half(x), half_row, half_sum[r]);
        }
        if (!IS_LISTED) a += t.a_k, b += t.b_row;
    }
    if constexpr (IS_HALF) {
        LAMINA_UNROLL
        for (int r = 0; r < ROWS; ++r) sum[r][last] = extended(half_sum[r]);
    }
    if (!IS_LISTED && t.finishing.finish != Finish::none) {
        LAMINA_UNROLL
        for (int r = 0; r < ROWS; ++r) {
            LAMINA_UNROLL
            for (int v = 0; v < VECTORS; ++v) {
                const T* const gate = t.finishing.gate;
                sum[r][v] = gate ? gated(sum[r][v], gate + r * t.c_row + v * lanes<T>)
                                 : at_least(sum[r][v], Vector<T>{});
            }
        }
    }
    LAMINA_UNROLL
    for (int r = 0; r < ROWS; ++r) {
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS; ++v) {
            T* c = t.c + r * t.c_row + v * lanes<T>;
            v == last&& t.part ? store_part(c, sum[r][v], t.part) : store(c, sum[r][v]);
        }
    }
}

template <class T, int ROWS, int VECTORS, bool IS_HALF = false, bool IS_LISTED = false>
__attribute__((noinline)) void tile(const TileArguments<T>& t) {
    inline_tile<T, ROWS, VECTORS, IS_HALF, IS_LISTED>(t);
}

template <class T, int VECTORS, bool IS_HALF, int ROWS>
void last_rows(TileArguments<T>& t, Index rows) {
    if constexpr (ROWS > 0) {
        if (rows == ROWS)
            tile<T, ROWS, VECTORS, IS_HALF>(t);
        else
            last_rows<T, VECTORS, IS_HALF, ROWS - 1>(t, rows);
    }
}

template <class T, int VECTORS, bool IS_HALF>
void panel(TileArguments<T> t, Index m) {
    constexpr int rows = tile_rows(VECTORS);
    for (; m >= rows; m -= rows) {
        tile<T, rows, VECTORS, IS_HALF>(t);
        t.advance(rows);
    }
    last_rows<T, VECTORS, IS_HALF, rows - 1>(t, m);
}

template <class T, bool IS_HALF>
void panel_of(int vectors, const TileArguments<T>& t, Index m) {
    switch (vectors) {
        case 1: return panel<T, 1, IS_HALF>(t, m);
        case 2: return panel<T, 2, IS_HALF>(t, m);
        case 3: return panel<T, 3, IS_HALF>(t, m);
        default: return panel<T, 4, IS_HALF>(t, m);
    }
}

// The panel at column j, of n columns of C in total.
template <class T>
void panel_of(int vectors, const TileArguments<T>& t, Index m, Index n, Index j) {
    if (has_halves && n - j <= vectors * lanes<T> - lanes<T> / 2)
        panel_of<T, has_halves>(vectors, t, m);
    else
        panel_of<T, false>(vectors, t, m);
}

// Calls body(first column, vectors) for each panel of n columns; the last vector may be partial.
// Panels have nearly equal width, because a last one of a single vector would starve the multipliers.
template <class T, class Body>
void for_panels(Index n, Body body) {
    Index vectors = (n + lanes<T> - 1) / lanes<T>, j = 0;
    for (Index panels = (vectors + widest_tile - 1) / widest_tile; panels; --panels) {
        const int width = int((vectors + panels - 1) / panels);
        body(j, width);
        vectors -= width;
        j += width * lanes<T>;
    }
}

// Return the arguments that all tiles of the panel at column j share.
template <class T>
TileArguments<T> tile_arguments(Left<T> A, Right<T> B, Result<T> C, Start start, const T* row,
                                Index n, Index k, Index j, int vectors,
                                Finishing<T> finishing = {}) {
    if (finishing.gate) finishing.gate += j;
    const T* init = start == Start::zero ? nullptr : start == Start::row ? row : C.data;
    const Index width = vectors * lanes<T>;
    const bool is_whole = C.is_padded || n - j >= width;
    return {A.data,
            A.row_stride,
            A.k_stride,
            B.panel(j, width),
            B.stride ? B.stride : width,
            k,
            init ? init + j : nullptr,
            start == Start::result ? C.stride : 0,
            C.data + j,
            C.stride,
            is_whole ? 0 : n - j - width + lanes<T>,
            finishing};
}

template <class T>
void matmul(Left<T> A, Right<T> B, Result<T> C, Start start, const T* row, Index m, Index n,
            Index k, Finishing<T> finishing = {}) {
    for_panels<T>(n, [&](Index j, int vectors) {
        panel_of(vectors, tile_arguments(A, B, C, start, row, n, k, j, vectors, finishing), m, n,
                 j);
    });
}

// The same for the panels with any of some columns of C.
template <class T>
void matmul(Left<T> A, Right<T> B, Result<T> C, Start start, const T* row, Index m, Index n,
            Index k, Range columns) {
    for_panels<T>(n, [&](Index j, int vectors) {
        if (j < columns.end && j + vectors * lanes<T> > columns.begin)
            panel_of(vectors, tile_arguments(A, B, C, start, row, n, k, j, vectors), m, n, j);
    });
}

// Copies rows of m elements, `stride` apart, to be contiguous.
template <class T>
void gather_rows(const T* A, Index stride, Index rows, Index m, T* to) {
    for (Index r = 0; r < rows; ++r)
        std::memcpy(to + r * m, A + r * stride, sizeof(T) * std::size_t(m));
}

// Longer rows are copied, this many at a time, before they are read down a column: otherwise every
// step of k would touch a new page, or crowd into few sets of the first-level cache.
inline constexpr Index longest_row_bytes = 1024;
inline constexpr Index piece_rows = 512;

// C = init + Aᵀ B, A (k, m) with rows `stride` apart; scratch has room for m × piece_rows elements.
template <class T>
void transposed_matmul(const T* A, Index stride, Right<T> B, Result<T> C, bool adds, Index m,
                       Index n, Index k, T* scratch) {
    const Start start = adds ? Start::result : Start::zero;
    if (stride * Index(sizeof(T)) <= longest_row_bytes)
        return matmul<T>({A, 1, stride}, B, C, start, nullptr, m, n, k);
    for (Index done = 0; done < k; done += piece_rows) {
        const Index rows = k - done < piece_rows ? k - done : piece_rows;
        gather_rows(A + done * stride, stride, rows, m, scratch);
        B.first = done;
        matmul<T>({scratch, 1, m}, B, C, done ? Start::result : start, nullptr, m, n, rows);
    }
}

// Number of elements of a packed B.
template <class T>
Index packed_size(Index k, Index n) {
    return k * ((n + lanes<T> - 1) / lanes<T> * lanes<T>);
}

// Copies rows of VECTORS vectors, the last of them with only `part` columns unless that is 0.
template <class T, int VECTORS>
void pack_rows(const T* B, Index stride, Index rows, Index part, T* to) {
    for (Index i = 0; i < rows; ++i, B += stride, to += VECTORS * lanes<T>) {
        LAMINA_UNROLL
        for (int v = 0; v < VECTORS - 1; ++v) store(to + v * lanes<T>, load(B + v * lanes<T>));
        constexpr Index last = (VECTORS - 1) * lanes<T>;
        store(to + last, part ? load_part(B + last, part) : load(B + last));
    }
}

// Packs rows [begin, end) of B (k, n), `stride` apart, with zeros beyond the last column.
template <class T>
void pack(const T* B, Index stride, Index begin, Index end, Index k, Index n, T* packed) {
    for_panels<T>(n, [&](Index j, int vectors) {
        const Index width = vectors * lanes<T>;
        T* const to = packed + j * k + begin * width;
        const T* const from = B + begin * stride + j;
        const Index rows = end - begin, part = n - j < width ? n - j - width + lanes<T> : 0;
        switch (vectors) {
            case 1: return pack_rows<T, 1>(from, stride, rows, part, to);
            case 2: return pack_rows<T, 2>(from, stride, rows, part, to);
            case 3: return pack_rows<T, 3>(from, stride, rows, part, to);
            default: return pack_rows<T, 4>(from, stride, rows, part, to);
        }
    });
}

// Swaps the off-diagonal squares of side S in rows a and b, S below it, of a square matrix.
template <class T, int S, std::size_t... I>
inline void swap_squares(Vector<T>& a, Vector<T>& b, std::index_sequence<I...>) {
    constexpr int n = int(lanes<T>);
    const Vector<T> above =
        __builtin_shufflevector(a, b, (int(I) & S ? n + int(I) - S : int(I))...);
    b = __builtin_shufflevector(a, b, (int(I) & S ? n + int(I) : int(I) + S)...);
    a = above;
}

template <class T, int S = 1>
inline void transpose_registers(Vector<T> (&row)[lanes<T>]) {
    if constexpr (S < lanes<T>) {
        LAMINA_UNROLL
        for (int i = 0; i < lanes<T>; ++i)
            if (!(i & S))
                swap_squares<T, S>(row[i], row[i + S], std::make_index_sequence<lanes<T>>());
        transpose_registers<T, 2 * S>(row);
    }
}

// Packs rows [begin, end) of B (n, k) as columns of the panels of Bᵀ (k, n); elements beyond the last
// column stay unchanged. begin is a multiple of the vector's lanes.
template <class T>
void pack_transposed(const T* B, Index begin, Index end, Index k, Index n, T* packed) {
    constexpr Index side = lanes<T>;
    for_panels<T>(n, [&](Index j, int vectors) {
        const Index width = vectors * side, last = end < j + width ? end : j + width;
        for (Index i = begin < j ? j : begin; i < last; i += side) {
            T* const to = packed + j * k + i - j;
            const T* const from = B + i * k;
            const Index rows = last - i < side ? last - i : side;
            Index p = 0;
            for (; rows == side && p + side <= k; p += side) {
                Vector<T> square[side];
                LAMINA_UNROLL
                for (Index r = 0; r < side; ++r) square[r] = load(from + r * k + p);
                transpose_registers<T>(square);
                LAMINA_UNROLL
                for (Index r = 0; r < side; ++r) store(to + (p + r) * width, square[r]);
            }
            for (; p < k; ++p)
                for (Index r = 0; r < rows; ++r) to[p * width + r] = from[r * k + p];
        }
    });
}

// sums = (first ? 0 : sums) + Σ_rows delta, over padded rows; delta and sums point to the first of
// `columns`.
template <class T>
void column_sums(const T* delta, Index stride, Index rows, Index columns, T* sums, bool first) {
    // An addition takes three or four cycles: several sums at a time.
    constexpr Index vectors = 4, width = vectors * lanes<T>;
    Index done = 0;
    for (; done + width <= columns; done += width) {
        Vector<T> sum[vectors];
        LAMINA_UNROLL
        for (Index v = 0; v < vectors; ++v)
            sum[v] = first ? Vector<T>{} : load(sums + done + v * lanes<T>);
        for (Index row = 0; row < rows; ++row) {
            LAMINA_UNROLL
            for (Index v = 0; v < vectors; ++v)
                sum[v] += load(delta + row * stride + done + v * lanes<T>);
        }
        LAMINA_UNROLL
        for (Index v = 0; v < vectors; ++v) store(sums + done + v * lanes<T>, sum[v]);
    }
    for_slices<T>(columns - done, [&](auto slice) {
        Vector<T> sum = first ? Vector<T>{} : slice.read(sums + done);
        for (Index row = 0; row < rows; ++row) sum += load(delta + row * stride + done + slice.i);
        slice.write(sums + done, sum);
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
