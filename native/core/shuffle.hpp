// The row order of an epoch, drawn as NumPy's RandomState.shuffle draws it. NumPy has frozen that
// stream, and hands out its generators for use from C: no state is copied, so none can go astray.
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

// Fisher and Yates from the last element down: element i changes places with one of 0 … i.
void shuffle(const BitGenerator& generator, std::int64_t* order, std::int64_t n);

}  // namespace lamina
