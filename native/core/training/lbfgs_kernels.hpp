// The passes of L-BFGS over one block of its vectors, as a table for each instruction set; their
// formulas are in lbfgs_passes.hpp. Pointers are to the first element of the block.
#pragma once

#include <cstdint>

namespace lamina {

struct LbfgsKernels {
    // sums[0] = Σ direction gradient, sums[1] = max |gradient|
    void (*measure_gradient)(const double* direction, const double* gradient, std::int64_t n,
                             double* sums);
    // to = from + step direction
    void (*move_along)(const double* from, double step, const double* direction, double* to,
                       std::int64_t n);
    // s = step direction, y = gradient - before
    void (*write_pair)(const double* direction, double step, const double* gradient,
                       const double* before, double* s, double* y, std::int64_t n);
    // sums[0] = Σ x g, sums[1] = Σ x y
    void (*multiply_with_two)(const double* x, const double* g, const double* y, std::int64_t n,
                              double* sums);
    // direction = Σ factor vector, sums[0] = Σ direction gradient, sums[1] = Σ direction²
    void (*combine)(const double* const* vectors, const double* factors, int n_vectors,
                    const double* gradient, double* direction, std::int64_t n, double* sums);
};

}  // namespace lamina
