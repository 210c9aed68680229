// The passes of NTK parametrisation, z = a_prev W / √fan_in + b, over products that are computed as in
// standard parametrisation.
//
// Shapes: z, bias (stride); whole vectors.
#pragma once

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
T ntk_scale(Index fan_in) {
    return T(1 / __builtin_sqrt(double(fan_in)));
}

// z ← scale z + b, for the product of one row.
template <class T>
void scale_product(T* z, T scale, const T* bias, Index stride) {
    for (Index j = 0; j < stride; j += lanes<T>)
        store(z + j, fma(broadcast(scale), load(z + j), load(bias + j)));
}

// delta / √fan_in, of which W's gradient and dL/da_prev are made; dL/db is made of delta.
template <class T>
void scale_delta(const T* delta, T scale, Index n, T* scaled) {
    for (Index j = 0; j < n; j += lanes<T>) store(scaled + j, scale * load(delta + j));
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
