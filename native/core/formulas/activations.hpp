// Activations a = f(z) of hidden units and their derivatives, with the names of
// formulas/activations.py. To add one: a struct with `value(z)` and `derivative(z, a)`, and a line in
// the table below. z is not kept if a alone determines the derivative; `reads_z` is true otherwise.
// A struct with hyperparameters is constructed from them, in the order of the record.
//
// Shapes: z, a, delta (rows, stride), whole vectors; a unit's learned parameters (n, stride).
#pragma once

#include "simd/distributions.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct Identity {
    static constexpr bool reads_z = false;
    static Vector<T> value(Vector<T> z) { return z; }
    static Vector<T> derivative(Vector<T>, Vector<T>) { return broadcast(T(1)); }
};

template <class T>
struct Logistic {
    static constexpr bool reads_z = false;
    static Vector<T> value(Vector<T> z) { return logistic<T>(z); }
    static Vector<T> derivative(Vector<T>, Vector<T> a) { return a * (T(1) - a); }
};

template <class T>
struct Tanh {
    static constexpr bool reads_z = false;
    static Vector<T> value(Vector<T> z) { return hyperbolic_tangent<T>(z); }
    static Vector<T> derivative(Vector<T>, Vector<T> a) { return T(1) - a * a; }
};

template <class T>
struct Relu {
    static constexpr bool reads_z = false;
    static Vector<T> value(Vector<T> z) { return at_least(z, Vector<T>{}); }
    static Vector<T> derivative(Vector<T>, Vector<T> a) {
        return a == Vector<T>{} ? Vector<T>{} : broadcast(T(1));
    }
};

template <class T>
struct LeakyRelu {
    static constexpr bool reads_z = false;
    T negative_slope;
    explicit LeakyRelu(const double* hyperparameters) : negative_slope(T(hyperparameters[0])) {}
    Vector<T> value(Vector<T> z) const { return z < Vector<T>{} ? z * negative_slope : z; }
    Vector<T> derivative(Vector<T>, Vector<T> a) const {
        return a < Vector<T>{} ? broadcast(negative_slope) : broadcast(T(1));
    }
};

template <class T>
struct Elu {
    static constexpr bool reads_z = false;
    T alpha;
    explicit Elu(const double* hyperparameters) : alpha(T(hyperparameters[0])) {}
    Vector<T> value(Vector<T> z) const {
        return z < Vector<T>{} ? alpha * (exponential<T>(z) - T(1)) : z;
    }
    Vector<T> derivative(Vector<T>, Vector<T> a) const {
        return a < Vector<T>{} ? a + alpha : broadcast(T(1));
    }
};

template <class T>
struct Celu {
    static constexpr bool reads_z = false;
    T alpha;
    explicit Celu(const double* hyperparameters) : alpha(T(hyperparameters[0])) {}
    Vector<T> value(Vector<T> z) const {
        return z < Vector<T>{} ? alpha * exponential_minus_one<T>(z / alpha) : z;
    }
    Vector<T> derivative(Vector<T>, Vector<T> a) const {
        return a < Vector<T>{} ? a / alpha + T(1) : broadcast(T(1));
    }
};

template <class T>
struct Selu {
    static constexpr bool reads_z = false;
    static constexpr T scale = T(1.0507009873554805), alpha = T(1.6732632423543772);
    static Vector<T> value(Vector<T> z) {
        return scale * (z < Vector<T>{} ? alpha * (exponential<T>(z) - T(1)) : z);
    }
    static Vector<T> derivative(Vector<T>, Vector<T> a) {
        return a < Vector<T>{} ? a + scale * alpha : broadcast(scale);
    }
};

template <class T>
struct Gelu {
    static constexpr bool reads_z = true;
    static Vector<T> value(Vector<T> z) { return z * normal<T>(z).distribution; }
    static Vector<T> derivative(Vector<T> z, Vector<T>) {
        const Normal<T> at = normal<T>(z);
        // Beyond 40 the density is zero, and zero times an infinite z would be NaN.
        const Vector<T> near = at_least(at_most(z, broadcast(T(40))), broadcast(T(-40)));
        return fma(near * T(0.39894228040143267794), at.density_without_constant, at.distribution);
    }
};

template <class T>
struct Silu {
    static constexpr bool reads_z = true;
    static Vector<T> value(Vector<T> z) { return z * logistic<T>(z); }
    static Vector<T> derivative(Vector<T> z, Vector<T>) {
        const Vector<T> p = logistic<T>(z);
        return p * fma(z, T(1) - p, broadcast(T(1)));
    }
};

template <class T>
struct Mish {
    static constexpr bool reads_z = true;
    static Vector<T> value(Vector<T> z) { return z * tanh_of_softplus<T>(z).value; }
    static Vector<T> derivative(Vector<T> z, Vector<T>) {
        const TanhOfSoftplus<T> t = tanh_of_softplus<T>(z);
        return fma(z * t.derivative, logistic<T>(z), t.value);
    }
};

template <class T>
struct Softplus {
    static constexpr bool reads_z = true;
    static Vector<T> value(Vector<T> z) { return softplus<T>(z); }
    static Vector<T> derivative(Vector<T> z, Vector<T>) { return logistic<T>(z); }
};

template <class T>
struct Softsign {
    static constexpr bool reads_z = false;
    static Vector<T> value(Vector<T> z) { return z / (magnitude<T>(z) + T(1)); }
    static Vector<T> derivative(Vector<T>, Vector<T> a) {
        const Vector<T> left = T(1) - magnitude<T>(a);
        return left * left;
    }
};

template <class T>
struct Relu6 {
    static constexpr bool reads_z = false;
    static Vector<T> value(Vector<T> z) {
        return at_most(at_least(z, Vector<T>{}), broadcast(T(6)));
    }
    static Vector<T> derivative(Vector<T>, Vector<T> a) {
        return (a == Vector<T>{}) | (a == broadcast(T(6))) ? Vector<T>{} : broadcast(T(1));
    }
};

template <class T>
struct Hardswish {
    static constexpr bool reads_z = true;
    static Vector<T> value(Vector<T> z) {
        return z * at_most(at_least(z + T(3), Vector<T>{}), broadcast(T(6))) / T(6);
    }
    static Vector<T> derivative(Vector<T> z, Vector<T>) {
        const Vector<T> between = (T(2) * z + T(3)) / T(6);
        const Vector<T> above = z > broadcast(T(3)) ? broadcast(T(1)) : between;
        return z < broadcast(T(-3)) ? Vector<T>{} : above;
    }
};

template <class T>
struct Sine {
    static constexpr bool reads_z = true;
    static Vector<T> value(Vector<T> z) { return sine<T>(z, 0); }
    static Vector<T> derivative(Vector<T> z, Vector<T>) { return cosine<T>(z); }
};

// f(z) = z for z ≥ 0, else s z; each unit learns its s.
template <class T>
struct Prelu {
    static Vector<T> value(Vector<T> z, Vector<T> s) { return z < Vector<T>{} ? s * z : z; }
    static Vector<T> derivative(Vector<T> z, Vector<T> s) {
        return z < Vector<T>{} ? s : broadcast(T(1));
    }
    static Vector<T> parameter_derivative(Vector<T> z) { return at_most(z, Vector<T>{}); }
};

// Some samples of a layer; z and a may be the same array if `reads_z` is false.
template <class T>
struct Units {
    Index rows, stride;
    const T* z;
    T* a;
    T* delta;             // dL/da on entry of multiply_derivative, dL/dz on exit
    const T* parameters;  // learned parameters of the units
    T* parameter_delta;   // (rows, stride): each sample's term of dL/d(parameter)
    const double* hyperparameters;
};

template <class F>
F made(const double* hyperparameters) {
    if constexpr (std::is_constructible_v<F, const double*>)
        return F(hyperparameters);
    else
        return F{};
}

// Pointers are copied first, because the compiler must assume that a store may change the originals.
template <class T, template <class> class F>
void activate(const Units<T>& units) {
    const Index n = units.rows * units.stride;
    const F<T> f = made<F<T>>(units.hyperparameters);
    const T* const z = units.z;
    T* const a = units.a;
    for (Index i = 0; i < n; i += padding<T>) {
        LAMINA_UNROLL
        for (Index j = 0; j < padding<T>; j += lanes<T>) store(a + i + j, f.value(load(z + i + j)));
    }
}

template <class T, template <class> class F>
void multiply_derivative(const Units<T>& units) {
    const Index n = units.rows * units.stride;
    const F<T> f = made<F<T>>(units.hyperparameters);
    const T *const a = units.a, *const z = F<T>::reads_z ? units.z : a;
    T* const delta = units.delta;
    for (Index i = 0; i < n; i += padding<T>) {
        LAMINA_UNROLL
        for (Index j = 0; j < padding<T>; j += lanes<T>)
            store(delta + i + j,
                  load(delta + i + j) * f.derivative(load(z + i + j), load(a + i + j)));
    }
}

// The same if a is no longer f(z), because dropout or a residual changed it.
template <class T, template <class> class F>
void multiply_derivative_at_z(const Units<T>& units) {
    const Index n = units.rows * units.stride;
    const F<T> f = made<F<T>>(units.hyperparameters);
    const T* const z = units.z;
    T* const delta = units.delta;
    for (Index i = 0; i < n; i += lanes<T>) {
        const Vector<T> at = load(z + i);
        store(delta + i, load(delta + i) * f.derivative(at, f.value(at)));
    }
}

template <class T, template <class> class F>
void activate_learned(const Units<T>& units) {
    const Units<T> u = units;
    for (Index i = 0; i < u.rows * u.stride; i += u.stride)
        for (Index j = 0; j < u.stride; j += lanes<T>)
            store(u.a + i + j, F<T>::value(load(u.z + i + j), load(u.parameters + j)));
}

template <class T, template <class> class F>
void multiply_learned_derivative(const Units<T>& units) {
    const Units<T> u = units;
    for (Index i = 0; i < u.rows * u.stride; i += u.stride)
        for (Index j = 0; j < u.stride; j += lanes<T>) {
            const Vector<T> z = load(u.z + i + j), delta = load(u.delta + i + j);
            store(u.parameter_delta + i + j, delta * F<T>::parameter_derivative(z));
            store(u.delta + i + j, delta * F<T>::derivative(z, load(u.parameters + j)));
        }
}

template <class T>
struct Activation {
    const char* name;
    void (*activate)(const Units<T>&);
    void (*multiply_derivative)(const Units<T>&);
    void (*multiply_derivative_at_z)(const Units<T>&);
    bool is_identity, is_relu, reads_z;
    int n_parameters;  // learned parameters per unit
};

template <class T, template <class> class F>
constexpr Activation<T> fixed(const char* name) {
    return {name,
            activate<T, F>,
            multiply_derivative<T, F>,
            multiply_derivative_at_z<T, F>,
            std::is_same_v<F<T>, Identity<T>>,
            std::is_same_v<F<T>, Relu<T>>,
            F<T>::reads_z,
            0};
}

template <class T, template <class> class F>
constexpr Activation<T> learned(const char* name) {
    return {name,
            activate_learned<T, F>,
            multiply_learned_derivative<T, F>,
            multiply_learned_derivative<T, F>,
            false,
            false,
            true,
            1};
}

template <class T>
inline constexpr Activation<T> activation_table[] = {
    fixed<T, Identity>("identity"),
    fixed<T, Logistic>("logistic"),
    fixed<T, Tanh>("tanh"),
    fixed<T, Relu>("relu"),
    fixed<T, LeakyRelu>("leaky_relu"),
    learned<T, Prelu>("prelu"),
    fixed<T, Elu>("elu"),
    fixed<T, Celu>("celu"),
    fixed<T, Selu>("selu"),
    fixed<T, Gelu>("gelu"),
    fixed<T, Silu>("silu"),
    fixed<T, Mish>("mish"),
    fixed<T, Softplus>("softplus"),
    fixed<T, Softsign>("softsign"),
    fixed<T, Relu6>("relu6"),
    fixed<T, Hardswish>("hardswish"),
    fixed<T, Sine>("sine"),
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
