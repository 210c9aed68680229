// L-BFGS as Python drives it: it receives losses and gradients of any engine.
#include "lbfgs.hpp"

#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

namespace lamina {

using namespace nb::literals;

void bind_lbfgs(nb::module_& module) {
    module.attr("LBFGS_SLOTS") = Lbfgs::n_slots;
    module.attr("LBFGS_NUMBERS") = Lbfgs::n_numbers;
    module.attr("LBFGS_DONE") = int(LbfgsEnding::done);
    module.attr("LBFGS_STOPPED") = int(LbfgsEnding::stopped);
    module.attr("LBFGS_FAILED") = int(LbfgsEnding::failed);
    module.attr("LBFGS_ZERO_WEIGHT") = int(LbfgsEnding::zero_weight);
    nb::class_<LbfgsReport>(module, "LbfgsReport", "Result of iterations of L-BFGS in one call.")
        .def_ro("losses", &LbfgsReport::losses, "Loss at the end of each iteration.")
        .def_ro("steps", &LbfgsReport::steps, "Step of the line search in each iteration.")
        .def_prop_ro(
            "ending", [](const LbfgsReport& it) { return int(it.ending); },
            "LBFGS_DONE, LBFGS_STOPPED, LBFGS_FAILED or LBFGS_ZERO_WEIGHT.")
        .def_ro("last_loss", &LbfgsReport::last_loss, "Loss of the latest evaluation.");
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
