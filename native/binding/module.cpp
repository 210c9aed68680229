// lamina._native: array types, the GIL, and Ctrl-C, and nothing else. Python validates, core/
// computes.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/engine.hpp"
#include "../core/threads.hpp"
#include "declarations.hpp"
#include "interrupt.hpp"
#include "kernels.hpp"
#include "lbfgs.hpp"
#include "python_loss.hpp"
#include "samples.hpp"

namespace nb = nanobind;
using namespace nb::literals;
using namespace lamina;

namespace {

template <class T>
class NetworkHandle {
   public:
    NetworkHandle(const NetworkDeclaration& network, const ObjectiveDeclaration& objective,
                  std::int64_t largest_batch) {
        require_network(network, std::is_same_v<T, float>);
        std::vector<Block> blocks = network.blocks;
        std::vector<InputGroup> groups;
        for (const GroupDeclaration& group : network.groups) groups.push_back(group.view());
        blocks.front().groups = groups.data();
        blocks.front().n_groups = int(groups.size());
        require(largest_batch >= 0 && largest_batch <= most_parameters, "a batch is too large");
        has_stage_ = !groups.empty();
        n_features_ = blocks.front().fan_in, n_outputs_ = blocks.back().fan_out;
        n_members_ = blocks.back().n_members;
        has_members_ = std::any_of(blocks.begin(), blocks.end(), [](const Block& block) {
            return is_kind(block, "shared_dense") || is_kind(block, "member_heads");
        });
        for (std::size_t i = 0; i + 1 < blocks.size(); ++i)
            hidden_widths_.push_back(blocks[i].fan_out * blocks[i].n_members);
        n_targets_ = objective.n_targets, largest_batch_ = largest_batch, heads_ = network.heads;
        const std::size_t n_hyperparameters = objective.hyperparameters.size();
        require_loss(objective.loss, n_hyperparameters, n_outputs_, n_targets_, heads_.size());
        const Targets targets = targets_of(objective.loss, n_hyperparameters);
        takes_codes_ = targets.takes_codes, takes_any_ = targets.is_any;
        const std::vector<double> numbers = with_room(objective.hyperparameters);
        Problem problem{blocks.data(), int(blocks.size()), objective.loss};
        problem.penalty = {objective.l2, objective.l1};
        problem.precision = Precision(network.precision);
        problem.input_dropout = network.input_dropout;
        problem.input_noise = network.input_noise;
        problem.n_targets = n_targets_;
        problem.loss_hyperparameters = numbers.data();
        problem.n_loss_hyperparameters = int(n_hyperparameters);
        problem.smoothing_place = objective.smoothing_place;
        problem.target_smoothing = objective.target_smoothing;
        problem.heads = heads_.data();
        problem.n_heads = int(heads_.size());
        try {
            network_ = kernels<T>().make(problem, largest_batch);
        } catch (const std::bad_alloc&) {
            raise_out_of_memory();
        }
        n_parameters_ = kernels<T>().n_parameters(network_);
    }
    NetworkHandle(const NetworkHandle&) = delete;
    ~NetworkHandle() { kernels<T>().release(network_); }

    // Runs epoch after epoch until one ends early, and reports each. An interrupt is held back, so
    // that the caller can record the finished epochs first.
    std::vector<Report> epochs(const RowArrays<T>& rows, InOut<std::int64_t> order,
                               std::int64_t batch_size, In<double> learning_rates,
                               std::optional<In<double>> multipliers,
                               const OptimizerDeclaration& optimizer, bool measures_gradient,
                               InOut<T> parameters, InOut<T> slots, std::int64_t step,
                               std::uint64_t seed, std::int64_t n_threads, bool chooses_threads,
                               std::optional<nb::object> bit_generator,
                               std::optional<nb::object> python_loss, double seconds) {
        require_fit(rows, parameters.size());
        const std::int64_t width = order.ndim() == 2 ? std::int64_t(order.shape(1)) : 1;
        require(width == 1 || width == n_members_, "the order has a column for each member");
        const std::int64_t n_order = std::int64_t(order.size()) / width;
        require(batch_size >= 1 && batch_size <= largest_batch_, "batch_size is out of range");
        require_order(order.data(), n_order * width, rows.n_samples);
        require(step >= 0 && step <= most_parameters, "the optimizer's step is out of range");
        require(learning_rates.ndim() == 2, "learning rates are of epochs and steps");
        const std::int64_t n_steps = std::int64_t(learning_rates.shape(1));
        require(n_steps >= n_order / batch_size, "there are fewer learning rates than steps");
        require_multipliers(multipliers, learning_rates.size());
        // With one rate fewer than batches, a last and smaller batch is left out.
        const bool uses_all = n_steps >= (n_order + batch_size - 1) / batch_size;
        const std::int64_t n_used = uses_all ? n_order : n_steps * batch_size;
        Update<T> update{optimizer.optimizer,
                         optimizer.hyperparameters.data(),
                         parameters.data(),
                         slots.data(),
                         step,
                         seed};
        update.amsgrad = optimizer.amsgrad;
        update.weight_decay = optimizer.weight_decay;
        update.max_gradient_norm = optimizer.max_gradient_norm;
        update.average_decay = optimizer.average_decay;
        update.measures_gradient = measures_gradient;
        update.spans = optimizer.spans.data();
        update.n_spans = int(optimizer.spans.size());
        require(std::int64_t(slots.size()) == kernels<T>().n_slots(update) * n_parameters_,
                "the optimizer's slots do not fit the network");
        Interrupt interrupt(seconds);
        PythonLoss<T> custom(python_loss, interrupt);
        RowOrder row_order(order, bit_generator);
        std::vector<Report> reports;
        without_gil([&] {
            Team team(threads_within(n_threads), chooses_threads ? &step_times_ : nullptr);
            const double* rates = learning_rates.data();
            const double* const end = rates + learning_rates.size();
            const double* factors = multipliers ? multipliers->data() : nullptr;
            for (bool goes_on = true; goes_on && rates < end && row_order.draw(interrupt);
                 rates += n_steps, factors = factors ? factors + 3 * n_steps : nullptr) {
                const Report report =
                    kernels<T>().epoch(network_, rows.view(),
                                       {order.data(), n_used, batch_size, rates, factors, width},
                                       update, custom.callback(), interrupt.signal(), team);
                update.step += report.steps;
                reports.push_back(report);
                goes_on = report.ending == Ending::finished && report.non_finite_block < 0 &&
                          std::isfinite(report.loss) && !interrupt.check();
            }
        });
        // Otherwise an interrupt of the last moments would be raised before the caller has the
        // reports.
        interrupt.check_now();
        kept_ = interrupt.take();
        return reports;
    }

    void raise_interrupt() {
        if (const auto error = std::move(kept_)) throw nb::python_error(std::move(*error));
    }

    Report loss_and_gradient(const RowArrays<T>& rows, In<T> parameters, InOut<T> gradient,
                             std::int64_t n_threads, std::optional<nb::object> python_loss) {
        require_fit(rows, parameters.size());
        require(gradient.size() == parameters.size(), "the gradient does not fit the network");
        Interrupt interrupt;
        PythonLoss<T> custom(python_loss, interrupt);
        Report report;
        without_gil([&] {
            Team team(threads_within(n_threads));
            report = kernels<T>().loss_and_gradient(network_, rows.view(), parameters.data(),
                                                    gradient.data(), custom.callback(),
                                                    interrupt.signal(), team);
        });
        interrupt.rethrow();
        return report;
    }

    // Runs iterations of L-BFGS, with one team of threads for evaluations and vectors. An interrupt is
    // held back as by `epochs`.
    LbfgsReport minimise(LbfgsHandle& lbfgs, const RowArrays<double>& rows,
                         std::int64_t n_iterations, double tol, double loss_tol,
                         std::int64_t max_evaluations, std::int64_t n_threads,
                         std::optional<nb::object> python_loss, double seconds) {
        require_fit(rows, lbfgs.n_parameters());
        lbfgs.require_begun();
        Interrupt interrupt(seconds);
        PythonLoss<double> custom(python_loss, interrupt);
        LbfgsReport report;
        without_gil([&] {
            Team team(threads_within(n_threads));
            report = lbfgs.iterate({tol, loss_tol, double(max_evaluations), n_iterations},
                                   interrupt, team, [&](const double* trial, double* gradient) {
                                       return kernels<double>().loss_and_gradient(
                                           network_, rows.view(), trial, gradient,
                                           custom.callback(), interrupt.signal(), team);
                                   });
        });
        interrupt.check_now();
        kept_ = interrupt.take();
        return report;
    }

    int predict(int inverse_link, const RowArrays<T>& rows, In<T> parameters, InOut<T> prediction,
                std::vector<InOut<T>> activations, std::int64_t n_threads) {
        require(is_in(names().inverse_links, inverse_link),
                "inverse_link is none of INVERSE_LINKS");
        require_fit(rows, parameters.size(), false);
        require(std::int64_t(prediction.size()) == rows.n_samples * n_outputs_,
                "the prediction does not fit the rows");
        const std::vector<T*> hidden = places_of(activations, rows.n_samples);
        Interrupt interrupt;
        Report report;
        without_gil([&] {
            report =
                kernels<T>().predict(network_, inverse_link, rows.view(), parameters.data(),
                                     prediction.data(), hidden.empty() ? nullptr : hidden.data(),
                                     interrupt.signal(), threads_within(n_threads));
        });
        interrupt.rethrow();
        return int(report.ending);
    }

    int predict_few(int inverse_link, In<T> X, In<T> parameters, InOut<T> prediction) const {
        const std::int64_t n_samples = X.ndim() == 2 ? std::int64_t(X.shape(0)) : -1;
        require(is_in(names().inverse_links, inverse_link),
                "inverse_link is none of INVERSE_LINKS");
        require(std::int64_t(X.size()) == n_samples * n_features_, "X does not fit the network");
        require(std::int64_t(parameters.size()) == n_parameters_,
                "the parameters do not fit the network");
        require(std::int64_t(prediction.size()) == n_samples * n_outputs_,
                "the prediction does not fit the rows");
        require(!has_members_, "a network with members predicts in chunks");
        Report report;
        without_gil([&] {
            report = kernels<T>().predict_few(network_, inverse_link, X.data(), n_samples,
                                              parameters.data(), prediction.data());
        });
        return int(report.ending);
    }

   private:
    void require_fit(const RowArrays<T>& rows, std::size_t n_parameters, bool is_learned = true) {
        rows.require_fit(n_features_, n_targets_, is_learned);
        require(!takes_any_ || !rows.weighs_targets(), "a custom loss takes a weight of each row");
        require(!has_stage_ || rows.dense.has_value(), "an input stage needs a dense X");
        require(std::int64_t(n_parameters) == n_parameters_,
                "the parameters do not fit the network");
        if (!is_learned) return;
        require(n_targets_ > 0 && (takes_any_ || (takes_codes_ ? rows.codes.has_value()
                                                               : rows.targets.has_value())),
                "the loss takes other targets");
        if (takes_codes_)
            require_codes(rows.codes->data(), rows.n_samples, n_targets_, heads_, n_outputs_);
    }

    std::vector<T*> places_of(std::vector<InOut<T>>& activations, std::int64_t n_samples) const {
        require(activations.empty() || activations.size() == hidden_widths_.size(),
                "there are not as many activations as hidden blocks");
        std::vector<T*> places;
        for (std::size_t i = 0; i < activations.size(); ++i) {
            require(std::int64_t(activations[i].size()) == n_samples * hidden_widths_[i],
                    "the activations do not fit the rows");
            places.push_back(activations[i].data());
        }
        return places;
    }

    void* network_;
    std::vector<std::int64_t> hidden_widths_, heads_;
    bool takes_codes_ = false, takes_any_ = false, has_stage_ = false, has_members_ = false;
    std::int64_t n_features_ = 0, n_outputs_ = 0, n_targets_ = 0, n_parameters_ = 0;
    std::int64_t largest_batch_ = 0, n_members_ = 1;
    std::unique_ptr<nb::python_error> kept_;
    StepTimes step_times_;
};

template <class T>
void bind(nb::module_& module, const char* rows_name, const char* network_name) {
    nb::class_<RowArrays<T>>(module, rows_name,
                             "The rows that a network reads; it copies nothing. A weight of two\n"
                             "dimensions is that of each target of each row.")
        .def(
            "__init__",
            [](RowArrays<T>* self, std::int64_t n_samples, std::optional<In<T>> dense,
               std::optional<In<T>> csr_values, std::optional<In<std::int32_t>> csr_columns,
               std::optional<In<std::int64_t>> csr_starts, std::optional<In<T>> targets,
               std::optional<In<std::int32_t>> codes, std::optional<In<T>> weight) {
                new (self) RowArrays<T>{std::move(dense),       std::move(csr_values),
                                        std::move(targets),     std::move(weight),
                                        std::move(csr_columns), std::move(codes),
                                        std::move(csr_starts),  n_samples};
            },
            "n_samples"_a, "dense"_a.noconvert().none(), "csr_values"_a.noconvert().none(),
            "csr_columns"_a.noconvert().none(), "csr_starts"_a.noconvert().none(),
            "targets"_a.noconvert().none(), "codes"_a.noconvert().none(),
            "weight"_a.noconvert().none());

    nb::class_<NetworkHandle<T>> handle(module, network_name,
                                        "Working memory and passes of one network.");
    if constexpr (std::is_same_v<T, double>)
        handle.def("minimise", &NetworkHandle<T>::minimise, "lbfgs"_a, "rows"_a, "n_iterations"_a,
                   "tol"_a, "loss_tol"_a, "max_evaluations"_a, "n_threads"_a,
                   "python_loss"_a.none(), "seconds"_a,
                   "Run iterations of L-BFGS until a limit, within a time limit in seconds.");
    handle
        .def(nb::init<const NetworkDeclaration&, const ObjectiveDeclaration&, std::int64_t>(),
             "declaration"_a, "objective"_a, "largest_batch"_a,
             "With CUSTOM_LOSS, `epochs` and `loss_and_gradient` need python_loss(logits, y,\n"
             "weight), which returns (value, delta).")
        .def(
            "epochs", &NetworkHandle<T>::epochs, "rows"_a, "order"_a.noconvert(), "batch_size"_a,
            "learning_rates"_a.noconvert(), "multipliers"_a.noconvert().none(), "optimizer"_a,
            "measures_gradient"_a, "parameters"_a.noconvert(), "slots"_a.noconvert(), "step"_a,
            "seed"_a, "n_threads"_a, "chooses_threads"_a, "bit_generator"_a.none(),
            "python_loss"_a.none(), "seconds"_a,
            "Run one epoch for each row of learning rates, within a time limit in seconds, and\n"
            "report each. A bit generator, if not None, shuffles `order` before each epoch.\n"
            "order: (n_samples), or (n_samples, n_members) with an order of each member, which are\n"
            "shuffled one after another. chooses_threads: whether one thread takes the steps if\n"
            "that is faster. multipliers: of dropout, weight decay and label smoothing, (epochs,\n"
            "steps, 3).")
        .def("raise_interrupt", &NetworkHandle<T>::raise_interrupt,
             "Raise the exception of a signal handler or of the loss during the last `epochs` or\n"
             "`minimise`.")
        .def("loss_and_gradient", &NetworkHandle<T>::loss_and_gradient, "rows"_a,
             "parameters"_a.noconvert(), "gradient"_a.noconvert(), "n_threads"_a,
             "python_loss"_a.none())
        .def("predict", &NetworkHandle<T>::predict, "inverse_link"_a, "rows"_a,
             "parameters"_a.noconvert(), "prediction"_a.noconvert(), "activations"_a.noconvert(),
             "n_threads"_a,
             "Return a value of Ending: NON_FINITE if a dense X has such an element. activations:\n"
             "destinations of a of every block except the last, or an empty list.")
        .def("predict_few", &NetworkHandle<T>::predict_few, "inverse_link"_a, "X"_a.noconvert(),
             "parameters"_a.noconvert(), "prediction"_a.noconvert(),
             "Predict from unpacked weights; any number of threads may share the network.");
}

nb::dict numbered(const char* const* names) {
    nb::dict table;
    for (int i = 0; names[i]; ++i) table[names[i]] = i;
    return table;
}

}  // namespace

NB_MODULE(_native, module) {
    module.doc() = "lamina's kernels: whole epochs in C++, without the GIL.";
    module.attr("BLOCKS") = numbered(names().blocks);
    module.attr("INPUTS") = numbered(names().inputs);
    module.attr("ACTIVATIONS") = numbered(names().activations);
    module.attr("LOSSES") = numbered(names().losses);
    module.attr("CUSTOM_LOSS") = custom_loss;
    module.attr("INVERSE_LINKS") = numbered(names().inverse_links);
    module.attr("OPTIMIZERS") = numbered(names().optimizers);
    module.attr("PRECISIONS") = numbered(precision_names);
    module.attr("NORMALIZATIONS") = numbered(names().normalizations);
    module.attr("NO_NORMALIZATION") = int(Block{}.normalization);
    module.attr("FULL_PRECISION") = int(Precision::full);
    module.attr("FUNCTIONS") = numbered(names().functions);
    module.attr("FINISHED") = int(Ending::finished);
    module.attr("STOPPED") = int(Ending::stopped);
    module.attr("ZERO_WEIGHT") = int(Ending::zero_weight);
    module.attr("NON_FINITE") = int(Ending::non_finite);
    bind_network_declaration(module);
    bind_training_declarations(module);
    bind_report(module);
    bind_lbfgs(module);
    bind<float>(module, "Rows32", "Network32");
    bind<double>(module, "Rows64", "Network64");
    bind_measures(module);
    module.def(
        "end_calls", end_calls, "seconds"_a,
        "Ask the calls of all other threads to stop, wait at most this many seconds for them,\n"
        "and prevent new calls: for the end of the interpreter.");
    module.def(
        "forget_calls", [] { calls_at_work = 0; },
        "Reset the count of running calls: for a forked child, which has only one thread.");
    module.def(
        "has_variable",
        [](const char* name) {
            const char* const value = std::getenv(name);
            return value && *value;
        },
        "name"_a,
        "Return True if an environment variable is set and not empty, faster than os.environ.");
}
