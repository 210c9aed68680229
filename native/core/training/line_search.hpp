// The line search of Moré and Thuente: a step η for which the loss along a direction satisfies the
// strong Wolfe conditions
//     φ(η) ≤ φ(0) + μ η φ'(0)   and   |φ'(η)| ≤ ν |φ'(0)|.
//
// It keeps an interval [best, other] that contains such a step, and the trial of each round is the
// minimum of a cubic or quadratic that interpolates values and derivatives. As long as no step with
// a sufficient decrease and a derivative of at least zero is known, it searches by the auxiliary
// function ψ(η) = φ(η) - φ(0) - μ η φ'(0).
//
// Jorge J. Moré, David J. Thuente, Line search algorithms with guaranteed sufficient decrease, ACM
// Transactions on Mathematical Software 20 (1994), 286-307; equations and cases by their numbers
// there. The constants are those with which L-BFGS-B calls it, so that steps are those of SciPy.
#pragma once

namespace lamina {

// A step, and the loss and its derivative along the direction there.
struct Trial {
    double step = 0, loss = 0, derivative = 0;
};

class LineSearch {
   public:
    static constexpr double sufficient_decrease = 1e-3;  // μ
    static constexpr double curvature = 0.9;             // ν
    static constexpr double relative_width = 0.1;        // of an interval that is narrow enough
    static constexpr double longest_step = 1e10;

    // Begins from the loss and its derivative at zero, which is negative, with this trial.
    void begin(double loss, double derivative, double step) {
        start_ = best_ = other_ = {0, loss, derivative};
        width_ = longest_step, width_before_ = 2 * longest_step;
        lowest_ = 0, highest_ = 5 * step;
        is_bracketed_ = false, is_auxiliary_ = true;
        step_ = step;
    }

    double step() const { return step_; }

    // Receives the loss and derivative at the trial; returns whether the search ends there. If it does
    // not, `step` is the next trial.
    bool ends(double loss, double derivative) {
        const double slope = sufficient_decrease * start_.derivative;
        const double most = start_.loss + step_ * slope;
        const bool decreases = loss <= most;
        if (decreases && derivative >= 0) is_auxiliary_ = false;
        if (is_exhausted(loss, derivative, most, slope)) return true;
        if (decreases && magnitude(derivative) <= curvature * -start_.derivative) return true;
        const double shift = is_auxiliary_ && loss <= best_.loss && !decreases ? slope : 0;
        narrow({step_, loss, derivative}, shift);
        return false;
    }

   private:
    static double magnitude(double x) { return __builtin_fabs(x); }

    // The interval has become too narrow, or the step too short or too long.
    bool is_exhausted(double loss, double derivative, double most, double slope) const {
        if (is_bracketed_ && !is_inside(step_)) return true;
        if (is_narrow()) return true;
        if (step_ == longest_step && loss <= most && derivative <= slope) return true;
        return step_ == 0 && (loss > most || derivative >= slope);
    }
    bool is_inside(double step) const { return lowest_ < step && step < highest_; }
    bool is_narrow() const {
        return is_bracketed_ && highest_ - lowest_ <= relative_width * highest_;
    }

    // Chooses the next trial and the interval around it; shift is the slope of the line that the
    // auxiliary function subtracts, or 0.
    void narrow(const Trial& trial, double shift) {
        best_ = below_line(best_, shift), other_ = below_line(other_, shift);
        step_ = next_step(below_line(trial, shift));
        best_ = below_line(best_, -shift), other_ = below_line(other_, -shift);
        if (is_bracketed_) {
            const double width = magnitude(other_.step - best_.step);
            // The interval shrinks by a third in two rounds, or it is halved.
            if (width >= 0.66 * width_before_)
                step_ = best_.step + 0.5 * (other_.step - best_.step);
            width_before_ = width_, width_ = width;
            const bool is_ordered = best_.step < other_.step;
            lowest_ = is_ordered ? best_.step : other_.step;
            highest_ = is_ordered ? other_.step : best_.step;
        } else {
            lowest_ = step_ + 1.1 * (step_ - best_.step);
            highest_ = step_ + 4 * (step_ - best_.step);
        }
        step_ = clipped(step_, 0, longest_step);
        if ((is_bracketed_ && !is_inside(step_)) || is_narrow()) step_ = best_.step;
    }

    static Trial below_line(const Trial& trial, double slope) {
        if (slope == 0) return trial;
        return {trial.step, trial.loss - trial.step * slope, trial.derivative - slope};
    }
    // Returns the lower bound for NaN, which a loss that is not finite leads to.
    static double clipped(double x, double least, double most) {
        return __builtin_fmin(__builtin_fmax(x, least), most);
    }

    // Section 4 of the paper: the next trial by interpolation, and then the interval that it
    // belongs to.
    double next_step(const Trial& trial) {
        const bool turns = trial.derivative * (best_.derivative / magnitude(best_.derivative)) < 0;
        double next;
        if (trial.loss > best_.loss)
            next = after_higher_loss(trial);
        else if (turns)
            next = after_turn(trial);
        else if (magnitude(trial.derivative) < magnitude(best_.derivative))
            next = after_flatter(trial);
        else
            next = after_steeper(trial);
        if (trial.loss > best_.loss) {
            other_ = trial;
        } else {
            if (turns) other_ = best_;
            best_ = trial;
        }
        return next;
    }

    // Case 1: the minimum lies between; the cubic's if it is closer to the best step than the
    // quadratic's, otherwise the mean of both.
    double after_higher_loss(const Trial& trial) {
        is_bracketed_ = true;
        const double length = trial.step - best_.step;
        const Cubic cubic(best_, trial);
        const double root = length < 0 ? -cubic.root() : cubic.root();
        const double p = root - best_.derivative + cubic.theta;
        const double q = root - best_.derivative + root + trial.derivative;
        const double by_cubic = best_.step + p / q * length;
        const double secant = (best_.loss - trial.loss) / length + best_.derivative;
        const double by_quadratic = best_.step + best_.derivative / secant / 2 * length;
        if (magnitude(by_cubic - best_.step) < magnitude(by_quadratic - best_.step))
            return by_cubic;
        return by_cubic + (by_quadratic - by_cubic) / 2;
    }

    // Case 2: derivatives of opposite signs; the minimum farther from the trial.
    double after_turn(const Trial& trial) {
        is_bracketed_ = true;
        const double back = best_.step - trial.step;
        const Cubic cubic(best_, trial);
        const double root = back < 0 ? -cubic.root() : cubic.root();
        const double p = root - trial.derivative + cubic.theta;
        const double q = root - trial.derivative + root + best_.derivative;
        const double by_cubic = trial.step + p / q * back, by_secant = secant_step(trial);
        return is_farther(trial, by_cubic, by_secant) ? by_cubic : by_secant;
    }

    // Case 3: a derivative of the same sign that is smaller. The cubic may have no minimum beyond the
    // trial; then its step is the end of the interval.
    double after_flatter(const Trial& trial) const {
        const double back = best_.step - trial.step;
        const Cubic cubic(best_, trial);
        const double root = back < 0 ? -cubic.root_or_zero() : cubic.root_or_zero();
        const double p = root - trial.derivative + cubic.theta;
        const double q = root + (best_.derivative - trial.derivative) + root;
        const double fraction = p / q;
        double by_cubic = back < 0 ? highest_ : lowest_;
        if (fraction < 0 && root != 0) by_cubic = trial.step + fraction * back;
        const double by_secant = secant_step(trial);
        if (!is_bracketed_) {
            const double next = is_farther(trial, by_cubic, by_secant) ? by_cubic : by_secant;
            return clipped(next, lowest_, highest_);
        }
        const bool is_closer = magnitude(by_cubic - trial.step) < magnitude(by_secant - trial.step);
        const double next = is_closer ? by_cubic : by_secant;
        const double most = trial.step + 0.66 * (other_.step - trial.step);
        if (back < 0) return next < most ? next : most;
        return next > most ? next : most;
    }

    // Case 4: a derivative of the same sign that is not smaller.
    double after_steeper(const Trial& trial) const {
        if (!is_bracketed_) return trial.step > best_.step ? highest_ : lowest_;
        const double length = other_.step - trial.step;
        const Cubic cubic(trial, other_);
        const double root = length < 0 ? -cubic.root() : cubic.root();
        const double p = root - trial.derivative + cubic.theta;
        const double q = root - trial.derivative + root + other_.derivative;
        return trial.step + p / q * length;
    }

    double secant_step(const Trial& trial) const {
        const double fraction = trial.derivative / (trial.derivative - best_.derivative);
        return trial.step + fraction * (best_.step - trial.step);
    }
    static bool is_farther(const Trial& trial, double one, double another) {
        return magnitude(one - trial.step) > magnitude(another - trial.step);
    }

    // The cubic through two steps, their losses and derivatives.
    struct Cubic {
        double theta, scale, discriminant;
        Cubic(const Trial& a, const Trial& b) {
            theta = 3 * (a.loss - b.loss) / (b.step - a.step) + a.derivative + b.derivative;
            const double x = magnitude(theta), y = magnitude(a.derivative);
            const double z = magnitude(b.derivative);
            scale = __builtin_fmax(__builtin_fmax(x, y), z);
            discriminant =
                theta / scale * (theta / scale) - a.derivative / scale * (b.derivative / scale);
        }
        double root() const { return scale * __builtin_sqrt(discriminant); }
        double root_or_zero() const {
            return scale * __builtin_sqrt(__builtin_fmax(0, discriminant));
        }
    };

    Trial start_, best_, other_;
    double step_ = 0, lowest_ = 0, highest_ = 0, width_ = 0, width_before_ = 0;
    bool is_bracketed_ = false, is_auxiliary_ = true;
};

}  // namespace lamina
