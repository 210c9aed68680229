// The bfloat16 product with VDPBF16PS of AVX-512-BF16: sixteen sums to a register, each of which adds
// both products of a pair at once. Each element of C is one chain over the pairs of k, in order:
//
//     c = init;   for each pair:   c = fma(a[0], b[0], fma(a[1], b[1], c))
//
// Both roundings are to nearest, ties to even, and subnormal numbers are zero when read or written
// (Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, VDPBF16PS). Tiles and
// threads change no bit, because an element is never divided.
//
// `Unit` is the instruction set: the processor's in avx512_bf16.cpp, or a model of it in the core's
// tests. It has a type `Register` of sixteen float32, and functions of it.
#pragma once

#include "products/bfloat16_product.hpp"

namespace lamina::avx512_bf16 {

// The product on this machine; null if its processor lacks the instruction.
MultiplyBfloat16 multiply();

// For benchmarks: `rounds` of the instruction on each of `spin_chains` registers, as in measures.hpp.
// Returns the mean of all numbers, rounds / 512.
inline constexpr int spin_chains = 12;
double spin(std::int64_t rounds);

inline constexpr int most_panels = 4;
inline constexpr int accumulators = 24;  // of 32 registers
inline constexpr int tile_rows(int panels) {
    return accumulators / panels < 12 ? accumulators / panels : 12;
}

struct Place {
    std::int64_t row, column;
};

// Columns of C in the panel that begins at a column.
inline int columns_of(const Bfloat16Product& p, std::int64_t column) {
    return int(p.n - column < panel_columns ? p.n - column : panel_columns);
}

// ROWS rows of C in PANELS panels.
template <class Unit, int ROWS, int PANELS>
void tile(const Bfloat16Product& p, Place at) {
    typename Unit::Register sum[ROWS][PANELS];
    for (int r = 0; r < ROWS; ++r)
        for (int v = 0; v < PANELS; ++v) {
            const std::int64_t column = at.column + v * panel_columns;
            sum[r][v] = p.init ? Unit::load(p.init + (at.row + r) * p.init_row + column,
                                            columns_of(p, column))
                               : Unit::zero();
        }
    const Pair* a = p.a + at.row * p.a_row;
    const Pair* b = p.b + at.column / panel_columns * p.b_panel;
    for (std::int64_t left = p.blocks * block_pairs; left > 0; --left, ++a, b += panel_columns) {
        typename Unit::Register line[PANELS];
#pragma GCC unroll 16
        for (int v = 0; v < PANELS; ++v) line[v] = Unit::load_pairs(b + v * p.b_panel);
#pragma GCC unroll 16
        for (int r = 0; r < ROWS; ++r) {
            const auto both = Unit::broadcast_pair(a[r * p.a_row]);
#pragma GCC unroll 16
            for (int v = 0; v < PANELS; ++v) sum[r][v] = Unit::add_pairs(sum[r][v], both, line[v]);
        }
    }
    for (int r = 0; r < ROWS; ++r)
        for (int v = 0; v < PANELS; ++v) {
            const std::int64_t column = at.column + v * panel_columns;
            Unit::store(p.c + (at.row + r) * p.c_row + column, sum[r][v], columns_of(p, column));
        }
}

template <class Unit, int ROWS, int PANELS>
void last_rows(const Bfloat16Product& p, Place at) {
    if constexpr (ROWS > 0) {
        if (p.m - at.row == ROWS)
            tile<Unit, ROWS, PANELS>(p, at);
        else
            last_rows<Unit, ROWS - 1, PANELS>(p, at);
    }
}

template <class Unit, int PANELS>
void all_rows(const Bfloat16Product& p, std::int64_t column) {
    constexpr int rows = tile_rows(PANELS);
    Place at{0, column};
    for (; at.row + rows <= p.m; at.row += rows) tile<Unit, rows, PANELS>(p, at);
    last_rows<Unit, rows - 1, PANELS>(p, at);
}

// Panels are taken in groups of nearly equal width, as in matmul.hpp.
template <class Unit>
void multiply_on(const Bfloat16Product& p) {
    std::int64_t left = (p.n + panel_columns - 1) / panel_columns, column = 0;
    for (std::int64_t groups = (left + most_panels - 1) / most_panels; groups; --groups) {
        const std::int64_t panels = (left + groups - 1) / groups;
        switch (panels) {
            case 1: all_rows<Unit, 1>(p, column); break;
            case 2: all_rows<Unit, 2>(p, column); break;
            case 3: all_rows<Unit, 3>(p, column); break;
            default: all_rows<Unit, 4>(p, column);
        }
        left -= panels;
        column += panels * panel_columns;
    }
}

}  // namespace lamina::avx512_bf16
