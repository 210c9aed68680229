// Between forward and backward: the logits of the last layer without padding, the loss of ranges of
// samples or of the whole chunk, and its derivative at the last layer's a.
#pragma once

#include "blocks/network.hpp"
#include "formulas/losses.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Copies the last layer's logits without the padding between rows, which are those of all members.
template <class T>
void gather_logits(Network<T>& network, Range range) {
    const Layer<T>& last = network.layers[network.n_layers - 1];
    for (Index i = range.begin; i < range.end; ++i)
        for (Index j = 0; j < network.n_outputs; ++j)
            network.p[i * network.n_outputs + j] = last.a[i * last.stride + j];
}

// Copies the loss's derivative to the last layer's a, with padding between its rows.
template <class T>
void spread_delta(Network<T>& network, Range range) {
    const Layer<T>& last = network.layers[network.n_layers - 1];
    for (Index i = range.begin; i < range.end; ++i)
        for (Index j = 0; j < network.n_outputs; ++j)
            last.delta[i * last.stride + j] = network.logit_delta[i * network.n_outputs + j];
}

// Computes each sample's loss and its derivative at the last layer's a.
template <class T>
void loss_of_rows(Network<T>& network, const Rows<T>& rows, Range range) {
    const Problem& problem = network.problem;
    const Index n_outputs = network.n_outputs, n_targets = problem.n_targets;
    const Index k = network.n_members;
    range = {range.begin * k, range.end * k};
    const Index first = range.begin * n_outputs, first_target = range.begin * n_targets;
    const bool is_weighted = (rows.weight || k > 1) && !rows.weighs_targets;
    gather_logits(network, range);
    loss_table<T>[problem.loss].of_rows(
        {range.end - range.begin, n_outputs, n_targets, network.heads(),
         problem.loss_hyperparameters, problem.n_loss_hyperparameters, network.p + first,
         network.y + first_target, network.codes + first_target,
         is_weighted ? network.weight + range.begin : nullptr, network.logit_delta + first,
         network.value + first, network.row_loss + range.begin,
         rows.weighs_targets ? network.weight + first_target : nullptr});
    spread_delta(network, range);
}

// The same for a whole chunk by a custom loss; returns false if that failed.
template <class T>
bool loss_of_chunk(Network<T>& network, const Rows<T>& rows, Index n, const CustomLoss<T>& custom) {
    n *= network.n_members;
    gather_logits(network, {0, n});
    const ChunkTerms<T> terms{n,
                              network.n_outputs,
                              network.problem.n_targets,
                              network.p,
                              rows.targets ? (const T*)network.y : nullptr,
                              rows.codes ? (const std::int32_t*)network.codes : nullptr,
                              rows.weight || network.n_members > 1 ? (const T*)network.weight
                                                                   : nullptr,
                              network.logit_delta,
                              network.row_loss};
    if (!custom.compute(custom.context, terms)) return false;
    spread_delta(network, {0, n});
    return true;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
