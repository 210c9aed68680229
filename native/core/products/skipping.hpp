// C = init + A B if A is mostly zeros, such as images, counts and one-hot columns: a tile uses only
// those k for which one of its rows of A is not zero. A term 0 · b adds nothing to a sum, so leaving
// it out changes no bit except the sign of a zero; an infinite or NaN b is detected at the end of the
// epoch, when the weights themselves are checked.
#pragma once

#include "products/matmul.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Few rows, which are often zero together, and still enough sums to keep the multipliers busy.
inline constexpr int skipping_rows(int vectors) { return vectors < 3 ? 8 / vectors : 6 - vectors; }

// One bit for each lane that is not zero (minus zero counts as nonzero).
template <class T>
inline unsigned lanes_set(UnsignedBits<T> bits) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return _mm512_test_epi32_mask((__m512i)bits, (__m512i)bits);
    else
        return _mm512_test_epi64_mask((__m512i)bits, (__m512i)bits);
#elif defined(__AVX2__)
    const auto is_set = bits != UnsignedBits<T>{};
    if constexpr (sizeof(T) == 4)
        return unsigned(_mm256_movemask_ps((__m256)is_set));
    else
        return unsigned(_mm256_movemask_pd((__m256d)is_set));
#else
    unsigned mask = 0;
    for (Index lane = 0; lane < lanes<T>; ++lane) mask |= unsigned(bits[lane] != 0) << lane;
    return mask;
#endif
}

using EightBytes = std::uint8_t __attribute__((vector_size(8)));
using EightWords = std::int32_t __attribute__((vector_size(32)));

// For each byte, the positions of its set bits, in order.
struct BitPlaces {
    std::uint8_t of[256][8];
};
inline constexpr BitPlaces bit_places = [] {
    BitPlaces places{};
    for (int byte = 0; byte < 256; ++byte)
        for (int bit = 0, n = 0; bit < 8; ++bit)
            if (byte >> bit & 1) places.of[byte][n++] = std::uint8_t(bit);
    return places;
}();

// Writes the positions of the set bits of `byte`, counted from `first`, followed by up to seven
// unused words; returns their number.
inline int list_bits(unsigned byte, std::int32_t first, std::int32_t* list) {
    EightBytes places;
    __builtin_memcpy(&places, bit_places.of[byte], sizeof places);
    const EightWords words = __builtin_convertvector(places, EightWords) + first;
    __builtin_memcpy(list, &words, sizeof words);
    return __builtin_popcount(byte);
}

// The bits of columns [k, k + 8) in which one of `rows` rows of A, `stride` apart, is not zero.
template <class T>
inline unsigned columns_set(const T* A, Index stride, Index rows) {
    constexpr Index step = lanes<T> < 8 ? lanes<T> : 8;
    unsigned byte = 0;
    for (Index lane = 0; lane < 8; lane += step) {
        UnsignedBits<T> bits{};
        for (Index r = 0; r < rows; ++r) {
            UnsignedBits<T> these{};
            __builtin_memcpy(&these, A + r * stride + lane, std::size_t(step) * sizeof(T));
            bits |= these;
        }
        byte |= lanes_set<T>(bits) << lane;
    }
    return byte;
}

// Lists the columns of A (rows, k) that are not all zero; `list` has room for k + 8. Returns their
// number.
template <class T>
Index list_columns_set(const T* A, Index stride, Index rows, Index k, std::int32_t* list) {
    Index n = 0, i = 0;
    for (; i + 8 <= k; i += 8)
        n += list_bits(columns_set(A + i, stride, rows), std::int32_t(i), list + n);
    for (; i < k; ++i) {
        bool is_set = false;
        for (Index r = 0; r < rows; ++r) is_set |= A[r * stride + i] != 0;
        list[n] = std::int32_t(i);
        n += is_set;
    }
    return n;
}

// Number of rows with a common list: those of the tiles of the widest panel.
template <class T>
Index rows_a_list(Index n) {
    int widest = 1;
    for_panels<T>(n, [&](Index, int vectors) { widest = widest < vectors ? vectors : widest; });
    return skipping_rows(widest);
}

// Part of B's panel multiplied at a time, so that it stays in the first-level cache for all lists.
inline constexpr Index listed_k = 256;
inline constexpr Index most_lists = 32;

// Lists of k for rows of A and C: one for every `rows` of them, `n` in total.
struct Lists {
    Index rows, n, length[most_lists];
    std::int32_t list[most_lists][listed_k + 8];

    // The lists themselves stay uninitialised.
    explicit Lists(Index rows_each) : rows(rows_each), n(0) {}
};

template <class T, int VECTORS, int ROWS>
void listed_tile(const TileArguments<T>& t, Index rows) {
    if constexpr (ROWS > 1)
        if (rows < ROWS) return listed_tile<T, VECTORS, ROWS - 1>(t, rows);
    tile<T, ROWS, VECTORS, false, true>(t);
}

template <class T, int VECTORS>
void listed_panel(TileArguments<T> t, Index m, const Lists& lists) {
    constexpr int most = skipping_rows(VECTORS);
    for (Index i = 0; i < lists.n; ++i, m -= lists.rows) {
        t.list = lists.list[i], t.k = lists.length[i];
        if (lists.rows == most && m >= most)
            inline_tile<T, most, VECTORS, false, true>(t);
        else
            listed_tile<T, VECTORS, most>(t, m < lists.rows ? m : lists.rows);
        t.advance(lists.rows);
    }
}

template <class T>
void listed_matmul(Left<T> A, Right<T> B, Result<T> C, Start start, const T* row, Index m, Index n,
                   const Lists& lists) {
    for_panels<T>(n, [&](Index j, int vectors) {
        const TileArguments<T> t = tile_arguments(A, B, C, start, row, n, 0, j, vectors);
        switch (vectors) {
            case 1: return listed_panel<T, 1>(t, m, lists);
            case 2: return listed_panel<T, 2>(t, m, lists);
            case 3: return listed_panel<T, 3>(t, m, lists);
            default: return listed_panel<T, 4>(t, m, lists);
        }
    });
}

// Calls body(first, rows) for as many of m rows as can have lists at a time, after write(first, rows,
// list), which writes one list and returns its length.
template <class Write, class Body>
void for_listed_rows(Lists& lists, Index m, Write write, Body body) {
    const Index most = lists.rows * most_lists;
    for (Index done = 0; done < m; done += most) {
        const Index rows = m - done < most ? m - done : most;
        lists.n = 0;
        for (Index first = 0; first < rows; first += lists.rows, ++lists.n) {
            const Index mine = rows - first < lists.rows ? rows - first : lists.rows;
            lists.length[lists.n] = write(done + first, mine, lists.list[lists.n]);
        }
        body(done, rows);
    }
}

// C = row + A B, for row-major A (m, k).
template <class T>
void skipping_matmul(const T* A, Index stride, Right<T> B, Result<T> C, const T* row, Index m,
                     Index n, Index k) {
    Lists lists(rows_a_list<T>(n));
    for (Index done = 0; done < k; done += listed_k) {
        const Index columns = k - done < listed_k ? k - done : listed_k;
        B.first = done;
        for_listed_rows(
            lists, m,
            [&](Index first, Index rows, std::int32_t* list) {
                return list_columns_set(A + first * stride + done, stride, rows, columns, list);
            },
            [&](Index first, Index rows) {
                listed_matmul<T>({A + first * stride + done, stride, 1}, B, C.from(first),
                                 done ? Start::result : Start::row, row, rows, n, lists);
            });
    }
}

// For each of `rows` rows of A, of m ≤ 64 elements, one bit for every element that is not zero.
template <class T>
void mark_elements_set(const T* A, Index rows, Index m, std::uint64_t* marks) {
    for (Index r = 0; r < rows; ++r, A += m) {
        marks[r] = 0;
        Index i = 0;
        for (; i + 8 <= m; i += 8) marks[r] |= std::uint64_t(columns_set(A + i, m, 1)) << i;
        for (; i < m; ++i) marks[r] |= std::uint64_t(A[i] != 0) << i;
    }
}

// Lists the marks that contain one of the bits of `mask`; `list` has room for 8 more. Returns their
// number.
inline Index list_marks(const std::uint64_t* marks, Index n, std::uint64_t mask,
                        std::int32_t* list) {
    Index n_listed = 0, i = 0;
    for (; i + 8 <= n; i += 8) {
        unsigned byte = 0;
        for (int bit = 0; bit < 8; ++bit) byte |= unsigned((marks[i + bit] & mask) != 0) << bit;
        n_listed += list_bits(byte, std::int32_t(i), list + n_listed);
    }
    for (; i < n; ++i) {
        list[n_listed] = std::int32_t(i);
        n_listed += (marks[i] & mask) != 0;
    }
    return n_listed;
}

// C = init + Aᵀ B, A (k, m) with rows `stride` apart, m ≤ 64; scratch as in transposed_matmul.
template <class T>
void skipping_transposed_matmul(const T* A, Index stride, Right<T> B, Result<T> C, bool adds,
                                Index m, Index n, Index k, T* scratch) {
    std::uint64_t marks[listed_k];
    Lists lists(rows_a_list<T>(n));
    for (Index done = 0; done < k; done += listed_k) {
        const Index piece = k - done < listed_k ? k - done : listed_k;
        gather_rows(A + done * stride, stride, piece, m, scratch);
        mark_elements_set(scratch, piece, m, marks);
        B.first = done;
        for_listed_rows(
            lists, m,
            [&](Index first, Index rows, std::int32_t* list) {
                const std::uint64_t mask = ((std::uint64_t(1) << rows) - 1) << first;
                return list_marks(marks, piece, mask, list);
            },
            [&](Index first, Index rows) {
                listed_matmul<T>({scratch + first, 1, m}, B, C.from(first),
                                 adds || done ? Start::result : Start::zero, nullptr, rows, n,
                                 lists);
            });
    }
}

// Returns whether X has enough zeros for skipping to pay, judged by evenly spaced rows. The answer
// changes only the time, no number.
template <class T>
bool is_mostly_zeros(const T* X, Index n_samples, Index n_features) {
    constexpr Index fewest_features = 32, most_rows = 64;
    if (n_features < fewest_features) return false;
    const Index step = (n_samples + most_rows - 1) / most_rows;
    Index zeros = 0, seen = 0;
    for (Index row = 0; row < n_samples; row += step, seen += n_features)
        for (Index i = 0; i < n_features; ++i) zeros += X[row * n_features + i] == 0;
    return zeros * 10 > seen * 6;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
