// x 2/π modulo 4, with the bits of 2/π that matter: Payne, Hanek 1983, Radian reduction for
// trigonometric functions.
#include "simd/far_angle.hpp"

#include <cstdint>

namespace lamina {
namespace {

using Word = std::uint64_t;
__extension__ typedef unsigned __int128 TwoWords;

// Fractional bits of 2/π, the highest first, after a word of zeros.
// clang-format off
constexpr Word two_over_pi[] = {
    0,
    0xa2f9836e4e441529, 0xfc2757d1f534ddc0, 0xdb6295993c439041,
    0xfe5163abdebbc561, 0xb7246e3a424dd2e0, 0x06492eea09d1921c,
    0xfe1deb1cb129a73e, 0xe88235f52ebb4484, 0xe99c7026b45f7e41,
    0x3991d639835339f4, 0x9c845f8bbdf9283b, 0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f, 0x6d367ecf27cb09b7, 0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b, 0x3d0739f78a5292ea, 0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab, 0xf0cfbc209af4361d, 0xa9e391615ee61b08};
// clang-format on
constexpr int bits_of_word = 64, n_words = 4;
constexpr int mantissa_bits = 52, largest_exponent = 2047;
// A double is an integer of 53 bits times 2^(exponent - 1075).
constexpr int exponent_of_units = 1075;

struct Fixed {
    Word words[n_words];  // the highest first
};

Fixed bits_from(int first) {
    Fixed window;
    const int word = first / bits_of_word, shift = first % bits_of_word;
    for (int i = 0; i < n_words; ++i) {
        const Word high = two_over_pi[word + i] << shift;
        const Word low = shift ? two_over_pi[word + i + 1] >> (bits_of_word - shift) : 0;
        window.words[i] = high | low;
    }
    return window;
}

// The lowest 256 bits of the product.
Fixed multiply(const Fixed& window, Word factor) {
    Fixed product;
    TwoWords carry = 0;
    for (int i = n_words - 1; i >= 0; --i) {
        carry += TwoWords(window.words[i]) * factor;
        product.words[i] = Word(carry);
        carry >>= bits_of_word;
    }
    return product;
}

}  // namespace

FarAngle reduce_far_angle(double x) {
    Word bits;
    __builtin_memcpy(&bits, &x, sizeof bits);
    const int exponent = int(bits >> mantissa_bits) & largest_exponent;
    if (exponent == largest_exponent) return {x - x, 0};
    const Word one = Word(1) << mantissa_bits, whole = (bits & (one - 1)) | one;
    // Bits of 2/π that contribute only multiples of 4 to the product can be skipped.
    const int first = exponent - exponent_of_units - 2 + bits_of_word;
    Fixed product = multiply(bits_from(first), whole);
    unsigned quadrant = unsigned(product.words[0] >> (bits_of_word - 2));
    for (int i = 0; i < n_words; ++i)
        product.words[i] = product.words[i] << 2 |
                           (i + 1 < n_words ? product.words[i + 1] >> (bits_of_word - 2) : 0);
    // Beyond half a quarter turn, the angle belongs to the next quadrant, with a negative rest.
    bool is_negative = product.words[0] >> (bits_of_word - 1);
    if (is_negative) {
        ++quadrant;
        for (Word& word : product.words) word = ~word;
    }
    const double fraction = double(product.words[0]) * 0x1p-64 +
                            double(product.words[1]) * 0x1p-128 +
                            double(product.words[2]) * 0x1p-192;
    const double rest = fraction * 1.57079632679489661923;
    if (x < 0) quadrant = 0 - quadrant, is_negative = !is_negative;
    return {is_negative ? -rest : rest, quadrant & 3};
}

}  // namespace lamina
