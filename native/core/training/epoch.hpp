// Whole epochs: for every batch gather, forward, loss, backward, penalty and update, without the GIL
// and without an allocation; and, by the same passes, the loss and gradient of all samples.
//
// Weights are updated as soon as their gradient is summed, in the second round of a batch (batch.hpp).
// If the gradient's norm is needed before the update, or Muon orthogonalises its matrices, the update
// is a third round.
#pragma once

#include "training/batch.hpp"
#include "training/kept_gradient.hpp"
#include "training/updates.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Largest number of entries in a chunk of a CSR matrix; 0 if X is dense.
template <class T>
Index most_entries(const Network<T>& network, const Rows<T>& rows, const Batches& batches) {
    if (rows.dense) return 0;
    const Index size = network.chunk_size(batches.batch_size);
    Index most = 1;
    for (Index start = 0; start < batches.n_order; start += batches.batch_size) {
        const Index left = batches.n_order - start;
        const Index batch = left < batches.batch_size ? left : batches.batch_size;
        Index entries = 0;
        for (Index i = 0; i < batch; ++i) {
            if (i % size == 0) entries = 0;
            const Index row = batches.order ? batches.order[start + i] : start + i;
            entries += rows.csr_starts[row + 1] - rows.csr_starts[row];
            if (most < entries) most = entries;
        }
    }
    return most;
}

template <class T>
Report run_epoch(Network<T>& network, const Rows<T>& rows, const Batches& batches,
                 const Update<T>& update, const CustomLoss<T>& custom, StopSignal signal,
                 Team& team) {
    network.uses_running = false;
    network.read_rows_of_x(batches.order_width);
    network.draws = {update.seed, std::uint64_t(update.step), network.draws_any()};
    network.follow({});
    network.prepare_forward(rows, true, network.largest_chunk_of(batches.batch_size));
    Updates<T> updates(update, update.parameters, update.slots, network.n_parameters,
                       network.problem.penalty);
    network.prepare_backward(team.most(), batches.batch_size, most_entries(network, rows, batches),
                             updates.keeps_gradient());
    network.leave_idle_rows(updates.leaves_idle_rows() &&
                            network.chunk_size(batches.batch_size) >= batches.batch_size);
    refresh_all(network, update.parameters);
    Batch<T> passes(network, rows, update.parameters, custom, signal, team,
                    updates.keeps_gradient());
    KeptGradient<T> kept(network, updates, team);
    // Updates a range of parameters, and the copies of it that the passes read.
    const auto finish = [&](const Layer<T>& layer, const T* sum, Range part, Kind kind) {
        if (updates.keeps_gradient())
            return kept.finish(layer, sum, passes.weight_sum(), part, kind);
        const Range flat = flat_range(layer, part, kind);
        if (kind == Kind::statistics)
            return move_statistics(update.parameters + flat.begin, sum, flat.end - flat.begin);
        if (kind == Kind::weights)
            if (PanelCopies<T> copies = copies_of(network, layer, update.parameters, part)) {
                updates.make(sum, passes.weight_sum(), flat, kind, &copies);
                return finish_copies(network, layer, part, copies);
            }
        updates.make(sum, passes.weight_sum(), flat, kind);
        refresh(network, layer, update.parameters, part, kind);
    };
    Report report{Ending::finished, 0, 0, -1};
    for (Index start = 0; start < batches.n_order && report.ending == Ending::finished;
         start += batches.batch_size) {
        const Index left = batches.n_order - start;
        const Chunk batch{batches.order + start * batches.order_width, 0,
                          left < batches.batch_size ? left : batches.batch_size,
                          batches.order_width};
        Multipliers multipliers;
        if (batches.multipliers) network.follow(multipliers = batches.multipliers_of(report.steps));
        updates.begin(report.steps, batches.learning_rates[report.steps], multipliers.weight_decay);
        network.draws.step = std::uint64_t(update.step + report.steps);
        team.begin_step();
        report.ending = passes.pass(batch, finish);
        report.loss += passes.loss() * double(batch.rows);
        if (report.ending == Ending::finished) {
            if (!updates.keeps_gradient() || kept.update(update.parameters, passes, batch.rows))
                ++report.steps;
            team.end_step();
            network.layers[0].end_step(batch.rows);
            if (passes.stops()) report.ending = Ending::stopped;
        } else if (report.ending == Ending::non_finite) {
            report.non_finite_block = broken_block(network, rows, update.parameters, batch);
        }
    }
    report.loss /= double(batches.n_order);
    report.gradient_norm = updates.sum_of_norms() / double(report.steps);
    if (report.ending == Ending::finished)
        report.non_finite_block = first_non_finite_block<T>(network, update.parameters, nullptr, 0);
    return report;
}

template <class T>
Report run_loss_and_gradient(Network<T>& network, const Rows<T>& rows, const T* parameters,
                             T* gradient, const CustomLoss<T>& custom, StopSignal signal,
                             Team& team) {
    network.uses_running = false;
    network.read_rows_of_x(1);
    network.draws.active = false;
    network.follow({});
    network.prepare_forward(rows, false, network.largest_chunk_of(rows.n_samples));
    network.prepare_backward(
        team.most(), rows.n_samples,
        most_entries(network, rows, {nullptr, rows.n_samples, rows.n_samples, {}}));
    network.leave_idle_rows(false);
    refresh_all(network, parameters);
    Batch<T> passes(network, rows, parameters, custom, signal, team);
    const auto finish = [&](const Layer<T>& layer, const T* sum, Range part, Kind kind) {
        if (kind == Kind::statistics) return;
        const Range flat = flat_range(layer, part, kind);
        finish_gradient(gradient + flat.begin, sum, parameters + flat.begin, flat.end - flat.begin,
                        kind == Kind::weights ? network.problem.penalty : Penalty{},
                        passes.weight_sum());
    };
    const Ending ending = passes.pass({nullptr, 0, rows.n_samples}, finish);
    return {ending, passes.loss(), 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
