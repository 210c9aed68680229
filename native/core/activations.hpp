// Activations a = f(z) of hidden units and their slopes, as formulas/activations.py names them.
// To add one: a struct with `value(z)` and `slope(a)`, and a line in the table below and in names.cpp.
#pragma once

#include "elementary.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct Identity {
    static Vector<T> value(Vector<T> z) { return z; }
    static Vector<T> slope(Vector<T>) { return broadcast(T(1)); }
};

template <class T>
struct Logistic {
    static Vector<T> value(Vector<T> z) { return logistic<T>(z); }
    static Vector<T> slope(Vector<T> a) { return a * (T(1) - a); }
};

template <class T>
struct Tanh {
    static Vector<T> value(Vector<T> z) { return hyperbolic_tangent<T>(z); }
    static Vector<T> slope(Vector<T> a) { return T(1) - a * a; }
};

template <class T>
struct Relu {
    static Vector<T> value(Vector<T> z) { return at_least(z, Vector<T>{}); }
    static Vector<T> slope(Vector<T> a) {
        return a == Vector<T>{} ? Vector<T>{} : broadcast(T(1));
    }
};

// z becomes a, in place.
template <class T, template <class> class F>
void activate(T* z, Index n) {
    for (Index i = 0; i < n; i += padding<T>)
        LAMINA_UNROLL
        for (Index j = 0; j < padding<T>; j += lanes<T>)
            store(z + i + j, F<T>::value(load(z + i + j)));
}

// dL/da becomes delta = dL/dz, in place.
template <class T, template <class> class F>
void multiply_slope(const T* a, T* delta, Index n) {
    for (Index i = 0; i < n; i += padding<T>)
        LAMINA_UNROLL
        for (Index j = 0; j < padding<T>; j += lanes<T>)
            store(delta + i + j, load(delta + i + j) * F<T>::slope(load(a + i + j)));
}

template <class T>
struct Activation {
    void (*activate)(T* z, Index n);                            // n: a multiple of padding
    void (*multiply_slope)(const T* a, T* delta, Index n);
    bool is_identity;
};

template <class T>
inline constexpr Activation<T> activation_table[] = {
    {activate<T, Identity>, multiply_slope<T, Identity>, true},
    {activate<T, Logistic>, multiply_slope<T, Logistic>, false},
    {activate<T, Tanh>, multiply_slope<T, Tanh>, false},
    {activate<T, Relu>, multiply_slope<T, Relu>, false},
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
