// A loss in Python, called with whole chunks of samples while the kernels run without the GIL.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "interrupt.hpp"
#include "kernels.hpp"

namespace lamina {

// `function(logits, y, weight)` returns (value, delta): value in float64, both in the shapes of
// ChunkTerms.
template <class T>
class PythonLoss {
   public:
    PythonLoss(const std::optional<nb::object>& function, Interrupt& interrupt)
        : function_(function), interrupt_(interrupt) {}
    CustomLoss<T> callback() { return {compute, this}; }

   private:
    static bool compute(void* self, const ChunkTerms<T>& terms) {
        return static_cast<PythonLoss*>(self)->compute(terms);
    }

    bool compute(const ChunkTerms<T>& terms) {
        bool is_computed = false;
        with_gil([&] { is_computed = compute_with_gil(terms); });
        return is_computed;
    }

    bool compute_with_gil(const ChunkTerms<T>& terms) {
        try {
            call(terms);
            return true;
        } catch (nb::python_error& error) {
            interrupt_.keep(error);
        } catch (const std::exception& error) {
            PyErr_SetString(PyExc_ValueError, error.what());
            nb::python_error raised;
            interrupt_.keep(raised);
        }
        return false;
    }

    void call(const ChunkTerms<T>& terms) {
        require(function_.has_value(), "the network has no loss of its own");
        const std::size_t rows = std::size_t(terms.rows);
        const std::size_t n_targets = std::size_t(terms.n_targets);
        const nb::object y =
            terms.codes ? copy(terms.codes, {rows, n_targets}) : copy(terms.y, {rows, n_targets});
        const nb::tuple answer = nb::cast<nb::tuple>(
            (*function_)(copy(terms.logits, {rows, std::size_t(terms.n_outputs)}), y,
                         terms.weight ? copy(terms.weight, {rows}) : nb::none()));
        const In<double> value = nb::cast<In<double>>(nb::object(answer[0]), false);
        const In<T> delta = nb::cast<In<T>>(nb::object(answer[1]), false);
        require(std::int64_t(value.size()) == terms.rows &&
                    std::int64_t(delta.size()) == terms.rows * terms.n_outputs,
                "a loss gave value or delta of another size");
        std::copy_n(value.data(), value.size(), terms.value);
        std::copy_n(delta.data(), delta.size(), terms.delta);
    }

    // Python may keep its arguments, so they are copies.
    template <class U>
    static nb::object copy(const U* data, std::initializer_list<std::size_t> shape) {
        return nb::cast(nb::ndarray<nb::numpy, U>(const_cast<U*>(data), shape),
                        nb::rv_policy::copy);
    }

    const std::optional<nb::object>& function_;
    Interrupt& interrupt_;
};

}  // namespace lamina
