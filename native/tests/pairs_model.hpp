// VDPBF16PS as described in Intel's manual, in plain C++: what avx512_bf16.hpp requires of a
// processor, on one without it.
#pragma once

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "../core/products/avx512_bf16.hpp"

struct PairsModel {
    using Register = std::array<float, 16>;

    static Register zero() { return {}; }
    static Register load(const float* from, int n) {
        Register x{};
        std::memcpy(x.data(), from, sizeof(float) * std::size_t(n));
        return x;
    }
    static void store(float* to, const Register& x, int n) {
        std::memcpy(to, x.data(), sizeof(float) * std::size_t(n));
    }
    static Register load_pairs(const lamina::Pair* from) {
        Register x;
        std::memcpy(x.data(), from, sizeof x);
        return x;
    }
    static Register broadcast_pair(lamina::Pair pair) {
        Register x;
        for (float& lane : x) std::memcpy(&lane, &pair, sizeof lane);
        return x;
    }

    static float without_subnormals(float x) {
        return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x;
    }
    // The first or second number of a pair.
    static float half(const float& lane, int which) {
        lamina::Pair pair;
        std::memcpy(&pair, &lane, sizeof pair);
        pair = which ? pair & 0xffff0000u : pair << 16;
        float x;
        std::memcpy(&x, &pair, sizeof x);
        return without_subnormals(x);
    }
    static Register add_pairs(const Register& sum, const Register& a, const Register& b) {
        Register x;
        for (std::size_t lane = 0; lane < x.size(); ++lane) {
            x[lane] = without_subnormals(sum[lane]);
            for (int which : {1, 0})
                x[lane] = without_subnormals(
                    std::fma(half(a[lane], which), half(b[lane], which), x[lane]));
        }
        return x;
    }
};
