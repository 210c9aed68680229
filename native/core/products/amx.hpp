// The bfloat16 product on AMX tiles: eight registers of 16 rows of 64 bytes. Two by two tiles of C
// stay in registers while k runs, so that each loaded tile of A or B serves two products.
//
// `Tiles` is the instruction set: the processor's in amx.cpp, or a model of it in the core's tests.
// Partial tiles are configured with a smaller shape; nothing is padded or copied.
#pragma once

#include "products/bfloat16_product.hpp"

namespace lamina::amx {

// The product on this machine's tiles; null if it has none, or the system does not grant them.
MultiplyBfloat16 multiply();

// The operand of LDTILECFG: the shape of every tile. A tile without rows does not exist.
struct alignas(64) TileShapes {
    std::uint8_t palette = 1, start_row = 0, reserved[14] = {};
    std::uint16_t row_bytes[16] = {};
    std::uint8_t rows[16] = {};

    void set(int tile, std::int64_t n_rows, std::int64_t n_columns) {
        const bool exists = n_rows > 0 && n_columns > 0;
        rows[tile] = exists ? std::uint8_t(n_rows) : 0;
        row_bytes[tile] = exists ? std::uint16_t(4 * n_columns) : 0;
    }
};
static_assert(sizeof(TileShapes) == 64);

inline constexpr std::int64_t side = 16;
// Tile numbers: C two by two, then two of A, then two of B.
inline constexpr int tile_c = 0, tile_a = 4, tile_b = 6;

// Rows and columns of C in the first and second tile at one place.
struct Extent {
    std::int64_t rows[2], columns[2];
    bool operator==(const Extent&) const = default;

    static std::int64_t part(std::int64_t left) { return left < 0 ? 0 : left < side ? left : side; }
    Extent(std::int64_t rows_left, std::int64_t columns_left)
        : rows{part(rows_left), part(rows_left - side)},
          columns{part(columns_left), part(columns_left - side)} {}

    TileShapes shapes() const {
        TileShapes all;
        for (int i = 0; i < 2; ++i) {
            for (int j = 0; j < 2; ++j) all.set(tile_c + 2 * i + j, rows[i], columns[j]);
            all.set(tile_a + i, rows[i], block_pairs);
            all.set(tile_b + i, columns[i] ? block_pairs : 0, columns[i]);
        }
        return all;
    }
};

template <class Tiles, int I, int J>
void start(Tiles& tiles, const Bfloat16Product& p, std::int64_t row, std::int64_t column) {
    constexpr int tile = tile_c + 2 * I + J;
    if (p.init)
        tiles.template load<tile>(p.init + (row + I * side) * p.init_row + column + J * side,
                                  4 * p.init_row);
    else
        tiles.template zero<tile>();
}

template <class Tiles, int I, int J>
void finish(Tiles& tiles, const Bfloat16Product& p, std::int64_t row, std::int64_t column) {
    tiles.template store<tile_c + 2 * I + J>(p.c + (row + I * side) * p.c_row + column + J * side,
                                             4 * p.c_row);
}

// ROWS by COLUMNS tiles of C, starting at the given row and column.
template <class Tiles, int ROWS, int COLUMNS>
void sum(Tiles& tiles, const Bfloat16Product& p, std::int64_t row, std::int64_t column) {
    const auto for_each_tile = [&](auto visit) {
        visit.template operator()<0, 0>();
        if constexpr (COLUMNS == 2) visit.template operator()<0, 1>();
        if constexpr (ROWS == 2) visit.template operator()<1, 0>();
        if constexpr (ROWS == 2 && COLUMNS == 2) visit.template operator()<1, 1>();
    };
    for_each_tile([&]<int I, int J>() { start<Tiles, I, J>(tiles, p, row, column); });
    const Pair* a = p.a + row * p.a_row;
    const Pair* b = p.b + column / panel_columns * p.b_panel;
    for (std::int64_t block = 0; block < p.blocks; ++block) {
        tiles.template load<tile_b>(b, 4 * panel_columns);
        if constexpr (COLUMNS == 2)
            tiles.template load<tile_b + 1>(b + p.b_panel, 4 * panel_columns);
        tiles.template load<tile_a>(a, 4 * p.a_row);
        if constexpr (ROWS == 2) tiles.template load<tile_a + 1>(a + side * p.a_row, 4 * p.a_row);
        for_each_tile([&]<int I, int J>() {
            tiles.template multiply_add<tile_c + 2 * I + J, tile_a + I, tile_b + J>();
        });
        a += block_pairs;
        b += block_pairs * panel_columns;
    }
    for_each_tile([&]<int I, int J>() { finish<Tiles, I, J>(tiles, p, row, column); });
}

template <class Tiles>
void multiply_on(Tiles tiles, const Bfloat16Product& p) {
    Extent configured(0, 0);
    for (std::int64_t column = 0; column < p.n; column += 2 * side)
        for (std::int64_t row = 0; row < p.m; row += 2 * side) {
            const Extent here(p.m - row, p.n - column);
            if (here != configured) tiles.configure(here.shapes());
            configured = here;
            const int which = (here.rows[1] ? 2 : 0) + (here.columns[1] ? 1 : 0);
            switch (which) {
                case 0: sum<Tiles, 1, 1>(tiles, p, row, column); break;
                case 1: sum<Tiles, 1, 2>(tiles, p, row, column); break;
                case 2: sum<Tiles, 2, 1>(tiles, p, row, column); break;
                default: sum<Tiles, 2, 2>(tiles, p, row, column);
            }
        }
    tiles.release();
}

}  // namespace lamina::amx
