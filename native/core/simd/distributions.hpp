// On a vector, in addition to elementary.hpp: the normal distribution, sine and cosine, log(1 + exp
// x) and its tanh. Every instruction set with fma gives the same bits.
//
// Φ        y = |x| / √2,  t = 2 / (2 + y),  erfc(y) = t E(2t - 1) exp(-y²);  Φ(x) = ½ erfc(-x / √2)
// sin, cos x = k π/2 + r, |r| ≤ π/4, with π/2 in three parts, the first two so short that k times them
//          is exact for |k| < 2²⁰ (2¹³ in float32), and beyond by far_angle.hpp;
//          sin r = r + r³ S(r²),  cos r = 1 - r²/2 + r⁴ C(r²)
// E, S and C are Chebyshev fits made for this file, with errors below 10⁻¹⁶ (10⁻⁸ in float32).
#pragma once

#include "simd/elementary.hpp"
#include "simd/far_angle.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct DistributionConstants;

template <>
struct DistributionConstants<double> {
    static constexpr double e[] = {
        0.51079135262101152502,    0.3435803422069051367,     0.13973604627801475144,
        0.018221115753459039907,   -0.010755330944036531378,  -0.0032395925345820674644,
        0.0015453060141013286867,  0.00041864804327911113001, -0.00033153657669014612407,
        -1.7185831874889751496e-5, 7.2234188295048068032e-5,  -1.7073781133818914395e-5,
        -1.084298532996441017e-5,  8.0578758671473404027e-6,  -5.7764236115114267533e-7,
        -1.8150355080541665643e-6, 1.0305699215291105379e-6,  -1.3754508233185945131e-8,
        -3.2624609352966720074e-7, 1.7867229479168534543e-7,  3.6000845292079934437e-8,
        -6.9658429434091383088e-8, 6.5204346144015395798e-9,  1.3216325517632648636e-8,
        -1.9111737286078939413e-9, -1.0590333143571798631e-9};
    static constexpr double far_angle = 1.6e6;
    static constexpr double half_pi[] = {1.57079632673412561417, 6.077100506303965976595549e-11,
                                         2.022266248795950732399685e-21};
    static constexpr double s[] = {-0.16666666666666666665,    0.0083333333333333314699,
                                   -0.00019841269841265017052, 2.7557319219301937374e-6,
                                   -2.5052106219528366706e-8,  1.6058529573291738084e-10,
                                   -7.5865766484052612013e-13};
    static constexpr double c[] = {0.041666666666666666666,  -0.0013888888888888887853,
                                   2.48015873015846198e-5,   -2.7557319221382125963e-7,
                                   2.087675578389763697e-9,  -1.1470459750244853188e-11,
                                   4.7458049232498396996e-14};
};

template <>
struct DistributionConstants<float> {
    static constexpr float e[] = {0.510791356916f,      0.343580318711f,    0.139735733522f,
                                  0.0182216694284f,     -0.0107516261866f,  -0.00324345191810f,
                                  0.00152915716076f,    0.000430670488436f, -0.000299382712072f,
                                  -0.0000366018769438f, 0.0000421611971964f};
    static constexpr float far_angle = 12800.0f;
    static constexpr float half_pi[] = {1.5703125f, 0.0004837512969970703125f,
                                        7.549789954891882169e-8f};
    static constexpr float s[] = {-0.166666666638f, 0.00833333186596f, -0.000198400820151f,
                                  2.72493143604e-6f};
    static constexpr float c[] = {0.0416666666643f, -0.00138888876647f, 2.48005964376e-5f,
                                  -2.73004488745e-7f};
};

template <class T>
struct Normal {
    Vector<T> distribution, density_without_constant;  // Φ(x), and exp(-x²/2)
};

template <class T>
inline Normal<T> normal(Vector<T> x) {
    const Vector<T> y = magnitude<T>(x) * T(0.70710678118654752440);
    const Vector<T> power = exponential<T>(-(y * y)), t = T(2) / (y + T(2));
    const Vector<T> tail =
        t * polynomial<T>(DistributionConstants<T>::e, T(2) * t - T(1)) * power * T(0.5);
    return {x < Vector<T>{} ? tail : T(1) - tail, power};
}

template <class T>
inline Vector<T> normal_distribution(Vector<T> x) {
    return normal<T>(x).distribution;
}

// Replaces rest and quadrant by those of far_angle.hpp if an element is far from zero, infinite or
// NaN.
template <class T>
[[gnu::noinline, gnu::cold]] void reduce_far_angles(const Vector<T>& x, Vector<T>& rest,
                                                    UnsignedBits<T>& quadrant) {
    for (Index lane = 0; lane < lanes<T>; ++lane) {
        const T angle = x[lane];
        if (angle <= DistributionConstants<T>::far_angle &&
            angle >= -DistributionConstants<T>::far_angle)
            continue;
        const FarAngle far = reduce_far_angle(double(angle));
        rest[lane] = T(far.rest);
        quadrant[lane] = far.quadrant;
    }
}

// sin(x + quarters π/2).
template <class T>
inline Vector<T> sine(Vector<T> x, unsigned quarters) {
    using C = DistributionConstants<T>;
    const Vector<T> shifted =
        fma(x, broadcast(T(0.63661977236758134308)), broadcast(Constants<T>::round_to_integer));
    const Vector<T> k = shifted - Constants<T>::round_to_integer;
    Vector<T> r = x;
    for (T part : C::half_pi) r = fma(k, broadcast(-part), r);
    // The last bits of `shifted` are those of k.
    UnsignedBits<T> quadrant = (UnsignedBits<T>)shifted;
    if (!all_true(magnitude<T>(x) <= broadcast(C::far_angle))) [[unlikely]]
        reduce_far_angles<T>(x, r, quadrant);
    const Vector<T> square = r * r;
    const Vector<T> sine_of_r = fma(r * square, polynomial<T>(C::s, square), r);
    const Vector<T> cosine_of_r = fma(square * square, polynomial<T>(C::c, square),
                                      fma(square, broadcast(T(-0.5)), broadcast(T(1))));
    quadrant += quarters;
    const Vector<T> value = (quadrant & 1) == 0 ? sine_of_r : cosine_of_r;
    return (quadrant & 2) == 0 ? value : -value;
}

template <class T>
inline Vector<T> cosine(Vector<T> x) {
    return sine<T>(x, 1);
}

// log(1 + p) for p in [0, 1]: log(u) p / (u - 1) with u = 1 + p corrects the rounding of the sum
// (Kahan).
template <class T>
inline Vector<T> log_of_one_and(Vector<T> p) {
    const Vector<T> u = p + T(1), lost = u - T(1);
    return lost == Vector<T>{} ? p : logarithm<T>(u) * (p / lost);
}

// log(1 + exp x)
template <class T>
inline Vector<T> softplus(Vector<T> x) {
    const Vector<T> tail = log_of_one_and<T>(exponential<T>(-magnitude<T>(x)));
    return at_least(x, Vector<T>{}) + tail;
}

template <class T>
struct TanhOfSoftplus {
    Vector<T> value, derivative;
};

// tanh(log(1 + eˣ)) = n / (n + 2) with n = e²ˣ + 2 eˣ, and 1 - its square; beyond 20 it is one.
template <class T>
inline TanhOfSoftplus<T> tanh_of_softplus(Vector<T> x) {
    const Vector<T> power = exponential<T>(at_most(x, broadcast(T(20))));
    const Vector<T> n = power * (power + T(2)), inverse = T(1) / (n + T(2));
    const Vector<T> value = n * inverse;
    return {value, T(2) * inverse * (value + T(1))};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
