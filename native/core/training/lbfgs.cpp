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
      direction_(std::size_t(n)),
      sums_(std::size_t((n + block - 1) / block * most_sums)) {}

template <class Body>
void Lbfgs::for_blocks(Team& team, const Body& body) {
    const std::int64_t n_tasks = std::min((n_ + block - 1) / block, most_tasks);
    team.run(n_tasks, [&](std::int64_t task, int) {
        const Range mine = part_range(n_, block, task, n_tasks);
        for (std::int64_t first = mine.begin; first < mine.end; first += block)
            body(first, std::min(block, n_ - first));
    });
}

double Lbfgs::add_blocks(int sum) const {
    double total = 0;
    for (std::size_t at = std::size_t(sum); at < sums_.size(); at += most_sums) total += sums_[at];
    return total;
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

bool Lbfgs::propose(double* trial, Team& team) {
    if (!is_searching_ && !has_failed_) begin_search(team);
    if (!is_searching_) return false;
    for_blocks(team, [&](std::int64_t first, std::int64_t n) {
        kernels_.move_along(parameters_ + first, search_.step(), direction_.data() + first,
                            trial + first, n);
    });
    return true;
}

void Lbfgs::begin_search(Team& team) {
    compute_direction(team);
    if (derivative_ >= 0 && n_pairs() > 0) {
        // Rounding has made H useless; the gradient leads down.
        numbers_.n_pairs = 0;
        compute_direction(team);
    }
    if (derivative_ >= 0) return;
    const bool is_first = numbers_.iterations == 0;
    const double step = is_first ? std::min(1 / std::sqrt(square_), LineSearch::longest_step) : 1;
    search_.begin(numbers_.loss, derivative_, step);
    is_searching_ = true, trials_ = 0;
}

void Lbfgs::compute_direction(Team& team) {
    double factors[2 * most_pairs + 1];
    const double* vectors[2 * most_pairs + 1];
    compute_factors(factors, vectors);
    const int n_vectors = 2 * n_pairs() + 1;
    for_blocks(team, [&](std::int64_t first, std::int64_t n) {
        const double* parts[2 * most_pairs + 1];
        for (int i = 0; i < n_vectors; ++i) parts[i] = vectors[i] + first;
        kernels_.combine(parts, factors, n_vectors, gradient() + first, direction_.data() + first,
                         n, sums_of_block(first));
    });
    derivative_ = add_blocks(0), square_ = add_blocks(1);
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

bool Lbfgs::receive(double loss, const double* gradient, Team& team) {
    for_blocks(team, [&](std::int64_t first, std::int64_t n) {
        kernels_.measure_gradient(direction_.data() + first, gradient + first, n,
                                  sums_of_block(first));
    });
    const double derivative = add_blocks(0);
    largest_of_trial_ = 0;
    for (std::size_t at = 1; at < sums_.size(); at += most_sums)
        largest_of_trial_ = std::max(largest_of_trial_, sums_[at]);
    ++trials_, ++numbers_.evaluations;
    if (search_.ends(loss, derivative)) {
        accept(loss, derivative, gradient, team);
        return true;
    }
    if (trials_ == most_trials) {
        // The gradient may lead down where H does not.
        is_searching_ = false, has_failed_ = n_pairs() == 0;
        numbers_.n_pairs = 0;
    }
    return false;
}

void Lbfgs::accept(double loss, double derivative, const double* gradient, Team& team) {
    const double step = search_.step(), before = numbers_.loss;
    const double curvature = (derivative - derivative_) * step;
    // Otherwise H would not stay positive definite; equation (3.9) of Byrd and others.
    const bool is_kept = curvature > std::numeric_limits<double>::epsilon() * -derivative_ * step;
    if (is_kept) {
        const int place = (int(numbers_.newest) + 1) % most_pairs;
        numbers_.newest = place, numbers_.n_pairs = std::min(most_pairs, n_pairs() + 1);
        numbers_.curvature[place] = curvature;
    }
    move(gradient, is_kept, team);
    keep_products(is_kept);
    largest_gradient_ = largest_of_trial_;
    decrease_ = (before - loss) / std::max({std::abs(before), std::abs(loss), 1.0});
    numbers_.loss = loss, ++numbers_.iterations;
    is_searching_ = false;
}

// Block by block, all that an accepted step changes: the parameters, the newest pair if it is kept,
// the products of all pairs with the gradient and the newest y, and the gradient.
void Lbfgs::move(const double* gradient, bool is_kept, Team& team) {
    const int m = n_pairs(), newest = int(numbers_.newest);
    for_blocks(team, [&](std::int64_t first, std::int64_t n) {
        const double *const d = direction_.data() + first, *const g = gradient + first;
        double *const before = this->gradient() + first, *sums = sums_of_block(first);
        kernels_.move_along(parameters_ + first, search_.step(), d, parameters_ + first, n);
        if (is_kept)
            kernels_.write_pair(d, search_.step(), g, before, s(newest) + first, y(newest) + first,
                                n);
        for (int i = 0; i < m; ++i, sums += 4) {
            const int p = place_of(i);
            kernels_.multiply_with_two(s(p) + first, g, y(newest) + first, n, sums);
            kernels_.multiply_with_two(y(p) + first, g, y(newest) + first, n, sums + 2);
        }
        std::copy(g, g + n, before);
    });
}

void Lbfgs::keep_products(bool is_newest_new) {
    const int m = n_pairs(), newest = int(numbers_.newest);
    for (int i = 0; i < m; ++i) {
        const int p = place_of(i);
        numbers_.s_gradient[p] = add_blocks(4 * i), numbers_.y_gradient[p] = add_blocks(4 * i + 2);
        if (!is_newest_new) continue;
        numbers_.s_y[p][newest] = add_blocks(4 * i + 1);
        numbers_.y_y[p][newest] = numbers_.y_y[newest][p] = add_blocks(4 * i + 3);
    }
    if (m > 0 && is_newest_new)
        numbers_.scale = numbers_.curvature[newest] / numbers_.y_y[newest][newest];
}

}  // namespace lamina
