// The processor's VDPBF16PS, and whether it has it. Compiled separately with AVX-512-BF16 enabled: no
// other file may use the instruction on a processor without it.
#include "products/avx512_bf16.hpp"

#if defined(__AVX512BF16__)
#include <cpuid.h>
#include <immintrin.h>

namespace lamina::avx512_bf16 {
namespace {

struct Processor {
    using Register = __m512;

    static __mmask16 first(int n) { return __mmask16((1u << n) - 1); }
    static Register zero() { return _mm512_setzero_ps(); }
    static Register load(const float* from, int n) { return _mm512_maskz_loadu_ps(first(n), from); }
    static void store(float* to, Register x, int n) { _mm512_mask_storeu_ps(to, first(n), x); }
    static Register load_pairs(const Pair* from) { return _mm512_loadu_ps(from); }
    static Register broadcast_pair(Pair pair) {
        return _mm512_castsi512_ps(_mm512_set1_epi32(int(pair)));
    }
    static Register add_pairs(Register sum, Register a, Register b) {
        return _mm512_dpbf16_ps(sum, (__m512bh)a, (__m512bh)b);
    }
};

}  // namespace

// The system grants AVX-512's registers, or the AVX-512 kernels would not ask.
MultiplyBfloat16 multiply() {
    constexpr unsigned avx512_bf16 = 1u << 5;
    unsigned a, b, c, d;
    const bool has_it = __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & avx512_bf16);
    return has_it ? multiply_on<Processor> : nullptr;
}

}  // namespace lamina::avx512_bf16
#else
namespace lamina::avx512_bf16 {
MultiplyBfloat16 multiply() { return nullptr; }
}  // namespace lamina::avx512_bf16
#endif
