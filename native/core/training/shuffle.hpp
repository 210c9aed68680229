// The order of samples in an epoch, drawn like NumPy's RandomState.shuffle. NumPy has frozen that
// stream and exposes its generators to C, so no state is copied.
#pragma once

#include <cstdint>

namespace lamina {

// bitgen_t of NumPy's public numpy/random/bitgen.h.
struct BitGenerator {
    void* state;
    std::uint64_t (*next_uint64)(void* state);
    std::uint32_t (*next_uint32)(void* state);
    double (*next_double)(void* state);
    std::uint64_t (*next_raw)(void* state);
};

// Fisher and Yates, from the last element down: element i is swapped with one of 0 … i. The elements
// are `stride` apart.
void shuffle(const BitGenerator& generator, std::int64_t* order, std::int64_t n,
             std::int64_t stride = 1);

}  // namespace lamina
