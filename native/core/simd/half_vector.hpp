// The lower half of a vector register. Some processors with AVX-512 multiply it in half the time; on the
// other instruction sets half a register takes as long as all of it.
#pragma once

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

#if defined(__AVX512F__)
inline constexpr bool has_halves = true;

template <class T>
struct HalfOf {
    typedef T type __attribute__((vector_size(LAMINA_VECTOR_BYTES / 2)));
};
template <class T>
using HalfVector = typename HalfOf<T>::type;

inline HalfVector<float> lower_half(Vector<float> v) {
    return __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7);
}
inline HalfVector<double> lower_half(Vector<double> v) {
    return __builtin_shufflevector(v, v, 0, 1, 2, 3);
}

template <class T>
inline HalfVector<T> broadcast_to_half(T x) {
    return x - HalfVector<T>{};
}

// Zeros in the upper half.
inline Vector<float> extended(HalfVector<float> v) {
    const HalfVector<float> zeros{};
    return __builtin_shufflevector(v, zeros, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
inline Vector<double> extended(HalfVector<double> v) {
    return __builtin_shufflevector(v, HalfVector<double>{}, 0, 1, 2, 3, 4, 5, 6, 7);
}

inline HalfVector<float> fma(HalfVector<float> a, HalfVector<float> b, HalfVector<float> c) {
    return (HalfVector<float>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}
inline HalfVector<double> fma(HalfVector<double> a, HalfVector<double> b, HalfVector<double> c) {
    return (HalfVector<double>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}
#else
inline constexpr bool has_halves = false;

template <class T>
using HalfVector = Vector<T>;
template <class V>
inline V lower_half(V v) {
    return v;
}
template <class T>
inline HalfVector<T> broadcast_to_half(T x) {
    return broadcast(x);
}
template <class V>
inline V extended(V v) {
    return v;
}
#endif

}  // namespace lamina::LAMINA_INSTRUCTION_SET
