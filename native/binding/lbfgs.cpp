// L-BFGS as Python drives it: it receives losses and gradients of any engine.
#include "../core/training/lbfgs.hpp"

#include <nanobind/nanobind.h>

#include "kernels.hpp"

namespace lamina {

namespace {

using namespace nb::literals;

// L-BFGS with the arrays that it changes, which stay alive with it.
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
        require(lbfgs_.has_begun(), "the first loss is missing");
        require(trial.size() == parameters_.size(), "the trial does not fit the parameters");
        bool has_trial = false;
        without_gil([&] { has_trial = lbfgs_.propose(trial.data()); });
        return has_trial;
    }
    bool receive(double loss, In<double> gradient) {
        require(gradient.size() == parameters_.size(), "the gradient does not fit the parameters");
        require(lbfgs_.is_searching(), "nothing was proposed");
        bool is_iterate = false;
        without_gil([&] { is_iterate = lbfgs_.receive(loss, gradient.data()); });
        return is_iterate;
    }
    const Lbfgs& lbfgs() const { return lbfgs_; }

   private:
    InOut<double> parameters_, slots_, numbers_;
    Lbfgs lbfgs_;
};

}  // namespace

void bind_lbfgs(nb::module_& module) {
    module.attr("LBFGS_SLOTS") = Lbfgs::n_slots;
    module.attr("LBFGS_NUMBERS") = Lbfgs::n_numbers;
    nb::class_<LbfgsHandle>(module, "Lbfgs", "L-BFGS that proposes where to evaluate next.")
        .def(nb::init<InOut<double>, InOut<double>, InOut<double>>(), "parameters"_a.noconvert(),
             "slots"_a.noconvert(), "numbers"_a.noconvert(),
             "It changes all three in place: slots (LBFGS_SLOTS, n_parameters), and LBFGS_NUMBERS\n"
             "numbers, which are zero at first.")
        .def("begin", &LbfgsHandle::begin, "loss"_a, "gradient"_a.noconvert(),
             "Receive the loss and gradient at the parameters, without any earlier pairs.")
        .def("propose", &LbfgsHandle::propose, "trial"_a.noconvert(),
             "Write where to evaluate next; return False if no step lowers the loss.")
        .def("receive", &LbfgsHandle::receive, "loss"_a, "gradient"_a.noconvert(),
             "Receive the loss and gradient at the trial; return True if it is the next iterate.")
        .def_prop_ro("has_begun", [](const LbfgsHandle& it) { return it.lbfgs().has_begun(); })
        .def_prop_ro(
            "loss", [](const LbfgsHandle& it) { return it.lbfgs().loss(); },
            "Loss at the parameters.")
        .def_prop_ro(
            "evaluations",
            [](const LbfgsHandle& it) { return std::int64_t(it.lbfgs().evaluations()); },
            "Number of evaluations in the whole fit.")
        .def_prop_ro(
            "step", [](const LbfgsHandle& it) { return it.lbfgs().step(); },
            "Step of the line search in the latest iteration.")
        .def_prop_ro(
            "largest_gradient", [](const LbfgsHandle& it) { return it.lbfgs().largest_gradient(); },
            "Largest magnitude of an element of the gradient at the parameters.")
        .def_prop_ro(
            "decrease", [](const LbfgsHandle& it) { return it.lbfgs().decrease(); },
            "Decrease of the loss in the latest iteration, relative to the largest of both losses\n"
            "and 1.");
}

}  // namespace lamina
