// Whole epochs: for every batch gather, forward, loss, backward, penalty, update, without a lock on
// Python and without an allocation inside; and, with the same passes, the loss and gradient of all
// rows, and predictions.
//
// A step has two phases with a barrier behind each. In the first, threads share the chunk's rows:
// from gathering to delta a row needs no other. In the second they share the rows of every W: each
// sums its gradient and updates its weights at once. What must be known to all (the batch's loss,
// whether to stop) each computes for itself from the same numbers, so all decide alike.
#pragma once

#include <atomic>

#include "optimizers.hpp"
#include "passes.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

inline bool is_finite(double x) { return x - x == 0; }

// Asks the signal after about a millisecond of work: asking takes a look at the clock. Thread 0
// asks, and sets the step behind which all stop before it arrives at that step's last barrier.
class Pulse {
   public:
    explicit Pulse(StopSignal signal) : signal_(signal) {}
    void beat(int thread, Index multiply_adds, std::int64_t now) {
        if (thread != 0 || (work_ += multiply_adds) < (Index(1) << 22)) return;
        work_ = 0;
        if (signal_.asked(signal_.context)) stop_behind_.store(now, std::memory_order_relaxed);
    }
    bool stops(std::int64_t now) const {
        return now >= stop_behind_.load(std::memory_order_relaxed);
    }

   private:
    StopSignal signal_;
    Index work_ = 0;
    std::atomic<std::int64_t> stop_behind_{INT64_MAX};
};

template <class T>
double weight_sum_of(const Rows<T>& rows, const Chunk& batch) {
    if (!rows.weight) return double(batch.rows);
    double sum = 0;
    for (Index i = 0; i < batch.rows; ++i) sum += rows.weight[batch[i]];
    return sum;
}

// One call's work, seen by one thread of its team.
template <class T>
class Worker {
   public:
    Worker(Network<T>& network, const Rows<T>& rows, Pulse& pulse, int thread, Team& team)
        : network_(network), rows_(rows), pulse_(pulse), thread_(thread), team_(team) {}

    // Sums loss and gradient over a batch. For every block of W's rows, or part of the biases, whose
    // gradient is complete, the thread that completed it calls finish(layer, gradient, part,
    // is_weight).
    template <class Finish>
    Ending pass_batch(const Chunk& batch, const T* parameters, Finish finish) {
        weight_sum_ = weight_sum_of(rows_, batch);
        if (weight_sum_ == 0) return Ending::zero_weight;
        loss_ = 0;
        const Index size = network_.chunk_size(batch.rows);
        for (Index done = 0; done < batch.rows; done += size) {
            const Index left = batch.rows - done;
            const Chunk chunk = batch.part(done, left < size ? left : size);
            const Input<T> input(network_, rows_, chunk);
            share_rows(chunk, input, parameters);
            team_.wait();
            add_loss(chunk.rows, left <= size);
            if (!is_finite(loss_)) return Ending::non_finite;
            share_outputs(chunk.rows, input, done == 0, left <= size, finish);
            pulse_.beat(thread_, 3 * chunk.rows * network_.n_weights, ++chunks_);
            team_.wait();
            if (left > size && pulse_.stops(chunks_)) return Ending::stopped;
        }
        ++batches_;
        return Ending::finished;
    }

    bool stops() const { return pulse_.stops(chunks_); }
    double batch_loss() const { return loss_; }
    double weight_sum() const { return weight_sum_; }
    double* next_squares() const { return squares_of(network_, batches_ + 1); }

   private:
    static constexpr Index row_grain = 4;

    void share_rows(const Chunk& chunk, const Input<T>& input, const T* parameters) {
        const Range mine = share(chunk.rows, row_grain, thread_, team_.size());
        gather(network_, rows_, chunk, mine);
        forward(network_, parameters, input, mine);
        loss(network_, rows_.weight != nullptr, mine);
        pass_down(network_, mine);
    }

    void add_loss(Index rows, bool is_last) {
        for (Index row = 0; row < rows; ++row) loss_ += network_.row_loss[row];
        if (!is_last) return;
        loss_ /= weight_sum_;
        const double alpha = network_.problem.alpha;
        if (alpha == 0) return;
        const double* squares = squares_of(network_, batches_);
        double sum = 0;
        for (Index block = 0; block < network_.n_squares; ++block) sum += squares[block];
        loss_ += alpha * 0.5 * sum / weight_sum_;
    }

    template <class Finish>
    void share_outputs(Index rows, const Input<T>& input, bool first, bool last, Finish finish) {
        const bool whole = first && last;  // then a gradient is used at once, and kept nowhere
        T* const part = network_.part + thread_ * network_.part_size;
        for (Index i = network_.n_layers - 1; i >= 0; --i) {
            Layer<T>& layer = network_.layers[i];
            const Range mine = share(layer.fan_in, weight_rows, thread_, team_.size());
            if (i == 0 && !input.dense)
                list_columns(input.sparse, column_lists(network_), mine.begin, mine.end);
            for_weight_blocks(mine, [&](Range block) {
                T* dW = whole ? part
                              : network_.gradient + layer.weights + block.begin * layer.fan_out;
                weight_gradient(network_, i, input, rows, block, dW, first);
                if (last) finish(layer, dW, block, true);
            });
            // The other way round: the last thread has the larger share of W's rows.
            const Range bias =
                share(layer.fan_out, lanes<T>, team_.size() - 1 - thread_, team_.size());
            T* db = whole ? part : network_.gradient + layer.biases + bias.begin;
            column_sums<T>(layer.delta + bias.begin, layer.stride, rows, bias.end - bias.begin, db,
                           first);
            if (last) finish(layer, db, bias, false);
        }
    }

    Network<T>& network_;
    const Rows<T>& rows_;
    Pulse& pulse_;
    const int thread_;
    Team& team_;
    double loss_ = 0, weight_sum_ = 0;
    std::int64_t chunks_ = 0, batches_ = 0;
};

// The range of the flat vector that rows of W, or a part of the biases, take up.
template <class T>
Range flat_range(const Layer<T>& layer, Range part, bool is_weight) {
    if (!is_weight) return {layer.biases + part.begin, layer.biases + part.end};
    return {layer.weights + part.begin * layer.fan_out, layer.weights + part.end * layer.fan_out};
}

template <class T>
struct EpochCall {
    Network<T>& network;
    const Rows<T>& rows;
    const Batches& batches;
    const Update<T>& update;
    Pulse pulse;
    Report report;
};

template <class T>
int broken_block(EpochCall<T>& call, const Chunk& batch) {
    const Chunk chunk = batch.part(0, call.network.chunk_size(batch.rows));
    gather(call.network, call.rows, chunk, {0, chunk.rows});
    const Input<T> input(call.network, call.rows, chunk);
    return first_non_finite_block<T>(call.network, call.update.parameters, &input, chunk.rows);
}

template <class T>
void work_epoch(void* context, int thread, Team& team) {
    auto& call = *static_cast<EpochCall<T>*>(context);
    const Batches& batches = call.batches;
    Worker<T> worker(call.network, call.rows, call.pulse, thread, team);
    const Update<T>& update = call.update;
    const Optimizer<T>& optimizer = optimizer_table<T>[update.optimizer];
    Step<T> step{update.parameters, update.slots, call.network.n_parameters, update.hyperparameters,
                 call.network.problem.alpha};
    // The update of a range of parameters, and of the copies that the passes read beside them.
    const auto finish = [&](Layer<T>& layer, const T* gradient, Range part, bool is_weight) {
        const Range flat = flat_range(layer, part, is_weight);
        step.weight_sum = worker.weight_sum();
        optimizer.update(step, gradient, flat.begin, flat.end, is_weight);
        is_weight ? refresh_weights(layer, update.parameters, part, worker.next_squares())
                  : refresh_biases(layer, update.parameters, part);
    };
    Report report{Ending::finished, 0, 0, -1};
    double total = 0;
    for (Index start = 0; start < batches.n_order && report.ending == Ending::finished;
         start += batches.batch_size) {
        const Index left = batches.n_order - start;
        const Chunk batch{batches.order + start, 0,
                          left < batches.batch_size ? left : batches.batch_size};
        const std::int64_t number = update.step + report.steps + 1;
        step.rate = batches.learning_rates[report.steps] *
                    optimizer.rate_factor(update.hyperparameters, number);
        report.ending = worker.pass_batch(batch, update.parameters, finish);
        total += worker.batch_loss() * double(batch.rows);
        if (report.ending == Ending::finished) {
            ++report.steps;
            if (worker.stops()) report.ending = Ending::stopped;
        } else if (report.ending == Ending::non_finite && thread == 0) {
            report.non_finite_block = broken_block(call, batch);
        }
    }
    report.loss = total / double(batches.n_order);
    if (thread == 0) call.report = report;
}

// The most entries that a chunk of a csr matrix has; 0 where X is dense.
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
                 const Update<T>& update, StopSignal signal, int n_threads) {
    network.prepare_forward(rows.dense != nullptr);
    network.prepare_backward(n_threads, batches.batch_size, most_entries(network, rows, batches));
    refresh_all(network, update.parameters);
    EpochCall<T> call{network, rows, batches, update, Pulse(signal), {}};
    run_team(n_threads, work_epoch<T>, &call);
    if (call.report.ending == Ending::finished)
        call.report.non_finite_block =
            first_non_finite_block<T>(network, update.parameters, nullptr, 0);
    return call.report;
}

template <class T>
struct GradientCall {
    Network<T>& network;
    const Rows<T>& rows;
    const T* parameters;
    T* gradient;
    Pulse pulse;
    Report report;
};

template <class T>
void work_gradient(void* context, int thread, Team& team) {
    auto& call = *static_cast<GradientCall<T>*>(context);
    Worker<T> worker(call.network, call.rows, call.pulse, thread, team);
    const Chunk all{nullptr, 0, call.rows.n_rows};
    const auto finish = [&](Layer<T>& layer, const T* sum, Range part, bool is_weight) {
        const Range flat = flat_range(layer, part, is_weight);
        finish_gradient(call.gradient + flat.begin, sum, call.parameters + flat.begin,
                        flat.end - flat.begin,
                        is_weight ? call.network.problem.alpha : 0, worker.weight_sum());
    };
    const Ending ending = worker.pass_batch(all, call.parameters, finish);
    if (thread == 0) call.report = {ending, worker.batch_loss(), 0, -1};
}

template <class T>
Report run_loss_and_gradient(Network<T>& network, const Rows<T>& rows, const T* parameters,
                             T* gradient, StopSignal signal, int n_threads) {
    network.prepare_forward(false);
    network.prepare_backward(n_threads, rows.n_rows,
                             most_entries(network, rows, {nullptr, rows.n_rows, rows.n_rows, {}}));
    refresh_all(network, parameters);
    GradientCall<T> call{network, rows, parameters, gradient, Pulse(signal), {}};
    run_team(n_threads, work_gradient<T>, &call);
    return call.report;
}

template <class T>
struct PredictCall {
    Network<T>& network;
    int link;
    const Rows<T>& rows;
    const T* parameters;
    T* prediction;
    Pulse pulse;
};

// Every thread keeps to its own rows of the working memory, so none waits for another.
template <class T>
void work_predict(void* context, int thread, Team& team) {
    auto& call = *static_cast<PredictCall<T>*>(context);
    Network<T>& network = call.network;
    const Rows<T>& rows = call.rows;
    const Index size = network.chunk_size(rows.n_rows), n_outputs = network.n_outputs;
    for (Index done = 0; done < rows.n_rows && !call.pulse.stops(0); done += size) {
        const Index left = rows.n_rows - done;
        const Chunk chunk{nullptr, done, left < size ? left : size};
        const Range mine = share(chunk.rows, 4, thread, team.size());
        const Index n = mine.end - mine.begin;
        gather(network, rows, chunk, mine);
        forward(network, call.parameters, Input<T>(network, rows, chunk), mine);
        gather_logits(network, mine);
        T* p = network.p + mine.begin * n_outputs;
        link_table<T>[call.link](p, n, n_outputs);
        std::memcpy(call.prediction + (done + mine.begin) * n_outputs, p,
                    sizeof(T) * std::size_t(n * n_outputs));
        call.pulse.beat(thread, chunk.rows * network.n_weights, 0);
    }
}

template <class T>
Report run_predict(Network<T>& network, int link, const Rows<T>& rows, const T* parameters,
                   T* prediction, StopSignal signal, int n_threads) {
    network.prepare_forward(false);
    refresh_all(network, parameters);
    PredictCall<T> call{network, link, rows, parameters, prediction, Pulse(signal)};
    run_team(n_threads, work_predict<T>, &call);
    return {call.pulse.stops(0) ? Ending::stopped : Ending::finished, 0, 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
