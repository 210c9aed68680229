// Optimizers: the step made from a gradient, with the names of formulas/optimizers.py. To add one: a
// struct like those below, and a line in the table.
//
// Shapes: w (n_parameters); slots (n_slots, n_parameters); average (n_parameters); gradient (end -
// begin), of the range of parameters being updated.
#pragma once

#include "formulas/range_update.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Values that depend only on the step count are computed for eight steps at a time, as lanes of
// vectors.
inline constexpr int steps_at_a_time = 8;
using StepNumbers = double[steps_at_a_time];

struct StepFactors {
    StepNumbers rate, momentum_rate, epsilon;
};

// base^number for the steps first, first + 1, … by repeated squaring: the same bits on every platform
// (unlike libm's pow), and for any start of an epoch.
inline void integer_powers(double base, std::int64_t first, StepNumbers& powers) {
    for (double& power : powers) power = 1;
    for (int bit = 0; (first + steps_at_a_time - 1) >> bit; ++bit, base *= base)
        for (int i = 0; i < steps_at_a_time; ++i)
            powers[i] *= (first + i) & (std::int64_t(1) << bit) ? base : 1.0;
}

inline double integer_power(double base, std::int64_t exponent) {
    double power = 1;
    for (; exponent; exponent >>= 1, base *= base)
        if (exponent & 1) power *= base;
    return power;
}

struct PlainRate {
    static bool rests(const double*) { return false; }
    static void step_factors(const double*, std::int64_t, StepFactors& factors) {
        for (double& factor : factors.rate) factor = 1;
    }
};

// v ← μ v - η g;  w ← w + v, or with Nesterov  w ← w + μ v - η g
template <class T>
struct Sgd : PlainRate {
    static constexpr int n_slots = 1;
    Vector<T> momentum, rate;
    bool nesterov;

    explicit Sgd(const Step<T>& step)
        : momentum(broadcast(T(step.hyperparameters[0]))),
          rate(broadcast(T(step.rate))),
          nesterov(step.hyperparameters[1] != 0) {}
    static bool rests(const double* hyperparameters) { return hyperparameters[0] == 0; }

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[1]) const {
        const Vector<T> movement = -(rate * g);
        slot[0] = fma(momentum, slot[0], movement);
        return w + (nesterov ? fma(momentum, slot[0], movement) : slot[0]);
    }
};

// m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²
template <class T>
struct Moments {
    Vector<T> beta_1, new_1, beta_2, new_2;

    explicit Moments(const double* betas)
        : beta_1(broadcast(T(betas[0]))),
          new_1(broadcast(T(1 - betas[0]))),
          beta_2(broadcast(T(betas[1]))),
          new_2(broadcast(T(1 - betas[1]))) {}

    void remember(Vector<T>& m, Vector<T>& v, Vector<T> g) const {
        m = fma(beta_1, m, new_1 * g);
        v = fma(beta_2, v, new_2 * (g * g));
    }
};

// The largest v so far, if a third slot keeps it.
template <class T, int N>
inline Vector<T> second_moment(Vector<T> (&slot)[N]) {
    if constexpr (N > 2) return slot[2] = at_least(slot[1], slot[2]);
    return slot[1];
}

// √(1 - β₂ᵗ) / (1 - β₁ᵗ), and √(1 - β₂ᵗ)
inline void unbiasing_factors(const double* betas, std::int64_t first, StepFactors& factors) {
    StepNumbers power_1, power_2;
    integer_powers(betas[0], first, power_1);
    integer_powers(betas[1], first, power_2);
    for (int i = 0; i < steps_at_a_time; ++i) {
        factors.epsilon[i] = __builtin_sqrt(1 - power_2[i]);
        factors.rate[i] = factors.epsilon[i] / (1 - power_1[i]);
    }
}

// w ← w - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) m / (√v + ε'): for Adam, ε' is ε; for AdamW, ε √(1 - β₂ᵗ). BETAS
// is the position of β₁ among the hyperparameters.
template <class T, bool IS_ADAMW, int SLOTS, int BETAS = 0>
struct AdamRule {
    static constexpr int n_slots = SLOTS;
    Moments<T> moments;
    Vector<T> epsilon, rate;

    explicit AdamRule(const Step<T>& step)
        : moments(step.hyperparameters + BETAS),
          epsilon(broadcast(
              T(step.hyperparameters[BETAS + 2] * (IS_ADAMW ? step.epsilon_factor : 1.0)))),
          rate(broadcast(T(step.rate))) {}

    static bool rests(const double*) { return false; }
    static void step_factors(const double* hyperparameters, std::int64_t first,
                             StepFactors& factors) {
        unbiasing_factors(hyperparameters + BETAS, first, factors);
    }

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[SLOTS]) const {
        moments.remember(slot[0], slot[1], g);
        return w - rate * slot[0] / (square_root(second_moment<T>(slot)) + epsilon);
    }
};

template <class T>
using Adam = AdamRule<T, false, 2>;
template <class T>
using AmsgradAdam = AdamRule<T, false, 3>;
template <class T>
using AdamW = AdamRule<T, true, 2>;
template <class T>
using AmsgradAdamW = AdamRule<T, true, 3>;
template <class T>
using AdamWBehindMomentum = AdamRule<T, true, 2, 2>;

// μₜ = β₁ (1 - ½ · 0.96^(0.004 t)); if β₁ᵗ is too small to change 1 - Πμ, it counts as zero.
inline double nadam_momentum(double beta_1, std::int64_t step) {
    return beta_1 * (1 - 0.5 * integer_power(0.9998367253526753, step));
}

inline double nadam_momenta_before(double beta_1, std::int64_t step) {
    double product = integer_power(beta_1, step - 1) < 1e-17 ? 0 : 1;
    for (std::int64_t t = 1; product != 0 && t < step; ++t) product *= nadam_momentum(beta_1, t);
    return product;
}

// w ← w - η √(1 - β₂ᵗ) ((1 - μₜ) / (1 - Πμ) g + μₜ₊₁ / (1 - μₜ₊₁ Πμ) m) / (√v + ε √(1 - β₂ᵗ))
template <class T>
struct Nadam {
    static constexpr int n_slots = 2;
    Moments<T> moments;
    Vector<T> epsilon, rate, momentum_rate;

    explicit Nadam(const Step<T>& step)
        : moments(step.hyperparameters),
          epsilon(broadcast(T(step.hyperparameters[2] * step.epsilon_factor))),
          rate(broadcast(T(step.rate))),
          momentum_rate(broadcast(T(step.momentum_rate))) {}

    static bool rests(const double*) { return false; }
    static void step_factors(const double* hyperparameters, std::int64_t first,
                             StepFactors& factors) {
        unbiasing_factors(hyperparameters, first, factors);
        const double beta_1 = hyperparameters[0];
        double momentum = nadam_momentum(beta_1, first);
        double product = nadam_momenta_before(beta_1, first);
        for (int i = 0; i < steps_at_a_time; ++i) {
            const double next = nadam_momentum(beta_1, first + i + 1);
            product *= momentum;
            factors.rate[i] = factors.epsilon[i] * (1 - momentum) / (1 - product);
            factors.momentum_rate[i] = factors.epsilon[i] * next / (1 - product * next);
            momentum = next;
        }
    }

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[2]) const {
        moments.remember(slot[0], slot[1], g);
        const Vector<T> movement = fma(rate, g, momentum_rate * slot[0]);
        return w - movement / (square_root(slot[1]) + epsilon);
    }
};

// v ← ρ v + (1 - ρ) g²;  w ← w - η g / (√v + ε)
template <class T>
struct RmsProp : PlainRate {
    static constexpr int n_slots = 1;
    Vector<T> decay_rate, fresh, epsilon, rate;

    explicit RmsProp(const Step<T>& step)
        : decay_rate(broadcast(T(step.hyperparameters[0]))),
          fresh(broadcast(T(1 - step.hyperparameters[0]))),
          epsilon(broadcast(T(step.hyperparameters[1]))),
          rate(broadcast(T(step.rate))) {}

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[1]) const {
        slot[0] = fma(decay_rate, slot[0], fresh * (g * g));
        return w - rate * g / (square_root(slot[0]) + epsilon);
    }
};

// s ← s + g²;  w ← w - η g / (√s + ε)
template <class T>
struct Adagrad : PlainRate {
    static constexpr int n_slots = 1;
    Vector<T> epsilon, rate;

    explicit Adagrad(const Step<T>& step)
        : epsilon(broadcast(T(step.hyperparameters[0]))), rate(broadcast(T(step.rate))) {}
    static bool rests(const double*) { return true; }

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[1]) const {
        slot[0] = fma(g, g, slot[0]);
        return w - rate * g / (square_root(slot[0]) + epsilon);
    }
};

// w ← w - η sign(β₁ m + (1 - β₁) g);  m ← β₂ m + (1 - β₂) g
template <class T>
struct Lion : PlainRate {
    static constexpr int n_slots = 1;
    Moments<T> moments;
    Vector<T> rate;

    explicit Lion(const Step<T>& step)
        : moments(step.hyperparameters), rate(broadcast(T(step.rate))) {}

    Vector<T> operator()(Vector<T> w, Vector<T> g, Vector<T> (&slot)[1]) const {
        const Vector<T> ahead = fma(moments.beta_1, slot[0], moments.new_1 * g);
        slot[0] = fma(moments.beta_2, slot[0], moments.new_2 * g);
        return w - rate * sign<T>(ahead);
    }
};

// w ← w - η u, for a direction u that is already computed.
template <class T>
struct Descent : PlainRate {
    static constexpr int n_slots = 0;
    Vector<T> rate;

    explicit Descent(const Step<T>& step) : rate(broadcast(T(step.rate))) {}

    template <int N>
    Vector<T> operator()(Vector<T> w, Vector<T> direction, Vector<T> (&)[N]) const {
        return w - rate * direction;
    }
};

// The numbers that an optimizer keeps for each parameter, including the optional average.
inline constexpr int most_slots = 4;

template <class T>
using UpdateRange = void (*)(const Step<T>&, const T* gradient, double weight_sum, Range,
                             Kind kind);

template <class T>
struct Optimizer {
    UpdateRange<T> update, update_with_all;
    // For the steps first, first + 1, …; the first step of all is 1.
    void (*step_factors)(const double* hyperparameters, std::int64_t first, StepFactors& factors);
    // Returns whether further steps without a gradient change nothing after one of them.
    bool (*rests)(const double* hyperparameters);
    int n_slots;                  // below most_slots
    bool orthogonalises = false;  // Muon's step for matrices; `update` serves all other parameters
};

template <class T, template <class> class Rule>
inline constexpr Optimizer<T> by_rule = {update<T, Rule>, update_with_all<T, Rule>,
                                         Rule<T>::step_factors, Rule<T>::rests, Rule<T>::n_slots};

template <class T>
inline constexpr Optimizer<T> muon = {update<T, AdamWBehindMomentum>,
                                      update_with_all<T, AdamWBehindMomentum>,
                                      AdamWBehindMomentum<T>::step_factors,
                                      AdamWBehindMomentum<T>::rests,
                                      2,
                                      true};

template <class T>
struct OptimizerVariants {
    const char* name;
    Optimizer<T> usual, amsgrad;  // equal if there is no such variant
};

template <class T, template <class> class Rule, template <class> class Amsgrad = Rule>
constexpr OptimizerVariants<T> variants(const char* name) {
    return {name, by_rule<T, Rule>, by_rule<T, Amsgrad>};
}

template <class T>
inline constexpr OptimizerVariants<T> optimizer_table[] = {
    variants<T, Sgd>("sgd"),
    variants<T, Adam, AmsgradAdam>("adam"),
    variants<T, AdamW, AmsgradAdamW>("adamw"),
    variants<T, Nadam>("nadam"),
    variants<T, RmsProp>("rmsprop"),
    variants<T, Adagrad>("adagrad"),
    variants<T, Lion>("lion"),
    {"muon", muon<T>, muon<T>},
};

template <class T>
const Optimizer<T>& optimizer_of(const Update<T>& update) {
    const OptimizerVariants<T>& both = optimizer_table<T>[update.optimizer];
    return update.amsgrad ? both.amsgrad : both.usual;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
