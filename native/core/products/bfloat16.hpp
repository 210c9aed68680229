// bfloat16: rounding float32 matrices into pairs, and the product of pairs on plain vectors, with the
// bits of AMX tiles (bfloat16_product.hpp defines them and the layout of pairs).
//
//     bfloat16(x) = the nearest number with 8 bits of mantissa, ties to even: the upper half of x
//
// The product of two such numbers has 16 bits and is exact in float32. Therefore fma and
// multiply-then-add differ only if a product leaves float32's range at either end, and otherwise the
// baseline gives the same bits.
#pragma once

#include "products/amx.hpp"
#include "products/avx512_bf16.hpp"
#include "products/bfloat16_product.hpp"
#include "products/matmul.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

using Bits = UnsignedBits<float>;
inline constexpr Bits upper_half = Bits{} + 0xffff0000u;

inline Bits rounded(Vector<float> x) {
    const Bits bits = (Bits)x;
    const Bits nearest = bits + 0x7fffu + (bits >> 16 & 1u);
    // Rounding could carry a NaN's mantissa into its sign, so a NaN becomes quiet instead.
    return x == x ? nearest : bits | 0x400000u;
}

// In each lane, the pair of a first and a second number.
inline Bits pairs_of(Vector<float> first, Vector<float> second) {
    return rounded(first) >> 16 | (rounded(second) & upper_half);
}

template <std::size_t... I>
inline Bits neighbours(Vector<float> low, Vector<float> high, std::index_sequence<I...>) {
    return pairs_of(__builtin_shufflevector(low, high, int(2 * I)...),
                    __builtin_shufflevector(low, high, int(2 * I + 1)...));
}

// The first n numbers, at most as many as a vector holds, followed by zeros; any n is allowed.
inline Vector<float> load_at_most(const float* p, Index n) {
    return n >= lanes<float> ? load(p) : n > 0 ? load_part(p, n) : Vector<float>{};
}

// Pairs of the first n numbers of a row, at most as many as a vector holds, followed by zeros.
inline Bits load_pairs(const float* row, Index n) {
    return neighbours(load_at_most(row, n), load_at_most(row + lanes<float>, n - lanes<float>),
                      std::make_index_sequence<lanes<float>>());
}

inline void store_pairs(Pair* to, Bits pairs) { __builtin_memcpy(to, &pairs, sizeof pairs); }

// The nearest bfloat16 of n numbers, in float32.
inline void round_numbers(const float* from, Index n, float* to) {
    for_slices<float>(n, [&](auto slice) {
        slice.write(to, (Vector<float>)(rounded(slice.read(from)) & upper_half));
    });
}

// A from the rows of a matrix: n numbers as pairs, in whole blocks.
inline void round_row(const float* row, Index n, Pair* to) {
    for (Index pair = 0; pair < padded_pairs(n); pair += lanes<float>)
        store_pairs(to + pair, load_pairs(row + 2 * pair, n - 2 * pair));
}

// A from the columns of a matrix X (rows, n) with the given stride: columns [range) as rows of pairs.
inline void round_columns(const float* X, Index stride, Index rows, Index n, Range range, Pair* to,
                          Index to_row) {
    constexpr Index side = lanes<float>;
    for (Index pair = 0; pair < padded_pairs(rows); pair += side)
        for (Index j = range.begin; j < range.end; j += side) {
            Vector<float> square[side];
            for (Index r = 0; r < side; ++r) {
                const Index row = 2 * (pair + r);
                const float* at = X + row * stride + j;
                const Bits pairs = pairs_of(load_at_most(at, row < rows ? n - j : 0),
                                            load_at_most(at + stride, row + 1 < rows ? n - j : 0));
                square[r] = (Vector<float>)pairs;
            }
            transpose_registers<float>(square);
            const Index last = range.end - j < side ? range.end - j : side;
            for (Index r = 0; r < last; ++r)
                store_pairs(to + (j - range.begin + r) * to_row + pair, (Bits)square[r]);
        }
}

// Number of pairs of B (k, n) in panels.
inline Index rounded_size(Index k, Index n) {
    return padded_pairs(k) * ((n + panel_columns - 1) / panel_columns * panel_columns);
}

// B from the rows of a matrix: rows [range) of B (k, n) with the given stride, into panels.
// range.begin is even; range.end is even or k.
inline void round_panels(const float* B, Index stride, Range range, Index k, Index n, Pair* panels,
                         Index panel) {
    for (Index row = range.begin; row < range.end; row += 2)
        for (Index j = 0; j < n; j += lanes<float>) {
            const float* at = B + row * stride + j;
            store_pairs(panels + j / panel_columns * panel + row / 2 * panel_columns +
                            j % panel_columns,
                        pairs_of(load_at_most(at, n - j),
                                 load_at_most(at + stride, row + 1 < k ? n - j : 0)));
        }
}

// B from the columns of a matrix: rows [range) of B (n, k) as columns of the panels of Bᵀ (k, n).
// range.begin is a multiple of the vector's lanes.
inline void round_panels_transposed(const float* B, Range range, Index k, Pair* panels,
                                    Index panel) {
    constexpr Index side = lanes<float>;
    for (Index i = range.begin; i < range.end; i += side)
        for (Index pair = 0; 2 * pair < k; pair += side) {
            Vector<float> square[side];
            for (Index r = 0; r < side; ++r)
                square[r] = (Vector<float>)load_pairs(B + (i + r) * k + 2 * pair,
                                                      i + r < range.end ? k - 2 * pair : 0);
            transpose_registers<float>(square);
            Pair* const to = panels + i / panel_columns * panel + i % panel_columns;
            for (Index r = 0; r < side; ++r)
                store_pairs(to + (pair + r) * panel_columns, (Bits)square[r]);
        }
}

// Treats subnormal numbers as zero when read or written, on this thread and for its lifetime.
class SubnormalsAsZero {
   public:
    SubnormalsAsZero(const SubnormalsAsZero&) = delete;
#if defined(__SSE2__)
    SubnormalsAsZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | 0x8040u); }
    ~SubnormalsAsZero() { _mm_setcsr(before_); }

   private:
    unsigned before_;
#elif defined(__aarch64__)
    SubnormalsAsZero() {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        asm volatile("msr fpcr, %0" ::"r"(before_ | std::uint64_t(1) << 24));
    }
    ~SubnormalsAsZero() { asm volatile("msr fpcr, %0" ::"r"(before_)); }

   private:
    std::uint64_t before_;
#else
    SubnormalsAsZero() {}
#endif
};

inline constexpr int panel_vectors = int(panel_columns / lanes<float>);
// Each element has two sums within a block.
inline constexpr int rounded_tile_rows =
    accumulators / (2 * panel_vectors) > 0 ? accumulators / (2 * panel_vectors) : 1;

// ROWS rows of C in one panel. Not inlined: no arithmetic may move outside the scope of
// SubnormalsAsZero.
template <int ROWS>
__attribute__((noinline)) void rounded_tile(const Bfloat16Product& p, Index row, Index column) {
    const Index left = p.n - column;
    const auto columns_of = [&](int v) { return left - v * lanes<float>; };
    Vector<float> total[ROWS][panel_vectors];
    for (int r = 0; r < ROWS; ++r)
        for (int v = 0; v < panel_vectors; ++v)
            total[r][v] =
                p.init ? load_at_most(p.init + (row + r) * p.init_row + column + v * lanes<float>,
                                      columns_of(v))
                       : Vector<float>{};
    const Pair* a = p.a + row * p.a_row;
    const Pair* b = p.b + column / panel_columns * p.b_panel;
    for (Index block = 0; block < p.blocks; ++block) {
        Vector<float> even[ROWS][panel_vectors] = {}, odd[ROWS][panel_vectors] = {};
        for (Index pair = 0; pair < block_pairs; ++pair, ++a, b += panel_columns) {
            // One half after the other: both at once would need more registers than AVX2 has.
            const auto add_half = [&](Vector<float>(&sum)[ROWS][panel_vectors], auto half) {
                Vector<float> line[panel_vectors];
                LAMINA_UNROLL
                for (int v = 0; v < panel_vectors; ++v) {
                    Bits bits;
                    __builtin_memcpy(&bits, b + v * lanes<float>, sizeof bits);
                    line[v] = (Vector<float>)half(bits);
                }
                LAMINA_UNROLL
                for (int r = 0; r < ROWS; ++r) {
                    const Vector<float> x = (Vector<float>)half(Bits{} + a[r * p.a_row]);
                    LAMINA_UNROLL
                    for (int v = 0; v < panel_vectors; ++v) sum[r][v] = fma(x, line[v], sum[r][v]);
                }
            };
            add_half(even, [](Bits bits) { return bits << 16; });
            add_half(odd, [](Bits bits) { return bits & upper_half; });
        }
        LAMINA_UNROLL
        for (int r = 0; r < ROWS; ++r) {
            LAMINA_UNROLL
            for (int v = 0; v < panel_vectors; ++v) total[r][v] += even[r][v] + odd[r][v];
        }
    }
    for (int r = 0; r < ROWS; ++r)
        for (int v = 0; v < panel_vectors; ++v) {
            float* c = p.c + (row + r) * p.c_row + column + v * lanes<float>;
            if (columns_of(v) >= lanes<float>)
                store(c, total[r][v]);
            else if (columns_of(v) > 0)
                store_part(c, total[r][v], columns_of(v));
        }
}

template <int ROWS>
void last_rounded_rows(const Bfloat16Product& p, Index row, Index column) {
    if constexpr (ROWS > 0) {
        if (p.m - row == ROWS)
            rounded_tile<ROWS>(p, row, column);
        else
            last_rounded_rows<ROWS - 1>(p, row, column);
    }
}

inline void multiply_emulated(const Bfloat16Product& p) {
    const SubnormalsAsZero guard;
    for (Index column = 0; column < p.n; column += panel_columns) {
        Index row = 0;
        for (; row + rounded_tile_rows <= p.m; row += rounded_tile_rows)
            rounded_tile<rounded_tile_rows>(p, row, column);
        last_rounded_rows<rounded_tile_rows - 1>(p, row, column);
    }
}

// Returns whether a unit gives the bits of the emulation, on a product with partial tiles whose sums
// cancel; every sixteenth element is near the subnormal range.
inline bool agrees(MultiplyBfloat16 unit) {
    constexpr Index m = 37, n = 45, blocks = 3, pairs = blocks * block_pairs;
    constexpr Index panel = pairs * panel_columns, panels = 3;
    Pair a[m * pairs], b[panels * panel];
    float init[m * n], ours[m * n], theirs[m * n];
    std::uint32_t state = 1;
    const auto draw = [&] { return state = state * 1664525u + 1013904223u; };
    // Any sign and mantissa; an exponent near that of 1, or of 2⁻⁶³.
    const auto number = [&](bool is_small) {
        const std::uint32_t bits = draw() >> 16, exponent = 120 + (draw() >> 28);
        return (bits & 0x807fu) | (is_small ? exponent - 63 : exponent) << 7;
    };
    const auto pair = [&](bool is_small) { return number(is_small) | number(is_small) << 16; };
    for (Index i = 0; i < m * pairs; ++i) a[i] = pair(i / pairs % 4 == 0);
    for (Index i = 0; i < panels * panel; ++i) b[i] = pair(i % 4 == 0);
    for (Index i = 0; i < m * n; ++i) {
        const bool is_small = i / n % 4 == 0 && i % n % 4 == 0;
        init[i] = float(std::int32_t(draw())) * 0x1p-31f * (is_small ? 0x1p-120f : 4.0f);
    }
    Bfloat16Product product{a, pairs, b, panel, init, n, ours, n, m, n, blocks};
    multiply_emulated(product);
    product.c = theirs;
    unit(product);
    return __builtin_memcmp(ours, theirs, sizeof ours) == 0;
}

// The product used in every fit: tiles if this machine has them and they give the bits of the
// emulation, else VDPBF16PS if it has that. Only with AVX-512, so that LAMINA_INSTRUCTION_SET
// chooses between them and the emulation.
inline MultiplyBfloat16 bfloat16_unit() {
#if defined(__AVX512F__)
    static const MultiplyBfloat16 chosen = [] {
        const MultiplyBfloat16 tiles = amx::multiply(), pairs = avx512_bf16::multiply();
        return tiles && agrees(tiles) ? tiles : pairs ? pairs : multiply_emulated;
    }();
    return chosen;
#else
    return multiply_emulated;
#endif
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
