// One product of bfloat16 matrices with float32 sums, as plain numbers and pointers, and the order of
// its sums on AMX and the emulation, which is guaranteed: every tile shape gives the same bits.
// avx512_bf16.hpp has another order.
//
//    for each block of 32 numbers of k:   even = odd = 0
//        for each pair of the block:      even = fma(a[0], b[0], even);  odd = fma(a[1], b[1], odd)
//        c = c + (even + odd)
//
// Round to nearest, ties to even; subnormal numbers are zero when read or written. Intel defines
// TDPBF16PS like this (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2). k is
// padded with zeros to whole blocks.
//
// Shapes: A (m, pairs) of pairs along k; B in panels of 16 columns, each (pairs, 16) of pairs along k;
// C (m, n) float32.
#pragma once

#include <cstdint>

namespace lamina {

// Two bfloat16 numbers, the upper halves of float32; the first is in the lower half.
using Pair = std::uint32_t;

inline constexpr std::int64_t block_pairs = 16;
inline constexpr std::int64_t panel_columns = 16;

// Number of pairs for k numbers, in whole blocks.
inline std::int64_t padded_pairs(std::int64_t k) {
    return (k + 2 * block_pairs - 1) / (2 * block_pairs) * block_pairs;
}

struct Bfloat16Product {
    const Pair* a;
    std::int64_t a_row;  // distance between rows, in pairs
    const Pair* b;
    std::int64_t b_panel;   // distance between panels, in pairs
    const float* init;      // initial value of C; null: zero
    std::int64_t init_row;  // 0: one row for all
    float* c;
    std::int64_t c_row;
    std::int64_t m, n, blocks;
};

using MultiplyBfloat16 = void (*)(const Bfloat16Product&);

}  // namespace lamina
