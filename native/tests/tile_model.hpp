// AMX tiles as described in Intel's manual, in plain C++: what amx.hpp requires of a processor, on
// one without them. A use that the processor would reject counts as a fault.
#pragma once

#include <cmath>
#include <cstring>
#include <limits>

#include "../core/products/amx.hpp"

struct TileModel {
    struct Tile {
        int rows = 0, row_bytes = 0;
        unsigned char bytes[16][64] = {};
    };
    struct State {
        Tile tiles[8];
        int faults = 0;
        bool is_released = true;
    };
    State& state;

    void require(bool holds) { state.faults += !holds; }

    void configure(const lamina::amx::TileShapes& shapes) {
        require(shapes.palette == 1 && shapes.start_row == 0);
        state.is_released = false;
        for (int i = 0; i < 16; ++i) {
            const int rows = shapes.rows[i], row_bytes = shapes.row_bytes[i];
            require(rows <= (i < 8 ? 16 : 0) && row_bytes <= 64 && !rows == !row_bytes);
            if (i < 8) state.tiles[i] = Tile{rows, row_bytes, {}};
        }
    }
    void release() {
        for (Tile& tile : state.tiles) tile = Tile{};
        state.is_released = true;
    }

    template <int TILE>
    Tile& existing() {
        require(state.tiles[TILE].rows > 0 && state.tiles[TILE].row_bytes % 4 == 0);
        return state.tiles[TILE];
    }
    template <int TILE>
    void zero() {
        std::memset(existing<TILE>().bytes, 0, sizeof(Tile::bytes));
    }
    template <int TILE>
    void load(const void* from, std::int64_t row_bytes) {
        zero<TILE>();
        Tile& tile = state.tiles[TILE];
        for (int row = 0; row < tile.rows; ++row)
            std::memcpy(tile.bytes[row], static_cast<const char*>(from) + row * row_bytes,
                        std::size_t(tile.row_bytes));
    }
    template <int TILE>
    void store(void* to, std::int64_t row_bytes) {
        const Tile& tile = existing<TILE>();
        for (int row = 0; row < tile.rows; ++row)
            std::memcpy(static_cast<char*>(to) + row * row_bytes, tile.bytes[row],
                        std::size_t(tile.row_bytes));
    }

    static float without_subnormals(float x) {
        return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x;
    }
    static float read(const Tile& tile, int row, int column) {
        float x;
        std::memcpy(&x, &tile.bytes[row][4 * column], sizeof x);
        return without_subnormals(x);
    }
    // The bfloat16 number at a place counted in numbers.
    static float read_half(const Tile& tile, int row, int place) {
        unsigned char bytes[4] = {0, 0, tile.bytes[row][2 * place], tile.bytes[row][2 * place + 1]};
        float x;
        std::memcpy(&x, bytes, sizeof x);
        return without_subnormals(x);
    }

    // TDPBF16PS
    template <int C, int A, int B>
    void multiply_add() {
        Tile& c = existing<C>();
        const Tile& a = existing<A>();
        const Tile& b = existing<B>();
        require(C != A && A != B && C != B);
        require(c.rows == a.rows && c.row_bytes == b.row_bytes && a.row_bytes / 4 == b.rows);
        for (int m = 0; m < c.rows; ++m)
            for (int n = 0; n < c.row_bytes / 4; ++n) {
                float half_sum[2] = {0, 0};
                for (int k = 0; k < b.rows; ++k)
                    for (int half = 0; half < 2; ++half)
                        half_sum[half] = without_subnormals(std::fma(read_half(a, m, 2 * k + half),
                                                                     read_half(b, k, 2 * n + half),
                                                                     half_sum[half]));
                const float both = without_subnormals(half_sum[0] + half_sum[1]);
                const float sum = without_subnormals(read(c, m, n) + both);
                std::memcpy(&c.bytes[m][4 * n], &sum, sizeof sum);
            }
    }
};
