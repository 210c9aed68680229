// Activations with a learned blend, a = z + θ (f(z) - z), around the passes of f, as in
// formulas/blending.py.
//
//    backward   dL/dθ = Σ_samples dL/da (f - z);  f's passes receive θ dL/da;
//               dL/dz = θ f'(z) dL/da + (1 - θ) dL/da
//
// Shapes: z, f, a, delta, upstream, blend_delta (rows, stride); θ (stride); whole vectors.
#pragma once

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// a may be the array of z.
template <class T>
void blend_row(const T* z, const T* f, const T* theta, Index stride, T* a) {
    for (Index j = 0; j < stride; j += lanes<T>) {
        const Vector<T> x = load(z + j);
        store(a + j, fma(load(theta + j), load(f + j) - x, x));
    }
}

// Keeps dL/da in `upstream`, writes each sample's term of dL/dθ, and leaves θ dL/da in delta.
template <class T>
void begin_blend_backward(const T* z, const T* f, const T* theta, Index stride, T* delta,
                          T* upstream, T* blend_delta) {
    for (Index j = 0; j < stride; j += lanes<T>) {
        const Vector<T> d_a = load(delta + j);
        store(upstream + j, d_a);
        store(blend_delta + j, d_a * (load(f + j) - load(z + j)));
        store(delta + j, d_a * load(theta + j));
    }
}

// dL/dz from θ f'(z) dL/da in delta.
template <class T>
void finish_blend_backward(const T* upstream, const T* theta, Index stride, T* delta) {
    for (Index j = 0; j < stride; j += lanes<T>)
        store(delta + j, fma(T(1) - load(theta + j), load(upstream + j), load(delta + j)));
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
