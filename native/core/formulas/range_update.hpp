// The update of a range of parameters by any optimizer's rule, which updates one vector.
#pragma once

#include "engine.hpp"
#include "formulas/penalty.hpp"
#include "products/panel_copies.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Kind of parameters: only weights are penalised, weights and inputs decay, and no optimizer changes
// statistics.
enum class Kind { weights, biases, learned, inputs, statistics };

inline bool decays(Kind kind) { return kind == Kind::weights || kind == Kind::inputs; }

template <class T>
struct Step {
    T* w;
    T* slots;
    Index n_parameters;
    const double* hyperparameters;
    Penalty penalty;
    double rate = 0;           // the learning rate times the optimizer's factor for the step
    double momentum_rate = 0;  // the same for the momentum, if it is separate
    double epsilon_factor = 1;
    double gradient_scale = 1;  // below one if the gradient is clipped
    double decay = 0;           // the learning rate times the weight decay
    T* average = nullptr;       // null if no average is kept
    double average_rate = 1;
    PanelCopies<T>* copies = nullptr;  // of the weights that are updated; null if there are none
};

template <class T, template <class> class Rule>
inline constexpr int slots_of = Rule<T>::n_slots ? Rule<T>::n_slots : 1;

// Copies follow at this distance, in vectors: what is copied is then ready, and has left the processor's
// queue of stores.
inline constexpr Index copies_behind = 12;

// Updates weights as `update` does, with copies that follow.
template <class T, template <class> class Rule>
__attribute__((noinline)) void update_copied(const Step<T>& step, const T* gradient,
                                             double weight_sum, Range range) {
    constexpr int n_slots = Rule<T>::n_slots;
    const Rule<T> rule(step);
    const Index n = range.end - range.begin;
    const Vector<T> shrink = broadcast(T(1 / weight_sum));
    const Vector<T> decay = broadcast(T(step.penalty.l2 / weight_sum));
    T* const all_w = step.w + range.begin;
    T* all_slots[n_slots];
    for (int s = 0; s < n_slots; ++s)
        all_slots[s] = step.slots + s * step.n_parameters + range.begin;
    const auto update_slice = [&](auto slice) __attribute__((always_inline)) {
        Vector<T> slot[n_slots];
        LAMINA_UNROLL
        for (int s = 0; s < n_slots; ++s) slot[s] = slice.read(all_slots[s]);
        const Vector<T> w = slice.read(all_w);
        const Vector<T> g = fma(decay, w, shrink * slice.read(gradient));
        slice.write(all_w, rule(w, g, slot));
        LAMINA_UNROLL
        for (int s = 0; s < n_slots; ++s) slice.write(all_slots[s], slot[s]);
    };
    PanelCopies<T> copies = *step.copies;
    constexpr Index at_a_time = piece_side<T> * lanes<T>;
    Index i = 0;
    for (; i + at_a_time <= n; i += at_a_time) {
        LAMINA_UNROLL
        for (Index j = 0; j < at_a_time; j += lanes<T>) update_slice(WholeSlice<T>{i + j});
        copies.follow(all_w + i + at_a_time - copies_behind * lanes<T>);
    }
    for (; i + lanes<T> <= n; i += lanes<T>) update_slice(WholeSlice<T>{i});
    if (i < n) update_slice(LastSlice<T>{i, n - i});
    *step.copies = copies;
}

// Updates a range of w and its slots. The gradient is summed over the batch, not yet divided; the
// gradient of the L2 penalty is added for weights, and not for biases.
template <class T, template <class> class Rule>
void update(const Step<T>& step, const T* gradient, double weight_sum, Range range, Kind kind) {
    if (step.copies) return update_copied<T, Rule>(step, gradient, weight_sum, range);
    const Rule<T> rule(step);
    const Index begin = range.begin;
    const double alpha = kind == Kind::weights ? step.penalty.l2 : 0;
    const Vector<T> shrink = broadcast(T(1 / weight_sum));
    const Vector<T> decay = broadcast(T(alpha / weight_sum));
    for_slices<T>(range.end - begin, [&](auto slice) {
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

// The same with all options: the L1 penalty, a clipped gradient, decoupled decay w ← w - η λ w before
// the step, and the average a ← a + (w - a) (1 - d) / (1 - dᵗ) after it.
template <class T, template <class> class Rule>
void update_with_all(const Step<T>& step, const T* gradient, double weight_sum, Range range,
                     Kind kind) {
    const Rule<T> rule(step);
    const Index begin = range.begin;
    const Vector<T> scale = broadcast(T(step.gradient_scale));
    const Vector<T> kept = broadcast(T(decays(kind) ? 1 - step.decay : 1));
    const Vector<T> average_rate = broadcast(T(step.average_rate));
    const PenalisedGradient<T> penalised(kind == Kind::weights ? step.penalty : Penalty{},
                                         weight_sum);
    for_slices<T>(range.end - begin, [&](auto slice) {
        Vector<T> slot[slots_of<T, Rule>];
        for (int s = 0; s < Rule<T>::n_slots; ++s)
            slot[s] = slice.read(step.slots + s * step.n_parameters + begin);
        Vector<T> w = slice.read(step.w + begin);
        const Vector<T> g = scale * penalised(w, slice.read(gradient));
        w = rule(kept * w, g, slot);
        slice.write(step.w + begin, w);
        for (int s = 0; s < Rule<T>::n_slots; ++s)
            slice.write(step.slots + s * step.n_parameters + begin, slot[s]);
        if (!step.average) return;
        const Vector<T> average = slice.read(step.average + begin);
        slice.write(step.average + begin, fma(average_rate, w - average, average));
    });
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
