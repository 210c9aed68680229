// exp, log, tanh and the logistic function on a vector: every set with fma gives the same bits.
//
// exp    x = n ln 2 + r, |r| ≤ ½ ln 2;  exp(x) = 2ⁿ (1 + p),  p = r + r² Q(r)          (Cody, Waite)
// log    x = 2ᵉ (1 + f), √½ ≤ 1 + f < √2;  s = f / (2 + f);  log(1 + f) = 2 artanh(s)
//        = f - (f²/2 - s (f²/2 + s² U(s²)))
// tanh   |x|: (exp(2x) - 1) / (exp(2x) + 1), with exp(2x) - 1 from p, so that nothing cancels
// Q and U are Chebyshev fits on the reduced range, made for this file, with errors below 0.2 units in
// the last place. NaN in gives NaN out.
#pragma once

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct Constants;

template <>
struct Constants<double> {
    static constexpr double log2_e = 1.4426950408889634;
    static constexpr double ln2_high = 0.6931471804855391;  // 33 bits: n · ln2_high is exact
    static constexpr double ln2_low = 7.440617110012397e-11;
    static constexpr double round_to_integer = 6755399441055744.0;  // 1.5 · 2⁵²
    static constexpr double exp_overflow = 710.0, exp_underflow = -746.0;
    static constexpr double tanh_saturates = 22.0;
    static constexpr double smallest_normal = 2.2250738585072014e-308, two_to_54 = 0x1p54;
    static constexpr int mantissa_bits = 52, exponent_bias = 1023;
    static constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcd;  // the bits of √½
    static constexpr double q[] = {0.5,
                                   0.16666666666666667453,
                                   0.041666666666624127873,
                                   0.0083333333333300618325,
                                   0.0013888888917213716901,
                                   0.00019841269863053616878,
                                   2.4801521295954375131e-5,
                                   2.7557268459997064772e-6,
                                   2.762008844540974816e-7,
                                   2.5100385495510319077e-8};
    static constexpr double u[] = {0.66666666666666696883, 0.39999999999899443233,
                                   0.28571428626003268742, 0.22222211130259877029,
                                   0.18182889455674946038, 0.15331710618210771569,
                                   0.14616585424888621974};
};

template <>
struct Constants<float> {
    static constexpr float log2_e = 1.44269504f;
    static constexpr float ln2_high = 0.693145752f;  // 15 bits
    static constexpr float ln2_low = 1.42860682e-6f;
    static constexpr float round_to_integer = 12582912.0f;  // 1.5 · 2²³
    static constexpr float exp_overflow = 89.0f, exp_underflow = -104.0f;
    static constexpr float tanh_saturates = 10.0f;
    static constexpr float smallest_normal = 1.17549435e-38f, two_to_54 = 0x1p54f;
    static constexpr int mantissa_bits = 23, exponent_bias = 127;
    static constexpr std::uint32_t root_half = 0x3f3504f3;
    static constexpr float q[] = {0.500000001347f,   0.166666666816f,   0.0416664649253f,
                                  0.00833331092548f, 0.00139336499963f, 0.000198909908247f};
    static constexpr float u[] = {0.666666665545f, 0.40000121877f, 0.285508165997f,
                                  0.233305819382f};
};

template <class T, int N>
inline Vector<T> polynomial(const T (&coefficients)[N], Vector<T> x) {
    Vector<T> sum = broadcast(coefficients[N - 1]);
    for (int i = N - 2; i >= 0; --i) sum = fma(sum, x, broadcast(coefficients[i]));
    return sum;
}

// 2ⁿ for integer n within the range of normal exponents.
template <class T>
inline Vector<T> power_of_two(Vector<T> n) {
    using C = Constants<T>;
    const UnsignedBits<T> whole = (UnsignedBits<T>)(n + C::round_to_integer) + C::exponent_bias;
    return (Vector<T>)(whole << C::mantissa_bits);
}

template <class T>
struct Reduced {
    Vector<T> n, p, p_low;  // exp(x) = 2ⁿ (1 + p + p_low); p_low is the rounding error of p
};

template <class T>
inline Reduced<T> reduce(Vector<T> x) {
    using C = Constants<T>;
    const Vector<T> n =
        fma(x, broadcast(C::log2_e), broadcast(C::round_to_integer)) - C::round_to_integer;
    const Vector<T> r_high = fma(n, broadcast(-C::ln2_high), x);
    const Vector<T> r = fma(n, broadcast(-C::ln2_low), r_high);
    const Vector<T> r_low = fma(n, broadcast(-C::ln2_low), r_high - r);
    const Vector<T> rest = fma(r * r, polynomial<T>(C::q, r), r_low);
    const Vector<T> p = r + rest;
    return {n, p, (r - p) + rest};
}

template <class T>
inline Vector<T> exponential(Vector<T> x) {
    using C = Constants<T>;
    x = at_least(at_most(x, broadcast(C::exp_overflow)), broadcast(C::exp_underflow));
    const Reduced<T> e = reduce<T>(x);
    // Two factors, because 2ⁿ alone leaves the normal range at both ends.
    const Vector<T> half = (e.n * T(0.5) + C::round_to_integer) - C::round_to_integer;
    const Vector<T> scale = power_of_two<T>(half);
    return fma(scale, e.p, scale) * power_of_two<T>(e.n - half);
}

// exp(x) - 1 for x ≤ 0, without cancellation near zero; -1 where exp(x) is below the rounding.
template <class T>
inline Vector<T> exponential_minus_one(Vector<T> x) {
    const Reduced<T> e = reduce<T>(at_least(x, broadcast(-T(2) * Constants<T>::tanh_saturates)));
    const Vector<T> scale = power_of_two<T>(e.n);
    return fma(scale, e.p, scale - T(1));
}

template <class T>
inline Vector<T> logarithm(Vector<T> x) {
    using C = Constants<T>;
    const auto subnormal = x < broadcast(C::smallest_normal);
    const Vector<T> normal = subnormal ? x * C::two_to_54 : x;
    // Adding the bits of 1.0 minus those of √½ moves the step of the exponent from 1 to √½; the
    // remainder is e. Unsigned, because the sum may exceed a signed number.
    using U = UnsignedBits<T>;
    const U bits = (U)normal, one = (U)broadcast(T(1)), root_half = U{} + C::root_half;
    const U exponent = ((bits + (one - root_half)) >> C::mantissa_bits) - C::exponent_bias;
    const U mantissa = bits - (exponent << C::mantissa_bits);
    Vector<T> e = (Vector<T>)((U)broadcast(C::round_to_integer) + exponent) - C::round_to_integer;
    e = subnormal ? e - T(54) : e;

    const Vector<T> f = (Vector<T>)mantissa - T(1);
    const Vector<T> s = f / (f + T(2));
    const Vector<T> t = s * s;
    const Vector<T> half_square = f * f * T(0.5);
    const Vector<T> tail = fma(s, fma(t, polynomial<T>(C::u, t), half_square), e * C::ln2_low);
    Vector<T> result = fma(e, broadcast(C::ln2_high), f - (half_square - tail));

    const T infinity = T(__builtin_inf());
    result = x == broadcast(infinity) ? x : result;
    result = x == broadcast(T(0)) ? broadcast(-infinity) : result;
    return x >= broadcast(T(0)) ? result : broadcast(T(__builtin_nan("")));
}

template <class T>
inline Vector<T> magnitude(Vector<T> x) {
    return x < broadcast(T(0)) ? -x : x;
}

// (numerator + numerator_low) / (denominator + denominator_low), corrected for the rounding of the
// quotient of the high parts.
template <class T>
inline Vector<T> quotient(Vector<T> numerator, Vector<T> numerator_low, Vector<T> denominator,
                          Vector<T> denominator_low) {
    const Vector<T> inverse = T(1) / denominator;
    const Vector<T> q = numerator * inverse;
    const Vector<T> left =
        fma(-q, denominator, numerator) + fma(-q, denominator_low, numerator_low);
    return fma(left, inverse, q);
}

template <class T>
inline Vector<T> hyperbolic_tangent(Vector<T> x) {
    const Vector<T> twice =
        T(2) * at_most(magnitude<T>(x), broadcast(Constants<T>::tanh_saturates));
    const Reduced<T> e = reduce<T>(twice);
    const Vector<T> scale = power_of_two<T>(e.n), rest = scale - T(1);
    const Vector<T> above_one = fma(scale, e.p, rest);  // exp(2|x|) - 1
    const Vector<T> low = fma(scale, e.p_low, fma(scale, e.p, rest - above_one));
    const Vector<T> denominator = above_one + T(2);
    const Vector<T> result =
        quotient<T>(above_one, low, denominator, (above_one - (denominator - T(2))) + low);
    return x < broadcast(T(0)) ? -result : result;
}

template <class T>
inline Vector<T> logistic(Vector<T> x) {
    const Vector<T> power = exponential<T>(-magnitude<T>(x));  // never overflows
    const Vector<T> denominator = power + T(1);
    return quotient<T>(x < broadcast(T(0)) ? power : broadcast(T(1)), Vector<T>{}, denominator,
                       power - (denominator - T(1)));
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
