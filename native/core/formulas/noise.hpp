// Dropout and noise from a counter-based generator, as in formulas/noise.py: a draw depends only on
// the seed, the step, the sample, the layer and the unit.
//
// Philox4x32-10 computes four random words from a counter of four: Salmon, Moraes, Dror, Shaw 2011.
#pragma once

#include "simd/distributions.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Inputs of the draws of one step other than sample, layer and unit; inactive: nothing is drawn.
struct Draws {
    std::uint64_t seed = 0, step = 0;
    bool active = false;
    double dropout_multiplier = 1;
};

inline constexpr std::uint32_t input_dropout_stream = 0, input_noise_stream = 1u << 16;
inline constexpr int philox_rounds = 10;
inline constexpr Index philox_counters = 16;  // processed side by side

// Words of 32 bits in lanes of 64; the upper bits are never read.
using Words = UnsignedBits<double>;

inline Words product_of_words(Words a, Words b) {
#if defined(__AVX512F__)
    return (Words)_mm512_maskz_mul_epu32((__mmask8)-1, (__m512i)a, (__m512i)b);
#elif defined(__AVX2__)
    return (Words)_mm256_mul_epu32((__m256i)a, (__m256i)b);
#else
    return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu);
#endif
}

inline Words same_word(std::uint64_t word) { return Words{} + word; }

// The words of units [4 first, 4 (first + philox_counters)) of a sample, in order of the units.
inline void philox(const Draws& draws, Index row, std::uint32_t stream, Index first,
                   std::uint32_t (&words)[4 * philox_counters]) {
    constexpr Index width = lanes<double>, vectors = philox_counters / width;
    const std::uint64_t number = std::uint64_t(row);
    Words c0[vectors], c1[vectors], c2[vectors], c3[vectors];
    for (Index v = 0; v < vectors; ++v) {
        for (Index lane = 0; lane < width; ++lane)
            c0[v][lane] = std::uint64_t(first + v * width + lane);
        c1[v] = same_word(number);
        c2[v] = same_word(draws.step);
        c3[v] = same_word(stream | std::uint32_t(number >> 32) << 20);
    }
    std::uint32_t k0 = std::uint32_t(draws.seed), k1 = std::uint32_t(draws.seed >> 32);
    for (int round = 0; round < philox_rounds; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        LAMINA_UNROLL
        for (Index v = 0; v < vectors; ++v) {
            const Words a = product_of_words(same_word(0xD2511F53u), c0[v]);
            const Words b = product_of_words(same_word(0xCD9E8D57u), c2[v]);
            c0[v] = (b >> 32) ^ c1[v] ^ same_word(k0);
            c1[v] = b;
            c2[v] = (a >> 32) ^ c3[v] ^ same_word(k1);
            c3[v] = a;
        }
    }
    std::uint64_t low[philox_counters], high[philox_counters], pairs[2 * philox_counters];
    const Words mask = same_word(0xFFFFFFFFu);
    for (Index v = 0; v < vectors; ++v) {
        const Words of_two = (c0[v] & mask) | c1[v] << 32, of_others = (c2[v] & mask) | c3[v] << 32;
        __builtin_memcpy(low + v * width, &of_two, sizeof of_two);
        __builtin_memcpy(high + v * width, &of_others, sizeof of_others);
    }
    for (Index i = 0; i < philox_counters; ++i) pairs[2 * i] = low[i], pairs[2 * i + 1] = high[i];
    for (Index i = 0; i < 2 * philox_counters; ++i) {
        words[2 * i] = std::uint32_t(pairs[i]);
        words[2 * i + 1] = std::uint32_t(pairs[i] >> 32);
    }
}

// Calls body(unit, words, n) for all units of a sample, several at a time.
template <class Body>
void for_words(const Draws& draws, Index row, std::uint32_t stream, Index units, const Body& body) {
    std::uint32_t words[4 * philox_counters];
    constexpr Index at_a_time = 4 * philox_counters;
    for (Index unit = 0; unit < units; unit += at_a_time) {
        philox(draws, row, stream, unit / 4, words);
        body(unit, words, units - unit < at_a_time ? units - unit : at_a_time);
    }
}

// The dropout factors of a sample: zero with probability `rate`, else 1 / (1 - rate).
template <class T>
void draw_kept(const Draws& draws, Index row, std::uint32_t stream, double rate, Index units,
               T* kept) {
    rate *= draws.dropout_multiplier;
    const std::uint64_t least = std::uint64_t(rate * 0x1p32 + 0.5);
    const std::uint32_t threshold = std::uint32_t(least < 0xFFFFFFFFu ? least : 0xFFFFFFFFu);
    const T factor = T(1 / (1 - rate));
    for_words(draws, row, stream, units, [&](Index first, const std::uint32_t* words, Index n) {
        for (Index i = 0; i < n; ++i) kept[first + i] = words[i] >= threshold ? factor : T(0);
    });
}

// x += scale times standard normal numbers: √(-2 log u) cos(2π v), √(-2 log u) sin(2π v); Box,
// Muller.
template <class T>
void add_normals(const Draws& draws, Index row, double scale, Index units, T* x) {
    for_words(draws, row, input_noise_stream, units,
              [&](Index first, const std::uint32_t* words, Index n) {
                  constexpr Index pairs = 2 * philox_counters;
                  double radius[pairs], angle[pairs], cosine_of[pairs], sine_of[pairs];
                  for (Index i = 0; i < pairs; ++i) {
                      radius[i] = double(words[2 * i]) * 0x1p-32 + 0x1p-32;
                      angle[i] = 6.283185307179586 * (double(words[2 * i + 1]) * 0x1p-32);
                  }
                  for (Index i = 0; i < pairs; i += lanes<double>) {
                      store(radius + i, square_root(-2.0 * logarithm<double>(load(radius + i))));
                      store(cosine_of + i, cosine<double>(load(angle + i)));
                      store(sine_of + i, sine<double>(load(angle + i), 0));
                  }
                  for (Index i = 0; i < n; ++i)
                      x[first + i] +=
                          T(scale * (radius[i / 2] * (i % 2 ? sine_of[i / 2] : cosine_of[i / 2])));
              });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
