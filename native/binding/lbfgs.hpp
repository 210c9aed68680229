// L-BFGS with the arrays that it changes, and its iterations in one call.
#pragma once

#include <algorithm>
#include <vector>

#include "../core/threads.hpp"
#include "../core/training/lbfgs.hpp"
#include "interrupt.hpp"
#include "kernels.hpp"

namespace lamina {

// When iterations end before their number is reached.
struct LbfgsLimits {
    double tol = 0;          // of the largest element of the gradient
    double loss_tol = 0;     // of the relative decrease of the loss
    double evaluations = 0;  // of the whole fit; exceeded at the end of an iteration
    std::int64_t n_iterations = 0;
};

// Why a call ended: its iterations are done or a limit is reached; it was interrupted or its time is
// up; no step lowers the loss; the weights of the samples cancel.
enum class LbfgsEnding { done, stopped, failed, zero_weight };

struct LbfgsReport {
    std::vector<double> losses, steps;  // of each iteration
    LbfgsEnding ending = LbfgsEnding::done;
    double last_loss = 0;  // of the latest evaluation
};

// L-BFGS with its arrays, which stay alive with it.
class LbfgsHandle {
   public:
    LbfgsHandle(InOut<double> parameters, InOut<double> slots, InOut<double> numbers)
        : parameters_(parameters),
          slots_(slots),
          numbers_(numbers),
          lbfgs_(instruction_set().lbfgs, std::int64_t(parameters.size()), parameters.data(),
                 slots.data(), numbers.data()) {
        require(slots.size() == parameters.size() * std::size_t(Lbfgs::n_slots),
                "the slots do not fit the parameters");
        require(std::int64_t(numbers.size()) == Lbfgs::n_numbers, "the numbers are too few");
        const LbfgsNumbers& it = *reinterpret_cast<const LbfgsNumbers*>(numbers.data());
        require(it.n_pairs >= 0 && it.n_pairs <= most_pairs && it.newest >= -1 &&
                    it.newest < most_pairs && (it.n_pairs == 0 || it.newest >= 0),
                "the pairs are out of range");
    }

    void begin(double loss, In<double> gradient) {
        require(gradient.size() == parameters_.size(), "the gradient does not fit the parameters");
        lbfgs_.begin(loss, gradient.data());
    }
    bool propose(InOut<double> trial) {
        require_begun();
        require(trial.size() == parameters_.size(), "the trial does not fit the parameters");
        bool has_trial = false;
        Team alone(1);
        without_gil([&] { has_trial = lbfgs_.propose(trial.data(), alone); });
        return has_trial;
    }
    bool receive(double loss, In<double> gradient) {
        require(gradient.size() == parameters_.size(), "the gradient does not fit the parameters");
        require(lbfgs_.is_searching(), "nothing was proposed");
        bool is_iterate = false;
        Team alone(1);
        without_gil([&] { is_iterate = lbfgs_.receive(loss, gradient.data(), alone); });
        return is_iterate;
    }
    const Lbfgs& lbfgs() const { return lbfgs_; }
    std::size_t n_parameters() const { return parameters_.size(); }
    void require_begun() const { require(lbfgs_.has_begun(), "the first loss is missing"); }

    // Runs iterations without the GIL; evaluate(trial, gradient), which may leave the gradient
    // incomplete if the loss is not finite, returns a Report.
    template <class Evaluate>
    LbfgsReport iterate(const LbfgsLimits& limits, Interrupt& interrupt, Team& team,
                        const Evaluate& evaluate) {
        LbfgsReport report;
        std::vector<double> trial(n_parameters()), gradient(n_parameters());
        report.last_loss = lbfgs_.loss();
        for (std::int64_t i = 0; i < limits.n_iterations; ++i) {
            for (bool is_iterate = false; !is_iterate;) {
                if (interrupt.check()) return ended(report, LbfgsEnding::stopped);
                if (!lbfgs_.propose(trial.data(), team)) return ended(report, LbfgsEnding::failed);
                std::fill(gradient.begin(), gradient.end(), 0.0);
                const Report evaluated = evaluate(trial.data(), gradient.data());
                if (evaluated.ending == Ending::stopped) return ended(report, LbfgsEnding::stopped);
                if (evaluated.ending == Ending::zero_weight)
                    return ended(report, LbfgsEnding::zero_weight);
                report.last_loss = evaluated.loss;
                is_iterate = lbfgs_.receive(evaluated.loss, gradient.data(), team);
            }
            report.losses.push_back(lbfgs_.loss());
            report.steps.push_back(lbfgs_.step());
            if (lbfgs_.evaluations() > limits.evaluations ||
                lbfgs_.largest_gradient() <= limits.tol || lbfgs_.decrease() <= limits.loss_tol)
                break;
        }
        return report;
    }

   private:
    static LbfgsReport ended(LbfgsReport& report, LbfgsEnding ending) {
        report.ending = ending;
        return std::move(report);
    }

    InOut<double> parameters_, slots_, numbers_;
    Lbfgs lbfgs_;
};

}  // namespace lamina
