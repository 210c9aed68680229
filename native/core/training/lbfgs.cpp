#include "training/lbfgs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lamina {

Lbfgs::Lbfgs(const LbfgsKernels& kernels, std::int64_t n, double* parameters, double* slots,
             double* numbers)
    : kernels_(kernels),
      n_(n),
      parameters_(parameters),
      slots_(slots),
      numbers_(*reinterpret_cast<LbfgsNumbers*>(numbers)),
      direction_(std::size_t(n)) {}

template <class Body>
void Lbfgs::for_blocks(const Body& body) const {
    for (std::int64_t first = 0; first < n_; first += block)
        body(first, std::min(block, n_ - first));
}

int Lbfgs::place_of(int i) const {
    return (int(numbers_.newest) + 1 + most_pairs - n_pairs() + i) % most_pairs;
}

void Lbfgs::begin(double loss, const double* gradient) {
    const double evaluations = numbers_.evaluations + 1;
    numbers_ = {};
    numbers_.has_begun = 1, numbers_.loss = loss, numbers_.evaluations = evaluations;
    numbers_.scale = 1, numbers_.newest = -1;
    is_searching_ = has_failed_ = false;
    std::copy(gradient, gradient + n_, this->gradient());
    largest_gradient_ = 0, decrease_ = std::numeric_limits<double>::infinity();
    for (std::int64_t i = 0; i < n_; ++i)
        largest_gradient_ = std::max(largest_gradient_, std::abs(gradient[i]));
}

bool Lbfgs::propose(double* trial) {
    if (!is_searching_ && !has_failed_) begin_search();
    if (!is_searching_) return false;
    for_blocks([&](std::int64_t first, std::int64_t n) {
        kernels_.move_along(parameters_ + first, search_.step(), direction_.data() + first,
                            trial + first, n);
    });
    return true;
}

void Lbfgs::begin_search() {
    compute_direction();
    if (derivative_ >= 0 && n_pairs() > 0) {
        // Rounding has made H useless; the gradient leads down.
        numbers_.n_pairs = 0;
        compute_direction();
    }
    if (derivative_ >= 0) return;
    const bool is_first = numbers_.iterations == 0;
    const double step = is_first ? std::min(1 / std::sqrt(square_), LineSearch::longest_step) : 1;
    search_.begin(numbers_.loss, derivative_, step);
    is_searching_ = true, trials_ = 0;
}

void Lbfgs::compute_direction() {
    double factors[2 * most_pairs + 1];
    const double* vectors[2 * most_pairs + 1];
    compute_factors(factors, vectors);
    const int n_vectors = 2 * n_pairs() + 1;
    derivative_ = square_ = 0;
    for_blocks([&](std::int64_t first, std::int64_t n) {
        const double* parts[2 * most_pairs + 1];
        for (int i = 0; i < n_vectors; ++i) parts[i] = vectors[i] + first;
        double sums[2];
        kernels_.combine(parts, factors, n_vectors, gradient() + first, direction_.data() + first,
                         n, sums);
        derivative_ += sums[0], square_ += sums[1];
    });
}

// The two-loop recursion on the factors of g, s and y in the direction, in this order.
void Lbfgs::compute_factors(double* factors, const double** vectors) const {
    const int m = n_pairs();
    double alpha[most_pairs], s_factor[most_pairs] = {};
    for (int i = m - 1; i >= 0; --i) {
        const int p = place_of(i);
        double product = numbers_.s_gradient[p];
        for (int newer = i + 1; newer < m; ++newer)
            product -= alpha[newer] * numbers_.s_y[p][place_of(newer)];
        alpha[i] = product / numbers_.curvature[p];
    }
    const double scale = m > 0 ? numbers_.scale : 1;
    for (int i = 0; i < m; ++i) {
        const int p = place_of(i);
        double product = numbers_.y_gradient[p];
        for (int other = 0; other < m; ++other)
            product -= alpha[other] * numbers_.y_y[p][place_of(other)];
        product *= scale;
        for (int older = 0; older < i; ++older)
            product += s_factor[older] * numbers_.s_y[place_of(older)][p];
        s_factor[i] = alpha[i] - product / numbers_.curvature[p];
    }
    factors[0] = -scale, vectors[0] = gradient();
    for (int i = 0; i < m; ++i) {
        const int p = place_of(i);
        factors[1 + 2 * i] = -s_factor[i], vectors[1 + 2 * i] = s(p);
        factors[2 + 2 * i] = scale * alpha[i], vectors[2 + 2 * i] = y(p);
    }
}

bool Lbfgs::receive(double loss, const double* gradient) {
    double derivative = 0;
    largest_of_trial_ = 0;
    for_blocks([&](std::int64_t first, std::int64_t n) {
        double sums[2];
        kernels_.measure_gradient(direction_.data() + first, gradient + first, n, sums);
        derivative += sums[0], largest_of_trial_ = std::max(largest_of_trial_, sums[1]);
    });
    ++trials_, ++numbers_.evaluations;
    if (search_.ends(loss, derivative)) {
        accept(loss, derivative, gradient);
        return true;
    }
    if (trials_ == most_trials) {
        // The gradient may lead down where H does not.
        is_searching_ = false, has_failed_ = n_pairs() == 0;
        numbers_.n_pairs = 0;
    }
    return false;
}

void Lbfgs::accept(double loss, double derivative, const double* gradient) {
    const double step = search_.step(), before = numbers_.loss;
    for_blocks([&](std::int64_t first, std::int64_t n) {
        kernels_.move_along(parameters_ + first, step, direction_.data() + first,
                            parameters_ + first, n);
    });
    const double curvature = (derivative - derivative_) * step;
    // Otherwise H would not stay positive definite; equation (3.9) of Byrd and others.
    const bool is_kept = curvature > std::numeric_limits<double>::epsilon() * -derivative_ * step;
    if (is_kept) add_pair(curvature, gradient);
    multiply_pairs(gradient, is_kept);
    std::copy(gradient, gradient + n_, this->gradient());
    largest_gradient_ = largest_of_trial_;
    decrease_ = (before - loss) / std::max({std::abs(before), std::abs(loss), 1.0});
    numbers_.loss = loss, ++numbers_.iterations;
    is_searching_ = false;
}

void Lbfgs::add_pair(double curvature, const double* gradient) {
    const int place = (int(numbers_.newest) + 1) % most_pairs;
    numbers_.newest = place, numbers_.n_pairs = std::min(most_pairs, n_pairs() + 1);
    numbers_.curvature[place] = curvature;
    for_blocks([&](std::int64_t first, std::int64_t n) {
        kernels_.write_pair(direction_.data() + first, search_.step(), gradient + first,
                            this->gradient() + first, s(place) + first, y(place) + first, n);
    });
}

// Updates the products of all pairs with the gradient, and with y of a pair that is new.
void Lbfgs::multiply_pairs(const double* gradient, bool is_newest_new) {
    const int m = n_pairs(), newest = int(numbers_.newest);
    if (m == 0) return;
    double total[most_pairs][4] = {};
    for_blocks([&](std::int64_t first, std::int64_t n) {
        for (int i = 0; i < m; ++i) {
            const int p = place_of(i);
            double sums[4];
            const double *const g = gradient + first, *const newest_y = y(newest) + first;
            kernels_.multiply_with_two(s(p) + first, g, newest_y, n, sums);
            kernels_.multiply_with_two(y(p) + first, g, newest_y, n, sums + 2);
            for (int each = 0; each < 4; ++each) total[i][each] += sums[each];
        }
    });
    for (int i = 0; i < m; ++i) {
        const int p = place_of(i);
        numbers_.s_gradient[p] = total[i][0], numbers_.y_gradient[p] = total[i][2];
        if (!is_newest_new) continue;
        numbers_.s_y[p][newest] = total[i][1];
        numbers_.y_y[p][newest] = numbers_.y_y[newest][p] = total[i][3];
    }
    if (is_newest_new) numbers_.scale = numbers_.curvature[newest] / numbers_.y_y[newest][newest];
}

}  // namespace lamina
