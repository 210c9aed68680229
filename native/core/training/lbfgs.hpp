// L-BFGS: minimises a function by its values and gradients, with the iterates of L-BFGS-B without
// bounds.
//
// The direction is d = -H g, where H is the inverse Hessian of BFGS from the latest pairs s (the
// change of the parameters) and y (the change of the gradient), beginning with γ I, γ = sᵀy / yᵀy of
// the newest pair. The two-loop recursion computes it:
//     q = g;  from the newest pair to the oldest  α = ρ sᵀq, q -= α y
//     r = γ q;  from the oldest to the newest     β = ρ yᵀr, r += (α - β) s
// with ρ = 1 / sᵀy. All vectors in it are combinations of g and the pairs, so it runs on their factors
// here: it needs the products of g and of the newest y with the pairs, for which every vector is read
// once, and the direction is their combination, for which they are read once more.
//
// Jorge Nocedal, Updating quasi-Newton matrices with limited storage, Mathematics of Computation 35
// (1980), 773-782. Dong C. Liu, Jorge Nocedal, On the limited memory BFGS method for large scale
// optimization, Mathematical Programming 45 (1989), 503-528. Richard H. Byrd, Peihuang Lu, Jorge
// Nocedal, Ciyou Zhu, A limited memory algorithm for bound constrained optimization, SIAM Journal on
// Scientific Computing 16 (1995), 1190-1208: first step, pairs that are left out, and stops. Recursion
// on factors: Weizhu Chen, Zhenghao Wang, Jingren Zhou, Large-scale L-BFGS using MapReduce, NIPS 2014.
#pragma once

#include <cstdint>
#include <vector>

#include "threads.hpp"
#include "training/lbfgs_kernels.hpp"
#include "training/line_search.hpp"

namespace lamina {

inline constexpr int most_pairs = 10;

// Numbers of the state that are no vectors. All fields are doubles, so that a file can hold
// them as an array; s and y of a pair are at its place, and a new pair replaces the oldest.
struct LbfgsNumbers {
    double has_begun;    // 0 before the first evaluation
    double iterations;   // since the parameters were set
    double loss;         // at the present parameters
    double evaluations;  // of the loss, in the whole fit
    double n_pairs;
    double newest;                       // place of the newest pair
    double scale;                        // γ
    double curvature[most_pairs];        // sᵀy of each pair
    double s_gradient[most_pairs];       // sᵀg, at the present parameters
    double y_gradient[most_pairs];       // yᵀg
    double s_y[most_pairs][most_pairs];  // sᵀy of an older pair and a newer one
    double y_y[most_pairs][most_pairs];
};

class Lbfgs {
   public:
    // Slots are those of s, of y, and the gradient at the present parameters.
    static constexpr std::int64_t n_slots = 2 * most_pairs + 1;
    static constexpr std::int64_t n_numbers = sizeof(LbfgsNumbers) / sizeof(double);

    // parameters, slots and numbers are changed in place.
    Lbfgs(const LbfgsKernels& kernels, std::int64_t n, double* parameters, double* slots,
          double* numbers);

    // Receives the loss and gradient at the parameters, from which the first iteration begins.
    void begin(double loss, const double* gradient);
    // Writes the next trial; returns false if no step lowers the loss, not even along the gradient.
    bool propose(double* trial, Team& team);
    // Receives the loss and gradient at the trial; returns whether it is the next iterate.
    bool receive(double loss, const double* gradient, Team& team);

    bool has_begun() const { return numbers_.has_begun != 0; }
    // Whether a trial was proposed whose loss has not been received.
    bool is_searching() const { return is_searching_; }
    double loss() const { return numbers_.loss; }
    double evaluations() const { return numbers_.evaluations; }
    // The step of the latest iteration.
    double step() const { return search_.step(); }
    // The largest |g| at the present parameters, and the decrease of the loss to them relative to
    // max(|loss before|, |loss|, 1).
    double largest_gradient() const { return largest_gradient_; }
    double decrease() const { return decrease_; }

   private:
    static constexpr int most_trials = 20;
    // A sum over a block is one task's, and the sums of blocks are added in order.
    static constexpr std::int64_t block = 1024, most_tasks = 64;
    static constexpr int most_sums = 4 * most_pairs;

    double* s(int place) const { return slots_ + place * n_; }
    double* y(int place) const { return slots_ + (most_pairs + place) * n_; }
    double* gradient() const { return slots_ + 2 * most_pairs * n_; }
    // The place of the i-th pair, from the oldest, which is 0.
    int place_of(int i) const;
    int n_pairs() const { return int(numbers_.n_pairs); }

    template <class Body>
    void for_blocks(Team& team, const Body& body);
    double* sums_of_block(std::int64_t first) { return sums_.data() + first / block * most_sums; }
    double add_blocks(int sum) const;
    void begin_search(Team& team);
    void compute_direction(Team& team);
    void compute_factors(double* factors, const double** vectors) const;
    void accept(double loss, double derivative, const double* gradient, Team& team);
    void move(const double* gradient, bool is_kept, Team& team);
    void keep_products(bool is_newest_new);

    const LbfgsKernels& kernels_;
    const std::int64_t n_;
    double* const parameters_;
    double* const slots_;
    LbfgsNumbers& numbers_;
    std::vector<double> direction_, sums_;  // sums_: most_sums of each block
    LineSearch search_;
    bool is_searching_ = false, has_failed_ = false;
    int trials_ = 0;
    double derivative_ = 0, square_ = 0;  // dᵀg and dᵀd where the search began
    double largest_gradient_ = 0, largest_of_trial_ = 0, decrease_ = 0;
};

}  // namespace lamina
