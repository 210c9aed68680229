// The updates of one call, step by step: the optimizer, with its decay, clipping and average of the
// parameters.
//
// A range of parameters is updated as soon as its gradient is summed, while the gradient is in the
// first-level cache. If the gradient's norm, or a whole matrix of it, is needed first, the ranges are
// kept, and updated when all of them are complete.
#pragma once

#include "formulas/optimizers.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
class Updates {
   public:
    // w and slots may be copies, longer than the network's by padding.
    Updates(const Update<T>& update, T* w, T* slots, Index n_parameters, const Penalty& penalty)
        : update_(update),
          optimizer_(optimizer_of(update)),
          step_{w, slots, n_parameters, update.hyperparameters, penalty},
          finished_(step_) {
        if (update.average_decay >= 0) step_.average = slots + optimizer_.n_slots * n_parameters;
        const bool asks_for_more = penalty.l1 != 0 || update.weight_decay != 0 || step_.average;
        update_range_ =
            asks_for_more || needs_norm() ? optimizer_.update_with_all : optimizer_.update;
    }

    int n_slots() const { return optimizer_.n_slots + (step_.average ? 1 : 0); }
    bool orthogonalises() const { return optimizer_.orthogonalises; }
    // Whether only matrices between the first and the last become orthogonal; AdamW updates these.
    bool orthogonalises_hidden_only() const {
        return optimizer_.orthogonalises && step_.hyperparameters[5] != 0;
    }
    bool needs_norm() const {
        return update_.measures_gradient || update_.max_gradient_norm < __builtin_inf();
    }
    bool keeps_gradient() const { return needs_norm() || orthogonalises(); }
    // Returns whether rows of an input stage without a gradient may be left out of a step.
    bool leaves_idle_rows() const {
        return !keeps_gradient() && update_.weight_decay == 0 && !step_.average &&
               optimizer_.rests(update_.hyperparameters);
    }

    // For the steps of the call, from 0 on, in order.
    void begin(std::int64_t step, double learning_rate, double decay_multiplier = 1) {
        const int place = int(step % steps_at_a_time);
        if (place == 0) compute_factors(update_.step + step + 1);
        step_.rate = learning_rate * factors_.rate[place];
        step_.momentum_rate = learning_rate * factors_.momentum_rate[place];
        step_.epsilon_factor = factors_.epsilon[place];
        step_.decay = learning_rate * (update_.weight_decay * decay_multiplier);
        step_.average_rate = average_rates_[place];
        learning_rate_ = learning_rate;
    }

    // Updates a range of parameters by a gradient that is summed over the batch.
    void make(const T* sum, double weight_sum, Range range, Kind kind,
              PanelCopies<T>* copies = nullptr) const {
        Step<T> mine = step_;
        mine.copies = copies;
        for_spans(mine, range, [&](const Step<T>& step, Range part) {
            update_range_(step, sum + (part.begin - range.begin), weight_sum, part, kind);
        });
    }

    // The same in parts: the gradient of each range, then the norm of all, then the parameters.
    void finish(T* gradient, const T* sum, double weight_sum, Range range, Kind kind) const {
        finish_gradient(gradient, sum, step_.w + range.begin, range.end - range.begin,
                        kind == Kind::weights ? step_.penalty : Penalty{}, weight_sum);
    }
    void take_norm(double square) {
        const double norm = __builtin_sqrt(square), most = update_.max_gradient_norm;
        sum_of_norms_ += norm;
        finished_ = step_;
        finished_.penalty = {};
        finished_.gradient_scale = norm > most ? most / norm : 1;
    }
    void make_of_finished(const T* gradient, Range range, Kind kind) const {
        for_spans(finished_, range, [&](const Step<T>& step, Range part) {
            update_range_(step, gradient + (part.begin - range.begin), 1, part, kind);
        });
    }

    // Muon's step for a matrix: look ahead to μ m + (1 - μ) g, or m; when that has been made
    // orthogonal, follow it, at a rate for matrices of that size.
    void look_ahead(const T* gradient, Range range, T* direction) const {
        for_slices<T>(range.end - range.begin, [&](auto slice) {
            const Vector<T> g = slice.read(gradient) * T(finished_.gradient_scale);
            const Vector<T> m = momentum_after(g, slice.read(step_.slots + range.begin));
            slice.write(direction, is_nesterov() ? momentum_after(g, m) : m);
        });
    }
    void follow(const T* direction, const T* gradient, Range range, Index rows,
                Index columns) const {
        T* const momentum = step_.slots + range.begin;
        for_slices<T>(range.end - range.begin, [&](auto slice) {
            const Vector<T> g = slice.read(gradient) * T(finished_.gradient_scale);
            slice.write(momentum, momentum_after(g, slice.read(momentum)));
        });
        Step<T> mine = finished_;
        mine.gradient_scale = 1;
        mine.rate = learning_rate_ * size_of_step(rows, columns);
        for_spans(mine, range, [&](const Step<T>& step, Range part) {
            update_with_all<T, Descent>(step, direction + (part.begin - range.begin), 1, part,
                                        Kind::weights);
        });
    }

    // Number of steps so far.
    double sum_of_norms() const { return sum_of_norms_; }

   private:
    // Calls body(step, part) for the parts of a range with one learning rate and one decay each.
    template <class Body>
    void for_spans(const Step<T>& step, Range range, const Body& body) const {
        const FactorSpan *span = update_.spans, *const end = span + update_.n_spans;
        if (span == end) return body(step, range);
        while (span < end && span->end <= range.begin) ++span;
        while (range.begin < range.end) {
            Step<T> mine = step;
            Range part = range;
            if (span < end) {
                mine.rate *= span->rate, mine.momentum_rate *= span->rate;
                mine.decay *= span->rate * span->decay;
                if (span->end < part.end) part.end = span->end;
                ++span;
            }
            body(mine, part);
            range.begin = part.end;
        }
    }

    Vector<T> momentum_after(Vector<T> g, Vector<T> m) const {
        const double momentum = step_.hyperparameters[0];
        return fma(broadcast(T(momentum)), m, T(1 - momentum) * g);
    }
    bool is_nesterov() const { return step_.hyperparameters[1] != 0; }
    // Multiple of the learning rate: a step as large as AdamW's, or Jordan's.
    double size_of_step(Index fan_in, Index fan_out) const {
        const double longer = double(fan_in < fan_out ? fan_out : fan_in);
        if (step_.hyperparameters[6] != 0) return 0.2 * __builtin_sqrt(longer);
        return __builtin_sqrt(fan_out > fan_in ? double(fan_out) / double(fan_in) : 1.0);
    }

    void compute_factors(std::int64_t first) {
        optimizer_.step_factors(update_.hyperparameters, first, factors_);
        if (!step_.average) return;
        StepNumbers powers;
        integer_powers(update_.average_decay, first, powers);
        for (int i = 0; i < steps_at_a_time; ++i)
            average_rates_[i] = (1 - update_.average_decay) / (1 - powers[i]);
    }

    const Update<T>& update_;
    const Optimizer<T>& optimizer_;
    Step<T> step_, finished_;
    UpdateRange<T> update_range_;
    StepFactors factors_{};
    StepNumbers average_rates_{};
    double learning_rate_ = 0, sum_of_norms_ = 0;
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
