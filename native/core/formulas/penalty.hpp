// The penalty on the weights, as in formulas/penalties.py: l2 ½ ‖W‖² + l1 ‖W‖₁, its value and its
// gradient, divided by the weight sum of the batch like the loss.
#pragma once

#include "engine.hpp"
#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// -1, 0 or 1: the derivative of |w|, taken as 0 at 0.
template <class T>
inline Vector<T> sign(Vector<T> w) {
    const Vector<T> zero{};
    const Vector<T> below = w < zero ? broadcast(T(-1)) : zero;
    return w > zero ? broadcast(T(1)) : below;
}

// (sum + gradient of the penalty) / weight sum
template <class T>
class PenalisedGradient {
   public:
    PenalisedGradient(const Penalty& penalty, double weight_sum)
        : shrink_(broadcast(T(1 / weight_sum))),
          l2_(broadcast(T(penalty.l2 / weight_sum))),
          l1_(broadcast(T(penalty.l1 / weight_sum))),
          has_l1_(penalty.l1 != 0) {}

    Vector<T> operator()(Vector<T> w, Vector<T> sum) const {
        const Vector<T> g = fma(l2_, w, shrink_ * sum);
        return has_l1_ ? fma(l1_, sign<T>(w), g) : g;
    }

   private:
    Vector<T> shrink_, l2_, l1_;
    bool has_l1_;
};

// Writes the gradient itself; `gradient` may be `sum`.
template <class T>
void finish_gradient(T* gradient, const T* sum, const T* w, Index n, const Penalty& penalty,
                     double weight_sum) {
    const PenalisedGradient<T> penalised(penalty, weight_sum);
    for_slices<T>(
        n, [&](auto slice) { slice.write(gradient, penalised(slice.read(w), slice.read(sum))); });
}

template <class T>
double sum_of_magnitudes(const T* w, Index n) {
    return sum_of(w, n, [](Vector<double> x) { return x < Vector<double>{} ? -x : x; });
}

// The penalty for weights with these sums, not yet divided.
inline double penalty_value(const Penalty& penalty, double squares, double magnitudes) {
    const double value = penalty.l2 * 0.5 * squares;
    return penalty.l1 == 0 ? value : value + penalty.l1 * magnitudes;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
