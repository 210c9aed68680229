#include "training/shuffle.hpp"

#include <bit>
#include <type_traits>

namespace lamina {

namespace {

// Places n-1 … down to `last`, which are all drawn with one mask: the smallest 2^b - 1 that is not
// below them. A draw beyond its place is rejected, one in four on average, which no processor can
// predict; so there is no branch on it: a rejected draw swaps a place with itself and repeats the
// place.
template <class Stride, class Draw>
void shuffle_down(const Draw& draw, std::int64_t* order, Stride stride, std::int64_t place,
                  std::int64_t last, std::uint64_t mask) {
    while (place >= last) {
        const std::int64_t drawn = std::int64_t(draw() & mask);
        const bool is_taken = drawn <= place;
        const std::int64_t other = is_taken ? drawn : place;
        const std::int64_t kept = order[place * stride];
        order[place * stride] = order[other * stride];
        order[other * stride] = kept;
        place -= is_taken;
    }
}

template <class Stride>
void shuffle_by(const BitGenerator& generator, std::int64_t* order, std::int64_t n, Stride stride) {
    void* const state = generator.state;
    for (std::int64_t place = n - 1; place > 0;) {
        const std::uint64_t mask = ~std::uint64_t(0) >> std::countl_zero(std::uint64_t(place));
        const std::int64_t last = std::int64_t(mask / 2 + 1);
        if (mask >> 32)
            shuffle_down([&] { return generator.next_uint64(state); }, order, stride, place, last,
                         mask);
        else
            shuffle_down([&] { return std::uint64_t(generator.next_uint32(state)); }, order, stride,
                         place, last, mask);
        place = last - 1;
    }
}

}  // namespace

void shuffle(const BitGenerator& generator, std::int64_t* order, std::int64_t n,
             std::int64_t stride) {
    if (stride == 1)
        shuffle_by(generator, order, n, std::integral_constant<std::int64_t, 1>());
    else
        shuffle_by(generator, order, n, stride);
}

}  // namespace lamina
