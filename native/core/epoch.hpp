// Whole epochs: for every batch gather, forward, loss, backward, penalty, update, without a lock and
// without an allocation after the first step; and, with the same passes, loss and gradient of all
// rows, and predictions.
#pragma once

#include "network.hpp"
#include "optimizers.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Asks the signal only after about a millisecond of work: asking takes a look at the clock.
class Pulse {
   public:
    explicit Pulse(StopSignal signal) : signal_(signal) {}
    bool stop_after(Index multiply_adds) {
        work_ += multiply_adds;
        if (work_ < (Index(1) << 23)) return false;
        work_ = 0;
        return signal_.asked(signal_.context);
    }

   private:
    StopSignal signal_;
    Index work_ = 0;
};

struct BatchLoss {
    Ending ending;
    double loss;
    double weight_sum;
};

inline bool is_finite(double x) { return x - x == 0; }

template <class T>
double weight_sum_of(const Rows<T>& rows, const Chunk& batch) {
    if (!rows.weight) return double(batch.rows);
    double sum = 0;
    for (Index i = 0; i < batch.rows; ++i) sum += rows.weight[batch[i]];
    return sum;
}

// One batch's loss, and its gradient summed over the rows. A stop asked for in the middle leaves
// through `Ending::stopped` with neither complete.
template <class T>
BatchLoss pass_batch(Network<T>& network, const Rows<T>& rows, const Chunk& batch,
                     const T* parameters, T* gradient, Pulse& pulse) {
    const Problem& problem = network.problem();
    const double weight_sum = weight_sum_of(rows, batch);
    if (weight_sum == 0) return {Ending::zero_weight, 0, 0};
    network.read_parameters(parameters, true);
    double loss = 0;
    const Index size = network.chunk_size(batch.rows);
    for (Index done = 0; done < batch.rows; done += size) {
        const Index left = batch.rows - done;
        network.gather(rows, {batch.order ? batch.order + done : nullptr, batch.first + done,
                              left < size ? left : size});
        network.forward();
        loss += network.loss();
        if (!is_finite(loss)) return {Ending::non_finite, loss, weight_sum};
        network.backward(gradient, done == 0);
        if (pulse.stop_after(3 * size * network.n_weights()) && left > size)
            return {Ending::stopped, loss, weight_sum};
    }
    loss /= weight_sum;
    if (problem.alpha != 0)
        loss += problem.alpha * 0.5 * sum_of_squares(parameters, network.n_weights()) / weight_sum;
    return {is_finite(loss) ? Ending::finished : Ending::non_finite, loss, weight_sum};
}

template <class T>
Report run_epoch(Network<T>& network, const Rows<T>& rows, const Batches& batches,
                 const Update<T>& update, StopSignal signal) {
    Pulse pulse(signal);
    Report report{Ending::finished, 0, 0, -1};
    T* gradient = network.gradient();
    double total = 0;
    for (Index start = 0; start < batches.n_order; start += batches.batch_size) {
        const Index left = batches.n_order - start;
        const Chunk batch{batches.order + start, 0,
                          left < batches.batch_size ? left : batches.batch_size};
        const BatchLoss passed =
            pass_batch(network, rows, batch, update.parameters, gradient, pulse);
        total += passed.loss * double(batch.rows);
        report.ending = passed.ending;
        if (passed.ending != Ending::finished) break;
        optimizer_table<T>[update.optimizer](
            {update.parameters, gradient, update.slots, network.n_parameters(), network.n_weights(),
             network.problem().alpha, passed.weight_sum, batches.learning_rates[report.steps],
             update.step + report.steps + 1, update.hyperparameters});
        ++report.steps;
        if (pulse.stop_after(network.n_parameters())) {
            report.ending = Ending::stopped;
            break;
        }
    }
    report.loss = total / double(batches.n_order);
    const bool broke = report.ending == Ending::non_finite;
    if (report.ending != Ending::zero_weight)
        report.non_finite_block = network.first_non_finite_block(update.parameters, broke);
    return report;
}

template <class T>
Report run_loss_and_gradient(Network<T>& network, const Rows<T>& rows, const T* parameters,
                             T* gradient, StopSignal signal) {
    Pulse pulse(signal);
    const Chunk all{nullptr, 0, rows.n_rows};
    const BatchLoss passed = pass_batch(network, rows, all, parameters, gradient, pulse);
    if (passed.ending == Ending::finished)
        finish_gradient(gradient, parameters, network.n_parameters(), network.n_weights(),
                        network.problem().alpha, passed.weight_sum);
    return {passed.ending, passed.loss, 0, -1};
}

template <class T>
Report run_predict(Network<T>& network, int link, const Rows<T>& rows, const T* parameters,
                   T* prediction, StopSignal signal) {
    Pulse pulse(signal);
    const Problem& problem = network.problem();
    const Index n_outputs = problem.blocks[problem.n_blocks - 1].fan_out;
    network.read_parameters(parameters, false);
    const Index size = network.chunk_size(rows.n_rows);
    for (Index done = 0; done < rows.n_rows; done += size) {
        const Index left = rows.n_rows - done;
        network.gather(rows, {nullptr, done, left < size ? left : size});
        network.forward();
        network.link(link, prediction + done * n_outputs);
        if (pulse.stop_after(size * network.n_weights())) return {Ending::stopped, 0, 0, -1};
    }
    return {Ending::finished, 0, 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
