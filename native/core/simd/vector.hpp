// One vector register of the instruction set that this file is compiled for, with arithmetic
// operators. GCC and clang support + - * / < ?: on vector types; the rest (fma, sqrt) is defined here
// for each set. Multiply-adds are fused only by an explicit fma, so that every set with a fused
// instruction gives the same bits (the build disables the compiler's own contraction).
#pragma once

#include <cstdint>
#include <type_traits>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LAMINA_VECTOR_BYTES 64
#elif defined(__AVX2__) && defined(__FMA__)
#include <immintrin.h>
#define LAMINA_VECTOR_BYTES 32
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#define LAMINA_VECTOR_BYTES 16
#else
#if defined(__SSE2__)
#include <emmintrin.h>
#endif
#define LAMINA_VECTOR_BYTES 16
#endif

// Loops over the registers of a tile are unrolled completely, so that the registers do not live in
// memory.
#if defined(__clang__)
#define LAMINA_UNROLL _Pragma("unroll")
#else
#define LAMINA_UNROLL _Pragma("GCC unroll 16")
#endif

namespace lamina::LAMINA_INSTRUCTION_SET {

using Index = std::int64_t;

template <class T>
struct VectorOf;
template <>
struct VectorOf<float> {
    typedef float type __attribute__((vector_size(LAMINA_VECTOR_BYTES)));
    typedef std::uint32_t unsigned_bits __attribute__((vector_size(LAMINA_VECTOR_BYTES)));
};
template <>
struct VectorOf<double> {
    typedef double type __attribute__((vector_size(LAMINA_VECTOR_BYTES)));
    typedef std::uint64_t unsigned_bits __attribute__((vector_size(LAMINA_VECTOR_BYTES)));
};

template <class T>
using Vector = typename VectorOf<T>::type;
template <class T>
using UnsignedBits = typename VectorOf<T>::unsigned_bits;

template <class T>
inline constexpr Index lanes = LAMINA_VECTOR_BYTES / sizeof(T);

// Rows of internal matrices are padded to 64 bytes for every set, so that their loads need no tails.
template <class T>
inline constexpr Index padding = 64 / sizeof(T);

template <class T>
inline Index padded(Index n) {
    return (n + padding<T> - 1) / padding<T> * padding<T>;
}

template <class T>
inline Vector<T> broadcast(T x) {
    // Minus zero: x + 0 is not the identity for -0, and costs an addition.
    return x - Vector<T>{};
}

template <class T>
inline Vector<T> load(const T* p) {
    Vector<T> v;
    __builtin_memcpy(&v, p, sizeof v);
    return v;
}

template <class T>
inline void store(T* p, Vector<T> v) {
    __builtin_memcpy(p, &v, sizeof v);
}

#if defined(__AVX2__) && !defined(__AVX512F__)
// Read from 8 - n on, the first n lanes are selected and the others not.
inline constexpr std::int32_t taken[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
#endif

// The first n lanes from memory, zero in the others; n < lanes<T>.
template <class T>
inline Vector<T> load_part(const T* p, Index n) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>)
        return (Vector<T>)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
    else
        return (Vector<T>)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p);
#elif defined(__AVX2__)
    const Index words = n * Index(sizeof(T) / 4);
    const __m256i mask = _mm256_loadu_si256((const __m256i*)(taken + 8 - words));
    if constexpr (std::is_same_v<T, float>)
        return (Vector<T>)_mm256_maskload_ps(p, mask);
    else
        return (Vector<T>)_mm256_maskload_pd(p, mask);
#else
    Vector<T> v{};
    for (Index i = 0; i < n; ++i) v[i] = p[i];
    return v;
#endif
}

template <class T>
inline void store_part(T* p, Vector<T> v, Index n) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>)
        _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
    else
        _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), (__m512d)v);
#elif defined(__AVX2__)
    // In halves, quarters and eighths, because the masked store is slow on some processors.
    const Index words = n * Index(sizeof(T) / 4);
    float* to = (float*)p;
    __m128 part = _mm256_castps256_ps128((__m256)v);
    if (words & 4) {
        _mm_storeu_ps(to, part);
        part = _mm256_extractf128_ps((__m256)v, 1);
        to += 4;
    }
    if (words & 2) {
        _mm_storel_pi((__m64*)to, part);
        part = _mm_movehl_ps(part, part);
        to += 2;
    }
    if (words & 1) _mm_store_ss(to, part);
#else
    for (Index i = 0; i < n; ++i) p[i] = v[i];
#endif
}

// As many numbers as a vector of doubles holds. GCC converts vectors by halves, which takes twice as
// long as AVX-512's instruction.
template <class T>
inline Vector<double> load_as_double(const T* p) {
#if defined(__AVX512F__)
    if constexpr (std::is_same_v<T, float>)
        return (Vector<double>)_mm512_maskz_cvtps_pd((__mmask8)-1, _mm256_loadu_ps(p));
#endif
    typedef T Narrow __attribute__((vector_size(lanes<double> * sizeof(T))));
    Narrow v;
    __builtin_memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, Vector<double>);
}

inline Vector<float> fma(Vector<float> a, Vector<float> b, Vector<float> c) {
#if defined(__AVX512F__)
    return (Vector<float>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__AVX2__)
    return (Vector<float>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__ARM_NEON)
    return (Vector<float>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
    return a * b + c;  // the baseline has no fused instruction; only here do its bits differ
#endif
}

inline Vector<double> fma(Vector<double> a, Vector<double> b, Vector<double> c) {
#if defined(__AVX512F__)
    return (Vector<double>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__AVX2__)
    return (Vector<double>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__ARM_NEON)
    return (Vector<double>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
    return a * b + c;
#endif
}

inline Vector<float> square_root(Vector<float> x) {
#if defined(__AVX512F__)
    return (Vector<float>)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
    return (Vector<float>)_mm256_sqrt_ps((__m256)x);
#elif defined(__ARM_NEON)
    return (Vector<float>)vsqrtq_f32((float32x4_t)x);
#else
    for (Index i = 0; i < lanes<float>; ++i) x[i] = __builtin_sqrtf(x[i]);
    return x;
#endif
}

inline Vector<double> square_root(Vector<double> x) {
#if defined(__AVX512F__)
    return (Vector<double>)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
    return (Vector<double>)_mm256_sqrt_pd((__m256d)x);
#elif defined(__ARM_NEON)
    return (Vector<double>)vsqrtq_f64((float64x2_t)x);
#else
    for (Index i = 0; i < lanes<double>; ++i) x[i] = __builtin_sqrt(x[i]);
    return x;
#endif
}

// The smaller and the larger of two; a NaN in x stays a NaN, and of two zeros x is returned, by the
// comparison and by the instructions with operands in this order. AVX-512's take a mask of all lanes,
// because GCC's plain form reads an uninitialised variable and warns of it.
inline Vector<float> at_most(Vector<float> x, Vector<float> bound) {
#if defined(__AVX512F__)
    return (Vector<float>)_mm512_maskz_min_ps((__mmask16)-1, (__m512)bound, (__m512)x);
#elif defined(__AVX2__)
    return (Vector<float>)_mm256_min_ps((__m256)bound, (__m256)x);
#else
    return x > bound ? bound : x;
#endif
}

inline Vector<double> at_most(Vector<double> x, Vector<double> bound) {
#if defined(__AVX512F__)
    return (Vector<double>)_mm512_maskz_min_pd((__mmask8)-1, (__m512d)bound, (__m512d)x);
#elif defined(__AVX2__)
    return (Vector<double>)_mm256_min_pd((__m256d)bound, (__m256d)x);
#else
    return x > bound ? bound : x;
#endif
}

inline Vector<float> at_least(Vector<float> x, Vector<float> bound) {
#if defined(__AVX512F__)
    return (Vector<float>)_mm512_maskz_max_ps((__mmask16)-1, (__m512)bound, (__m512)x);
#elif defined(__AVX2__)
    return (Vector<float>)_mm256_max_ps((__m256)bound, (__m256)x);
#else
    return x < bound ? bound : x;
#endif
}

inline Vector<double> at_least(Vector<double> x, Vector<double> bound) {
#if defined(__AVX512F__)
    return (Vector<double>)_mm512_maskz_max_pd((__mmask8)-1, (__m512d)bound, (__m512d)x);
#elif defined(__AVX2__)
    return (Vector<double>)_mm256_max_pd((__m256d)bound, (__m256d)x);
#else
    return x < bound ? bound : x;
#endif
}

// Returns whether all lanes of a comparison are true.
template <class Mask>
inline bool all_true(Mask mask) {
#if defined(__AVX512F__)
    return _mm512_movepi8_mask((__m512i)mask) == ~__mmask64(0);
#elif defined(__AVX2__)
    return _mm256_movemask_epi8((__m256i)mask) == -1;
#elif defined(__SSE2__)
    return _mm_movemask_epi8((__m128i)mask) == 0xffff;
#else
    std::uint64_t words[sizeof mask / 8], all = ~std::uint64_t(0);
    __builtin_memcpy(words, &mask, sizeof words);
    for (std::uint64_t word : words) all &= word;
    return all == ~std::uint64_t(0);
#endif
}

// Element i and the following ones, as many as a vector holds, or the n remaining ones at the end.
template <class T>
struct WholeSlice {
    Index i;
    Vector<T> read(const T* p) const { return load(p + i); }
    void write(T* p, Vector<T> v) const { store(p + i, v); }
};
template <class T>
struct LastSlice {
    Index i, n;
    Vector<T> read(const T* p) const { return load_part(p + i, n); }
    void write(T* p, Vector<T> v) const { store_part(p + i, v, n); }
};

// Calls body(slice) over n elements; body takes `auto`, and reads and writes through the slice.
template <class T, class Body>
inline void for_slices(Index n, Body body) {
    Index i = 0;
    for (; i + lanes<T> <= n; i += lanes<T>) body(WholeSlice<T>{i});
    if (i < n) body(LastSlice<T>{i, n - i});
}

// Adds the upper half of sixteen to the lower, repeatedly: one order for every vector width.
inline double sum_of_sixteen(const double* part) {
    constexpr Index width = lanes<double>;
    Vector<double> sum[16 / width];
    LAMINA_UNROLL
    for (Index v = 0; v < 16 / width; ++v) sum[v] = load(part + v * width);
    LAMINA_UNROLL
    for (Index half = 8 / width; half; half /= 2) {
        LAMINA_UNROLL
        for (Index v = 0; v < half; ++v) sum[v] += sum[v + half];
    }
    LAMINA_UNROLL
    for (Index half = width / 2; half; half /= 2) {
        LAMINA_UNROLL
        for (Index lane = 0; lane < half; ++lane) sum[0][lane] += sum[0][lane + half];
    }
    return sum[0][0];
}

// Σ term(x) in float64, over sixteen fixed partial sums: the same bits for every vector width.
template <class T, class Term>
double sum_of(const T* x, Index n, const Term& term) {
    constexpr Index width = lanes<double>;
    Vector<double> partial[16 / width] = {};
    Index i = 0;
    for (; i + 16 <= n; i += 16) {
        LAMINA_UNROLL
        for (Index v = 0; v < 16 / width; ++v)
            partial[v] += term(load_as_double(x + i + v * width));
    }
    double total[16];
    LAMINA_UNROLL
    for (Index v = 0; v < 16 / width; ++v) store(total + v * width, partial[v]);
    for (; i < n; ++i) total[i % 16] += term(broadcast(double(x[i])))[0];
    return sum_of_sixteen(total);
}

template <class T>
double sum_of_squares(const T* x, Index n) {
    return sum_of(x, n, [](Vector<double> each) { return each * each; });
}

// Adds x to y; n is a multiple of the vector's lanes.
template <class T>
void add(const T* x, T* y, Index n) {
    for (Index i = 0; i < n; i += lanes<T>) store(y + i, load(y + i) + load(x + i));
}

template <class T>
inline bool all_finite(const T* x, Index n) {
    // x - x is zero for a finite x and NaN otherwise; a NaN survives every later addition.
    Vector<T> sum{};
    Index i = 0;
    for (; i + lanes<T> <= n; i += lanes<T>) {
        const Vector<T> v = load(x + i);
        sum += v - v;
    }
    T total = 0;
    for (Index lane = 0; lane < lanes<T>; ++lane) total += sum[lane];
    for (; i < n; ++i) total += x[i] - x[i];
    return total == 0;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
