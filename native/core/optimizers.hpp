// Optimizers: how a gradient becomes a step, as formulas/optimizers.py names them; and the penalty
// that joins the gradient on its way. To add one: a struct like those below, and a line in the table
// and in names.cpp.
//
// Shapes: w (n_parameters); slots (n_slots, n_parameters); gradient (end - begin), of the range
// [begin, end) of the parameters that is updated at a time.
#pragma once

#include "simd.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct Step {
    T* w;
    T* slots;
    Index n_parameters;
    const double* hyperparameters;
    double alpha;
    double weight_sum = 1;
    double rate = 0;  // the learning rate times what the optimizer makes of the step's number
};

// What depends on a step's number alone is computed for eight steps at a time, as lanes of vectors.
inline constexpr int steps_at_a_time = 8;
using StepNumbers = double[steps_at_a_time];

// base^number of steps first, first + 1, … by repeated squaring: the same bits everywhere (libm's pow
// promises less), and the same wherever an epoch starts.
inline void integer_powers(double base, std::int64_t first, StepNumbers& powers) {
    for (double& power : powers) power = 1;
    for (int bit = 0; (first + steps_at_a_time - 1) >> bit; ++bit, base *= base)
        for (int i = 0; i < steps_at_a_time; ++i)
            powers[i] *= (first + i) & (std::int64_t(1) << bit) ? base : 1.0;
}

// v ← μ v - η g;  w ← w + v, or with Nesterov  w ← w + μ v - η g
template <class T>
struct Sgd {
    static constexpr int n_slots = 1;
    Vector<T> momentum, rate;
    bool nesterov;

    explicit Sgd(const Step<T>& step)
        : momentum(broadcast(T(step.hyperparameters[0]))),
          rate(broadcast(T(step.rate))),
          nesterov(step.hyperparameters[1] != 0) {}

    static void rate_factors(const double*, std::int64_t, StepNumbers& factors) {
        for (double& factor : factors) factor = 1;
    }

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[1]) const {
        const Vector<T> down = -(rate * g);
        slot[0] = fma(momentum, slot[0], down);
        return w + (nesterov ? fma(momentum, slot[0], down) : slot[0]);
    }
};

// m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;  w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) m / (√v + ε)
template <class T>
struct Adam {
    static constexpr int n_slots = 2;
    Vector<T> beta_1, new_1, beta_2, new_2, epsilon, rate;

    explicit Adam(const Step<T>& step)
        : beta_1(broadcast(T(step.hyperparameters[0]))),
          new_1(broadcast(T(1 - step.hyperparameters[0]))),
          beta_2(broadcast(T(step.hyperparameters[1]))),
          new_2(broadcast(T(1 - step.hyperparameters[1]))),
          epsilon(broadcast(T(step.hyperparameters[2]))),
          rate(broadcast(T(step.rate))) {}

    static void rate_factors(const double* hyperparameters, std::int64_t first,
                             StepNumbers& factors) {
        StepNumbers power_1, power_2;
        integer_powers(hyperparameters[0], first, power_1);
        integer_powers(hyperparameters[1], first, power_2);
        for (int i = 0; i < steps_at_a_time; ++i)
            factors[i] = __builtin_sqrt(1 - power_2[i]) / (1 - power_1[i]);
    }

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[2]) const {
        slot[0] = fma(beta_1, slot[0], new_1 * g);
        slot[1] = fma(beta_2, slot[1], new_2 * (g * g));
        return w - rate * slot[0] / (square_root(slot[1]) + epsilon);
    }
};

// Updates w[begin, end) and the slots beside it. The gradient comes summed over the batch, not yet
// divided; the penalty's slope α W joins that of weights, and not that of biases.
template <class T, template <class> class Rule>
void update(const Step<T>& step, const T* gradient, Index begin, Index end, bool is_penalised) {
    const Rule<T> rule(step);
    const double alpha = is_penalised ? step.alpha : 0;
    const Vector<T> shrink = broadcast(T(1 / step.weight_sum));
    const Vector<T> decay = broadcast(T(alpha / step.weight_sum));
    for_slices<T>(end - begin, [&](auto slice) {
        Vector<T> slot[Rule<T>::n_slots];
        for (int s = 0; s < Rule<T>::n_slots; ++s)
            slot[s] = slice.read(step.slots + s * step.n_parameters + begin);
        const Vector<T> w = slice.read(step.w + begin);
        const Vector<T> g = fma(decay, w, shrink * slice.read(gradient));
        slice.write(step.w + begin, rule(w, g, slot));
        for (int s = 0; s < Rule<T>::n_slots; ++s)
            slice.write(step.slots + s * step.n_parameters + begin, slot[s]);
    });
}

inline constexpr int most_slots = 2;

template <class T>
struct Optimizer {
    void (*update)(const Step<T>&, const T* gradient, Index begin, Index end, bool is_penalised);
    // Of the steps first, first + 1, …; the first of all is 1.
    void (*rate_factors)(const double* hyperparameters, std::int64_t first, StepNumbers& factors);
    int n_slots;  // not over most_slots
};

template <class T>
inline constexpr Optimizer<T> optimizer_table[] = {
    {update<T, Sgd>, Sgd<T>::rate_factors, Sgd<T>::n_slots},
    {update<T, Adam>, Adam<T>::rate_factors, Adam<T>::n_slots},
};

// What a call's learning rates are multiplied with; asked for its steps from 0 on, in order.
template <class T>
class RateFactors {
   public:
    RateFactors(const Optimizer<T>& optimizer, const double* hyperparameters,
                std::int64_t made)
        : optimizer_(optimizer), hyperparameters_(hyperparameters), made_(made) {}
    double operator[](std::int64_t step) {
        if (step % steps_at_a_time == 0)
            optimizer_.rate_factors(hyperparameters_, made_ + step + 1, factors_);
        return factors_[step % steps_at_a_time];
    }

   private:
    const Optimizer<T>& optimizer_;
    const double* hyperparameters_;
    std::int64_t made_;
    StepNumbers factors_{};
};

// ‖w‖² in float64, over sixteen fixed partial sums: the same bits for every vector width.
template <class T>
double sum_of_squares(const T* w, Index n) {
    constexpr Index width = lanes<double>;
    Vector<double> partial[16 / width] = {};
    Index i = 0;
    for (; i + 16 <= n; i += 16)
        LAMINA_UNROLL
        for (Index v = 0; v < 16 / width; ++v) {
            const Vector<double> x = load_as_double(w + i + v * width);
            partial[v] += x * x;
        }
    double total[16];
    LAMINA_UNROLL
    for (Index v = 0; v < 16 / width; ++v) store(total + v * width, partial[v]);
    for (; i < n; ++i) total[i % 16] += double(w[i]) * double(w[i]);
    return sum_of_sixteen(total);
}

// gradient = (sum + α W) / weight sum, for those who bring their own optimizer.
template <class T>
void finish_gradient(T* gradient, const T* sum, const T* w, Index n, double alpha,
                     double weight_sum) {
    const Vector<T> shrink = broadcast(T(1 / weight_sum)), decay = broadcast(T(alpha / weight_sum));
    for_slices<T>(n, [&](auto slice) {
        slice.write(gradient, fma(decay, slice.read(w), shrink * slice.read(sum)));
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
