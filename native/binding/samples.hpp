// The samples of a call: their arrays, and the order in which a NumPy bit generator shuffles them.
#pragma once

#include <nanobind/nanobind.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "../core/engine.hpp"
#include "../core/training/shuffle.hpp"
#include "checks.hpp"
#include "interrupt.hpp"
#include "kernels.hpp"

namespace lamina {

// Holds references, which keep the arrays alive.
template <class T>
struct RowArrays {
    std::optional<In<T>> dense, csr_values, targets, weight;
    std::optional<In<std::int32_t>> csr_columns, codes;
    std::optional<In<std::int64_t>> csr_starts;
    std::int64_t n_samples;
    mutable std::int64_t checked_features = -1;  // of the CSR matrix, which is checked once

    void require_fit(std::int64_t n_features, std::int64_t n_targets, bool is_learned) const {
        const auto has = [](const auto& array, std::int64_t n) {
            return !array || std::int64_t(array->size()) == n;
        };
        require(has(dense, n_samples * n_features), "X does not fit the network");
        require(n_samples >= 0 && n_samples <= most_parameters / std::max(n_features, n_targets),
                "the number of rows is out of range");
        require(dense || (csr_values && csr_columns && csr_starts), "X is neither dense nor csr");
        require(has(csr_starts, n_samples + 1),
                "the starts of csr rows are not one more than rows");
        require(has(targets, n_samples * n_targets) && has(codes, n_samples * n_targets) &&
                    has(weight, weighs_targets() ? n_samples * n_targets : n_samples) &&
                    (!is_learned || targets || codes),
                "targets or weights do not fit the rows");
        if (dense || checked_features == n_features) return;
        require(csr_values->size() == csr_columns->size(), "csr columns and values differ");
        require_csr(csr_starts->data(), n_samples, csr_columns->data(),
                    std::int64_t(csr_columns->size()), n_features);
        checked_features = n_features;
    }

    // Whether each target of each sample has a weight.
    bool weighs_targets() const { return weight && weight->ndim() == 2; }

    Rows<T> view() const {
        const auto data = [](const auto& array) { return array ? array->data() : nullptr; };
        return {n_samples,     data(dense), data(csr_values), data(csr_columns), data(csr_starts),
                data(targets), data(codes), data(weight),     weighs_targets()};
    }
};

// Of dropout, weight decay and label smoothing, for each step.
inline void require_multipliers(const std::optional<In<double>>& multipliers, std::size_t n_steps) {
    if (!multipliers) return;
    require(multipliers->size() == 3 * n_steps, "there are not three multipliers for each step");
    for (std::size_t i = 0; i < multipliers->size(); ++i)
        require(multipliers->data()[i] >= 0 && multipliers->data()[i] <= 1,
                "a multiplier is out of range");
}

// A NumPy bit generator in use: drawn from under its own lock, as in NumPy.
class RowOrder {
   public:
    RowOrder(InOut<std::int64_t>& order, const std::optional<nb::object>& bit_generator)
        : order_(order) {
        if (!bit_generator) return;
        lock_ = bit_generator->attr("lock");
        const nb::object capsule = bit_generator->attr("capsule");
        generator_ =
            static_cast<BitGenerator*>(PyCapsule_GetPointer(capsule.ptr(), "BitGenerator"));
        if (!generator_) throw nb::python_error();
    }
    // Draws the next epoch's order if there is a generator; returns false after Ctrl-C while another
    // thread held the lock.
    bool draw(Interrupt& interrupt) {
        if (!generator_) return true;
        bool is_drawn = false;
        with_gil([&] { is_drawn = draw_with_gil(interrupt); });
        return is_drawn;
    }

   private:
    bool draw_with_gil(Interrupt& interrupt) {
        try {
            lock_.attr("acquire")();
            // A column for each member, or one for all.
            const std::int64_t width = order_.ndim() == 2 ? std::int64_t(order_.shape(1)) : 1;
            const std::int64_t n = std::int64_t(order_.size()) / width;
            for (std::int64_t i = 0; i < width; ++i)
                shuffle(*generator_, order_.data() + i, n, width);
            lock_.attr("release")();
            return true;
        } catch (nb::python_error& error) {
            interrupt.keep(error);
            return false;
        }
    }

    InOut<std::int64_t>& order_;
    BitGenerator* generator_ = nullptr;
    nb::object lock_;
};

}  // namespace lamina
