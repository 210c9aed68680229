// Epochs and gradients of small networks: the steps of training/epoch.hpp, with samples as lanes, on
// the calling thread only.
#pragma once

#include "small/network.hpp"
#include "training/epoch.hpp"
#include "training/updates.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The passes over one batch, in chunks.
template <class T>
class SmallBatch {
   public:
    SmallBatch(const Network<T>& network, SmallNetwork<T>& small, const Rows<T>& rows,
               StopSignal signal)
        : network_(network), small_(small), rows_(rows), pulse_(signal) {}

    // The loss and its gradient, summed over the batch, without the penalty's gradient.
    Ending pass(const Chunk& batch) {
        weight_sum_ = weight_sum_of(rows_, batch, 1);
        if (weight_sum_ == 0) return Ending::zero_weight;
        const Index n = small_.n_values;
        const bool is_whole = batch.rows <= small_.capacity;
        if (!is_whole) std::memset(small_.sums, 0, sizeof(T) * std::size_t(n * group_rows));
        double losses[group_rows] = {};
        for (Index done = 0; done < batch.rows; done += small_.capacity) {
            const Index left = batch.rows - done;
            pass_chunk(batch.part(done, left < small_.capacity ? left : small_.capacity), losses,
                       is_whole);
            if (stops_ && left > small_.capacity) return Ending::stopped;
        }
        finish_loss(losses);
        if (!is_finite(loss_)) return Ending::non_finite;
        if (!is_whole) fold_sums(small_.sums, n);
        total_sums(small_.sums, n, small_.gradient);
        return Ending::finished;
    }

    bool stops() const { return stops_; }
    double loss() const { return loss_; }
    double weight_sum() const { return weight_sum_; }

   private:
    void pass_chunk(const Chunk& chunk, double* losses, bool is_whole) {
        const Index groups = (chunk.rows + group_rows - 1) / group_rows;
        for (Index group = 0; group < groups; ++group) gather(chunk, group);
        forward(groups);
        const SmallLayer<T>& last = small_.layers[small_.n_layers - 1];
        loss_table<T>[network_.problem.loss].of_groups(
            {groups, small_.n_outputs, network_.problem.loss_hyperparameters, last.a, small_.y,
             small_.codes, small_.weight, last.delta, losses});
        pass_backward(groups);
        for (Index i = 0; i < small_.n_layers; ++i)
            for (const LaneSums<T>& tile : small_.layers[i].sums)
                (is_whole ? tile.write : tile.add)(tile, groups);
        // In addition to its multiply-adds, a step costs as much as about a thousand of them.
        if (pulse_.stops_after(1000 + 3 * groups * group_rows * small_.n_values)) stops_ = true;
    }

    // The last group is padded with copies of its last sample, with weight zero: they are finite if
    // that sample is, and add nothing.
    void gather(const Chunk& chunk, Index group) {
        const Index first = group * group_rows;
        const Index rows = chunk.rows - first < group_rows ? chunk.rows - first : group_rows;
        Index listed[group_rows];
        const bool is_listed = chunk.order && rows == group_rows;
        if (!is_listed)
            for (Index lane = 0; lane < group_rows; ++lane)
                listed[lane] = chunk[first + (lane < rows ? lane : rows - 1)];
        const Index* const picked = is_listed ? chunk.order + first : listed;
        transpose_rows(rows_.dense, small_.n_features, picked,
                       small_.x + first * small_.n_features);
        if (rows_.targets)
            transpose_rows(rows_.targets, small_.n_outputs, picked,
                           small_.y + first * small_.n_outputs);
        if (rows_.targets && network_.target_factor != 1)
            scale_targets(small_.y + first * small_.n_outputs, group_rows * small_.n_outputs,
                          network_.target_factor);
        if (rows_.codes)
            for (Index lane = 0; lane < group_rows; ++lane)
                small_.codes[first + lane] = T(rows_.codes[picked[lane]]);
        T* const weight = small_.weight + first;
        if (rows_.weight)
            transpose_rows(rows_.weight, 1, picked, weight);
        else
            for (Index lane = 0; lane < group_rows; ++lane) weight[lane] = T(1);
        for (Index lane = rows; lane < group_rows; ++lane) weight[lane] = T(0);
    }

    void forward(Index groups) {
        for (Index i = 0; i < small_.n_layers; ++i) {
            const SmallLayer<T>& layer = small_.layers[i];
            for (const LaneProduct<T>& tile : layer.forward) tile.run(tile, groups);
            if (!layer.activation.is_identity) layer.activation.activate(layer.units(groups));
        }
    }

    void pass_backward(Index groups) {
        for (Index i = small_.n_layers - 1; i > 0; --i) {
            const SmallLayer<T>& below = small_.layers[i - 1];
            for (const LaneProduct<T>& tile : small_.layers[i].backward) tile.run(tile, groups);
            if (!below.activation.is_identity)
                below.activation.multiply_derivative(below.units(groups));
        }
    }

    void finish_loss(const double* losses) {
        loss_ = sum_of_sixteen(losses) / weight_sum_;
        const Penalty& penalty = network_.problem.penalty;
        const Index n = network_.n_weights;
        if (penalty.l2 == 0 && penalty.l1 == 0) return;
        const double squares = sum_of_squares(small_.parameters, n);
        const double magnitudes = penalty.l1 == 0 ? 0 : sum_of_magnitudes(small_.parameters, n);
        loss_ += penalty_value(penalty, squares, magnitudes) / weight_sum_;
    }

    const Network<T>& network_;
    SmallNetwork<T>& small_;
    const Rows<T>& rows_;
    Pulse pulse_;
    double loss_ = 0, weight_sum_ = 0;
    bool stops_ = false;
};

// Returns the first non-finite block, by the passes of larger networks: it happens at most once in a
// fit.
template <class T>
int small_broken_block(Network<T>& network, const Rows<T>& rows, const T* parameters,
                       const Chunk& batch) {
    network.prepare_forward(rows, true, network.largest_chunk_of(batch.rows));
    network.prepare_backward(1, batch.rows, 0);
    refresh_all(network, parameters);
    return broken_block(network, rows, parameters, batch);
}

template <class T>
void read_state(SmallNetwork<T>& small, const Update<T>& update, int n_slots) {
    small.read(update.parameters, small.parameters);
    for (int s = 0; s < n_slots; ++s)
        small.read(update.slots + s * small.n_parameters, small.slots + s * small.n_values);
}

template <class T>
void write_state(const SmallNetwork<T>& small, const Update<T>& update, int n_slots) {
    small.write(small.parameters, update.parameters);
    for (int s = 0; s < n_slots; ++s)
        small.write(small.slots + s * small.n_values, update.slots + s * small.n_parameters);
}

// All weights, then all biases; both have been summed by now. The padding does not affect norms.
template <class T>
void make_small_step(const Network<T>& network, const SmallNetwork<T>& small, Updates<T>& updates,
                     double weight_sum) {
    const Range weights{0, small.n_weights}, biases{small.n_weights, small.n_values};
    T *const of_weights = small.gradient, *const of_biases = small.gradient + small.n_weights;
    if (!updates.keeps_gradient()) {
        updates.make(of_weights, weight_sum, weights, Kind::weights);
        return updates.make(of_biases, weight_sum, biases, Kind::biases);
    }
    updates.finish(of_weights, of_weights, weight_sum, weights, Kind::weights);
    updates.finish(of_biases, of_biases, weight_sum, biases, Kind::biases);
    updates.take_norm(sum_of_squares(of_weights, network.n_weights) +
                      sum_of_squares(of_biases, network.n_parameters - network.n_weights));
    updates.make_of_finished(of_weights, weights, Kind::weights);
    updates.make_of_finished(of_biases, biases, Kind::biases);
}

template <class T>
Report run_small_epoch(Network<T>& network, SmallNetwork<T>& small, const Rows<T>& rows,
                       const Batches& batches, const Update<T>& update, StopSignal signal) {
    Updates<T> updates(update, small.parameters, small.slots, small.n_values,
                       network.problem.penalty);
    read_state(small, update, updates.n_slots());
    network.follow({});
    SmallBatch<T> passes(network, small, rows, signal);
    Report report{Ending::finished, 0, 0, -1};
    Chunk batch{};
    for (Index start = 0; start < batches.n_order && report.ending == Ending::finished;
         start += batches.batch_size) {
        const Index left = batches.n_order - start;
        batch = {batches.order + start, 0, left < batches.batch_size ? left : batches.batch_size};
        Multipliers multipliers;
        if (batches.multipliers) network.follow(multipliers = batches.multipliers_of(report.steps));
        report.ending = passes.pass(batch);
        report.loss += passes.loss() * double(batch.rows);
        if (report.ending != Ending::finished) break;
        updates.begin(report.steps, batches.learning_rates[report.steps], multipliers.weight_decay);
        make_small_step(network, small, updates, passes.weight_sum());
        ++report.steps;
        if (passes.stops()) report.ending = Ending::stopped;
    }
    report.loss /= double(batches.n_order);
    report.gradient_norm = updates.sum_of_norms() / double(report.steps);
    write_state(small, update, updates.n_slots());
    if (report.ending == Ending::non_finite)
        report.non_finite_block = small_broken_block(network, rows, update.parameters, batch);
    if (report.ending == Ending::finished)
        report.non_finite_block = first_non_finite_block<T>(network, update.parameters, nullptr, 0);
    return report;
}

template <class T>
Report run_small_loss_and_gradient(Network<T>& network, SmallNetwork<T>& small, const Rows<T>& rows,
                                   const T* parameters, T* gradient, StopSignal signal) {
    network.follow({});
    small.read(parameters, small.parameters);
    SmallBatch<T> passes(network, small, rows, signal);
    const Ending ending = passes.pass({nullptr, 0, rows.n_samples});
    if (ending != Ending::finished) return {ending, passes.loss(), 0, -1};
    const auto finish = [&](Index begin, Index end, const Penalty& penalty) {
        T* const part = small.gradient + begin;
        finish_gradient(part, part, small.parameters + begin, end - begin, penalty,
                        passes.weight_sum());
    };
    finish(0, small.n_weights, network.problem.penalty);
    finish(small.n_weights, small.n_values, {});
    small.write(small.gradient, gradient);
    return {ending, passes.loss(), 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
