#include "instruction_sets.hpp"

#if defined(_WIN32)
#include <windows.h>
#endif

namespace lamina {

#if defined(LAMINA_X86)
namespace avx512 {
extern const InstructionSet instruction_set;
}
namespace avx2 {
extern const InstructionSet instruction_set;
}
#endif
namespace baseline {
extern const InstructionSet instruction_set;
}

namespace {

#if defined(LAMINA_X86) && defined(_WIN32)
// The compiler's own query requires a runtime library that clang-cl does not link.
bool has_avx512() { return IsProcessorFeaturePresent(41); }
bool has_avx2() { return IsProcessorFeaturePresent(40); }
#elif defined(LAMINA_X86)
bool has_avx512() {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif

struct Runnable {
    const InstructionSet* sets[4] = {};
    Runnable() {
        int n = 0;
#if defined(LAMINA_X86)
        if (has_avx512()) sets[n++] = &avx512::instruction_set;
        if (has_avx2()) sets[n++] = &avx2::instruction_set;
#endif
        sets[n++] = &baseline::instruction_set;
    }
};

}  // namespace

const Names& names() { return baseline::instruction_set.names; }

const InstructionSet* const* runnable_instruction_sets() {
    static const Runnable runnable;
    return runnable.sets;
}

}  // namespace lamina
