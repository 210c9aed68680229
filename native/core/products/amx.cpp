// The processor's tiles, and whether the system grants them. Compiled separately with AMX enabled, in
// assembly: intrinsics require literal tile numbers, and some compilers do not declare that they read
// memory.
#include "products/amx.hpp"

#if defined(__AMX_TILE__) && defined(__AMX_BF16__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace lamina::amx {
namespace {

struct ProcessorTiles {
    void configure(const TileShapes& shapes) { asm volatile("ldtilecfg %0" ::"m"(shapes)); }
    void release() { asm volatile("tilerelease" ::: "memory"); }

    template <int TILE>
    void zero() {
        asm volatile("tilezero %%tmm%c0" ::"i"(TILE));
    }
    template <int TILE>
    void load(const void* from, std::int64_t row_bytes) {
        asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(from), "r"(row_bytes), "i"(TILE)
                     : "memory");
    }
    template <int TILE>
    void store(void* to, std::int64_t row_bytes) {
        asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(to), "r"(row_bytes), "i"(TILE)
                     : "memory");
    }
    template <int C, int A, int B>
    void multiply_add() {
        asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(C), "i"(A), "i"(B));
    }
};

void multiply_on_processor(const Bfloat16Product& p) { multiply_on(ProcessorTiles{}, p); }

// Both processor features, and the two parts of its state that the system must save.
bool has_tiles() {
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE)) return false;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    constexpr unsigned amx_bf16 = 1u << 22, amx_tile = 1u << 24;
    if (!(d & amx_bf16) || !(d & amx_tile)) return false;
    unsigned low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    constexpr unsigned tile_state = 1u << 17 | 1u << 18;
    return (low & tile_state) == tile_state;
}

// Linux grants the 8 KiB of tile state to a process on request, for all of its threads.
bool is_lent() {
    constexpr long request_permission = 0x1023, tile_data = 18;
    return syscall(SYS_arch_prctl, request_permission, tile_data) == 0;
}

}  // namespace

MultiplyBfloat16 multiply() { return has_tiles() && is_lent() ? multiply_on_processor : nullptr; }

}  // namespace lamina::amx
#else
namespace lamina::amx {
MultiplyBfloat16 multiply() { return nullptr; }
}  // namespace lamina::amx
#endif
