// The passes of L-BFGS over its vectors, block by block. A sum over a block has sixteen fixed partial
// sums, and the caller adds those of the blocks in order, so that results have the same bits for every
// vector width and every number of threads.
//
// Shapes: vectors (n); s, y (most_pairs, n).
#pragma once

#include "simd/vector.hpp"
#include "training/lbfgs_kernels.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Sixteen elements, in as many registers as they need.
struct Sixteen {
    static constexpr Index width = lanes<double>, n_registers = 16 / width;
    Vector<double> part[n_registers] = {};

    static Sixteen read(const double* x) {
        Sixteen it;
        LAMINA_UNROLL
        for (Index i = 0; i < n_registers; ++i) it.part[i] = load(x + i * width);
        return it;
    }
    void write(double* x) const {
        LAMINA_UNROLL
        for (Index i = 0; i < n_registers; ++i) store(x + i * width, part[i]);
    }
    // Adds a b, fused where the instruction set has it.
    void add_product(const Sixteen& a, const Sixteen& b) {
        LAMINA_UNROLL
        for (Index i = 0; i < n_registers; ++i) part[i] = fma(a.part[i], b.part[i], part[i]);
    }
    void add_product(double a, const Sixteen& b) {
        LAMINA_UNROLL
        for (Index i = 0; i < n_registers; ++i) part[i] = fma(broadcast(a), b.part[i], part[i]);
    }
    Sixteen minus(const Sixteen& other) const {
        Sixteen it;
        LAMINA_UNROLL
        for (Index i = 0; i < n_registers; ++i) it.part[i] = part[i] - other.part[i];
        return it;
    }
    Sixteen times(double factor) const {
        Sixteen it;
        LAMINA_UNROLL
        for (Index i = 0; i < n_registers; ++i) it.part[i] = part[i] * broadcast(factor);
        return it;
    }
    double sum() const {
        double all[16];
        write(all);
        return sum_of_sixteen(all);
    }
};

struct WholeSixteen {
    Index first;
    Sixteen read(const double* x) const { return Sixteen::read(x + first); }
    void write(double* x, const Sixteen& it) const { it.write(x + first); }
};
// The last elements; zeros follow them.
struct LastSixteen {
    Index first, n;
    Sixteen read(const double* x) const {
        double room[16] = {};
        for (Index i = 0; i < n; ++i) room[i] = x[first + i];
        return Sixteen::read(room);
    }
    void write(double* x, const Sixteen& it) const {
        double room[16];
        it.write(room);
        for (Index i = 0; i < n; ++i) x[first + i] = room[i];
    }
};

// Calls body(place) for the elements of a block of n, sixteen at a time.
template <class Body>
inline void for_sixteens(Index n, const Body& body) {
    Index first = 0;
    for (; first + 16 <= n; first += 16) body(WholeSixteen{first});
    if (first < n) body(LastSixteen{first, n - first});
}

inline double largest_of(const double* x, Index n) {
    Vector<double> most{};
    for_slices<double>(n, [&](auto slice) {
        const Vector<double> v = slice.read(x), magnitude = v < 0 ? -v : v;
        // A comparison with NaN is false, so that NaN stays.
        most = magnitude <= most ? most : magnitude;
    });
    double largest = 0;
    for (Index lane = 0; lane < lanes<double>; ++lane)
        largest = most[lane] <= largest ? largest : most[lane];
    return largest;
}

// (Σ direction gradient, the largest |gradient|) of a block.
inline void measure_gradient(const double* direction, const double* gradient, Index n,
                             double* sums) {
    Sixteen product;
    for_sixteens(
        n, [&](auto place) { product.add_product(place.read(direction), place.read(gradient)); });
    sums[0] = product.sum(), sums[1] = largest_of(gradient, n);
}

inline void move_along(const double* from, double step, const double* direction, double* to,
                       Index n) {
    for_sixteens(n, [&](auto place) {
        Sixteen point = place.read(from);
        point.add_product(step, place.read(direction));
        place.write(to, point);
    });
}

// s = η d, y = the change of the gradient.
inline void write_pair(const double* direction, double step, const double* gradient,
                       const double* before, double* s, double* y, Index n) {
    for_sixteens(n, [&](auto place) {
        place.write(s, place.read(direction).times(step));
        place.write(y, place.read(gradient).minus(place.read(before)));
    });
}

// (Σ x g, Σ x y) of a block.
inline void multiply_with_two(const double* x, const double* g, const double* y, Index n,
                              double* sums) {
    Sixteen with_g, with_y;
    for_sixteens(n, [&](auto place) {
        const Sixteen it = place.read(x);
        with_g.add_product(it, place.read(g));
        with_y.add_product(it, place.read(y));
    });
    sums[0] = with_g.sum(), sums[1] = with_y.sum();
}

// direction = Σ factor vector; sums: (Σ direction gradient, Σ direction²) of a block.
inline void combine(const double* const* vectors, const double* factors, int n_vectors,
                    const double* gradient, double* direction, Index n, double* sums) {
    Sixteen along, square;
    for_sixteens(n, [&](auto place) {
        Sixteen it;
        for (int i = 0; i < n_vectors; ++i) it.add_product(factors[i], place.read(vectors[i]));
        place.write(direction, it);
        along.add_product(it, place.read(gradient));
        square.add_product(it, it);
    });
    sums[0] = along.sum(), sums[1] = square.sum();
}

inline constexpr LbfgsKernels lbfgs_kernels = {measure_gradient, move_along, write_pair,
                                               multiply_with_two, combine};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
