// The declarations that Python passes to the kernels, and their reports: named fields instead of
// positions.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "checks.hpp"

namespace lamina {

struct GroupDeclaration {
    int kind;
    std::vector<std::int64_t> columns;
    std::int64_t n_outputs, n_terms;
    std::vector<std::int64_t> n_codes;
    bool scaled;
    InputGroup view() const {
        return {
            kind,  std::int64_t(columns.size()), columns.data(), n_outputs, n_terms, n_codes.data(),
            scaled};
    }
};

struct NetworkDeclaration {
    std::vector<Block> blocks;
    std::vector<GroupDeclaration> groups;
    std::vector<std::int64_t> heads;
    double input_dropout, input_noise;
    int precision;
};

struct ObjectiveDeclaration {
    int loss;
    std::vector<double> hyperparameters;
    std::int64_t n_targets;
    double l2, l1;
    int smoothing_place;
    double target_smoothing;
};

struct OptimizerDeclaration {
    int optimizer;
    std::vector<double> hyperparameters;
    bool amsgrad;
    double weight_decay, max_gradient_norm, average_decay;
    std::vector<FactorSpan> spans;
};

// Checks the groups of an input stage: every column of X is in one of them.
inline void require_groups(const NetworkDeclaration& network) {
    const bool has_stage = network.blocks.front().kind == input_stage_kind();
    require(has_stage == !network.groups.empty(), "groups of inputs belong to an input stage");
    if (!has_stage) return;
    const Block& stage = network.blocks.front();
    require(network.blocks.size() > 1, "an input stage is followed by another block");
    std::vector<bool> is_taken(std::size_t(stage.fan_in));
    std::int64_t n_outputs = 0, n_columns = 0;
    for (const GroupDeclaration& group : network.groups) {
        for (std::int64_t column : group.columns) {
            require(column >= 0 && column < stage.fan_in && !is_taken[std::size_t(column)],
                    "a column is not in X, or in two groups of inputs");
            is_taken[std::size_t(column)] = true;
        }
        n_columns += std::int64_t(group.columns.size());
        n_outputs += outputs_of(group);
        require(n_outputs <= most_parameters, "an input stage is too large");
    }
    require(n_columns == stage.fan_in && n_outputs == stage.fan_out,
            "the groups of inputs do not fit the input stage");
}

// Checks a network; products are rounded in float32 only.
inline void require_network(const NetworkDeclaration& network, bool is_float32) {
    require_blocks(network.blocks);
    require_groups(network);
    require_heads(network.heads, network.blocks.back().fan_out);
    const Precision precision = Precision(network.precision);
    require(precision == Precision::full || is_in(precision_names, network.precision),
            "precision is none of PRECISIONS");
    require(is_float32 || precision == Precision::full,
            "products are rounded in a network of float32 only");
    require(is_fraction(network.input_dropout) && network.input_noise >= 0,
            "the inputs' noise is out of range");
}

inline void bind_network_declaration(nb::module_& module) {
    using namespace nb::literals;
    nb::class_<GroupDeclaration>(module, "InputGroup", "Columns of X with one kind of inputs.")
        .def(
            "__init__",
            [](GroupDeclaration* self, int kind, std::vector<std::int64_t> columns,
               std::int64_t n_outputs, std::int64_t n_terms, std::vector<std::int64_t> n_codes,
               bool scaled) {
                new (self) GroupDeclaration{kind,    std::move(columns), n_outputs,
                                            n_terms, std::move(n_codes), scaled};
            },
            "kind"_a, "columns"_a, "n_outputs"_a = 1, "n_terms"_a = 0,
            "n_codes"_a = std::vector<std::int64_t>(), "scaled"_a = false,
            "kind is a value of INPUTS. n_outputs: learned outputs of a column; n_terms: its\n"
            "frequencies or bins; n_codes: number of codes of every column; scaled: whether each\n"
            "output has a learned factor.");
    nb::class_<Block>(module, "Block", "One layer of a network.")
        .def(
            "__init__",
            [](Block* self, int kind, std::int64_t fan_in, std::int64_t fan_out, int activation,
               const std::vector<double>& hyperparameters, int normalization, bool residual,
               double dropout, bool ntk, bool blend, std::int64_t n_members, bool repeats,
               bool scales_inputs, bool scales_outputs, bool own_biases) {
                require(hyperparameters.size() <= most_block_hyperparameters,
                        "an activation has too many hyperparameters");
                new (self) Block{fan_in,  fan_out, activation, normalization, residual,
                                 dropout, ntk,     blend,      kind};
                std::copy(hyperparameters.begin(), hyperparameters.end(), self->hyperparameters);
                self->n_members = n_members, self->repeats = repeats;
                self->scales_inputs = scales_inputs, self->scales_outputs = scales_outputs;
                self->own_biases = own_biases;
            },
            "kind"_a, "fan_in"_a, "fan_out"_a, "activation"_a = Block{}.activation,
            "hyperparameters"_a = std::vector<double>(), "normalization"_a = Block{}.normalization,
            "residual"_a = Block{}.residual, "dropout"_a = Block{}.dropout, "ntk"_a = Block{}.ntk,
            "blend"_a = Block{}.blend, "n_members"_a = Block{}.n_members,
            "repeats"_a = Block{}.repeats, "scales_inputs"_a = Block{}.scales_inputs,
            "scales_outputs"_a = Block{}.scales_outputs, "own_biases"_a = Block{}.own_biases,
            "kind is a value of BLOCKS. The others describe a dense block: activation is a value\n"
            "of ACTIVATIONS, with its hyperparameters; normalization one of NORMALIZATIONS, or\n"
            "NO_NORMALIZATION. Members: their number, whether all of them read one input, and\n"
            "which parameters they have of their own.");
    nb::class_<NetworkDeclaration>(module, "Declaration", "Blocks of a network and its inputs.")
        .def(
            "__init__",
            [](NetworkDeclaration* self, std::vector<Block> blocks, std::vector<std::int64_t> heads,
               double input_dropout, double input_noise, int precision,
               std::vector<GroupDeclaration> groups) {
                new (self)
                    NetworkDeclaration{std::move(blocks), std::move(groups), std::move(heads),
                                       input_dropout,     input_noise,       precision};
            },
            "blocks"_a, "heads"_a, "input_dropout"_a, "input_noise"_a, "precision"_a,
            "groups"_a = std::vector<GroupDeclaration>(),
            "heads: number of outputs of each, empty if all outputs form one. precision is a value\n"
            "of PRECISIONS, or FULL_PRECISION. groups: those of an input stage.");
}

inline void bind_training_declarations(nb::module_& module) {
    using namespace nb::literals;
    nb::class_<ObjectiveDeclaration>(module, "Objective", "A loss and a penalty on the weights.")
        .def(
            "__init__",
            [](ObjectiveDeclaration* self, int loss, std::vector<double> hyperparameters,
               std::int64_t n_targets, double l2, double l1, int smoothing_place,
               double target_smoothing) {
                require(smoothing_place >= -1 && smoothing_place < int(hyperparameters.size()),
                        "the place of label smoothing is out of range");
                require(is_fraction(target_smoothing), "target_smoothing is out of range");
                new (self) ObjectiveDeclaration{loss,
                                                std::move(hyperparameters),
                                                n_targets,
                                                l2,
                                                l1,
                                                smoothing_place,
                                                target_smoothing};
            },
            "loss"_a, "hyperparameters"_a, "n_targets"_a, "l2"_a, "l1"_a, "smoothing_place"_a,
            "target_smoothing"_a,
            "loss is a value of LOSSES, or CUSTOM_LOSS; n_targets is zero for predictions alone.\n"
            "smoothing_place is the place of label smoothing among the hyperparameters, or -1;\n"
            "target_smoothing the fraction with which numbers as targets are smoothed.");
    nb::class_<OptimizerDeclaration>(module, "Optimizer", "An optimizer and its settings.")
        .def(
            "__init__",
            [](OptimizerDeclaration* self, int optimizer, std::vector<double> hyperparameters,
               bool amsgrad, double weight_decay, double max_gradient_norm, double average_decay,
               const std::vector<std::int64_t>& span_ends, const std::vector<double>& rate_factors,
               const std::vector<double>& decay_factors) {
                require(is_in(names().optimizers, optimizer),
                        "the optimizer is none of OPTIMIZERS");
                require(span_ends.size() == rate_factors.size() &&
                            span_ends.size() == decay_factors.size() &&
                            std::is_sorted(span_ends.begin(), span_ends.end()),
                        "the spans of factors are out of order");
                std::vector<FactorSpan> spans;
                for (std::size_t i = 0; i < span_ends.size(); ++i)
                    spans.push_back({span_ends[i], rate_factors[i], decay_factors[i]});
                new (self)
                    OptimizerDeclaration{optimizer,         with_room(std::move(hyperparameters)),
                                         amsgrad,           weight_decay,
                                         max_gradient_norm, average_decay,
                                         std::move(spans)};
            },
            "optimizer"_a, "hyperparameters"_a, "amsgrad"_a, "weight_decay"_a,
            "max_gradient_norm"_a, "average_decay"_a, "span_ends"_a = std::vector<std::int64_t>(),
            "rate_factors"_a = std::vector<double>(), "decay_factors"_a = std::vector<double>(),
            "optimizer is a value of OPTIMIZERS; average_decay is -1 if no average is kept. Factors\n"
            "of the learning rate and decay of spans of the parameters, by their ends; all one if\n"
            "there are none.");
}

inline void bind_report(nb::module_& module) {
    nb::class_<Report>(module, "Report", "Result of an epoch, or of one pass over all samples.")
        .def_prop_ro(
            "ending", [](const Report& report) { return int(report.ending); },
            "FINISHED, STOPPED, ZERO_WEIGHT or NON_FINITE.")
        .def_ro("loss", &Report::loss, "Mean over the samples, penalty included.")
        .def_ro("steps", &Report::steps, "Number of updates.")
        .def_ro("non_finite_block", &Report::non_finite_block,
                "Index of the first block that is not finite, or -1.")
        .def_ro("gradient_norm", &Report::gradient_norm,
                "Mean over the steps, before clipping, if it was measured.");
}

}  // namespace lamina
