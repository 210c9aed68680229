// The processor's VDPBF16PS, and whether it has it. Compiled separately with AVX-512-BF16 enabled: no
// other file may use the instruction on a processor without it.
#include "products/avx512_bf16.hpp"

#if defined(__AVX512BF16__)
#include <cpuid.h>
#include <immintrin.h>

#include <utility>

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

template <int... chain>
double spin_each(std::int64_t rounds, std::integer_sequence<int, chain...>) {
    // Bits of bfloat16: 1 and 2⁻¹⁰, so that sums are exact.
    const __m512 a = Processor::broadcast_pair(0x3f803f80u);
    const __m512 b = Processor::broadcast_pair(0x3a803a80u);
    volatile float distance = 0.5f;
    __m512 x[] = {_mm512_set1_ps(distance * float(2 * chain + 1 - spin_chains))...};
    for (std::int64_t round = 0; round < rounds; ++round)
        ((x[chain] = Processor::add_pairs(x[chain], a, b)), ...);
    return ((double(_mm512_reduce_add_ps(x[chain])) + ...)) / (16.0 * spin_chains);
}

}  // namespace

double spin(std::int64_t rounds) {
    return spin_each(rounds, std::make_integer_sequence<int, spin_chains>());
}

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
double spin(std::int64_t) { return 0; }
}  // namespace lamina::avx512_bf16
#endif
