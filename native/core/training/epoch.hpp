// Whole epochs: for every batch gather, forward, loss, backward, penalty and update, without the GIL
// and without an allocation; and, by the same passes, the loss and gradient of all samples, and
// predictions.
//
// A step has two rounds of tasks. In the first, a task is a range of samples of the chunk: from
// gathering to delta, samples are independent. In the second, a task is a range of rows of one W:
// their gradient is summed and their weights are updated at once. Between the rounds, only the
// calling thread sums the loss and decides whether to continue. A custom loss receives the whole
// chunk, so it splits the first round in two: forward to the logits, and backward from delta. If the
// gradient's norm is needed before the update, or Muon orthogonalises its matrices, the update is a
// third round.
#pragma once

#include "blocks/passes.hpp"
#include "blocks/rounds.hpp"
#include "training/kept_gradient.hpp"
#include "training/loss_passes.hpp"
#include "training/ranges.hpp"
#include "training/updates.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

inline bool is_finite(double x) { return x - x == 0; }

// Checks the signal after about a millisecond of work, because a check reads the clock.
class Pulse {
   public:
    explicit Pulse(StopSignal signal) : signal_(signal) {}
    bool stops_after(Index multiply_adds) {
        if ((work_ += multiply_adds) < (Index(1) << 22)) return false;
        work_ = 0;
        return signal_.asked(signal_.context);
    }

   private:
    StopSignal signal_;
    Index work_ = 0;
};

template <class T>
double weight_sum_of(const Rows<T>& rows, const Chunk& batch) {
    if (!rows.weight) return double(batch.rows);
    double sum = 0;
    for (Index i = 0; i < batch.rows; ++i) sum += rows.weight[batch[i]];
    return sum;
}

inline constexpr Index row_grain = 4;
inline constexpr Index least_rows = 24;  // with fewer, tasks would read the weights too often
// With more, activations would not fit the second-level cache.
inline constexpr Index most_rows = 128;

// Enough tasks that the others wait only briefly for a late thread.
inline Index row_tasks(Index rows, int n_threads) {
    const Index at_least = (rows + most_rows - 1) / most_rows;
    if (n_threads == 1) return at_least;
    const Index at_most = rows / least_rows < n_threads ? n_threads : rows / least_rows;
    const Index enough = at_least < 4 * n_threads ? 4 * n_threads : at_least;
    return enough < at_most ? enough : at_most;
}

// The passes over one batch, shared by a team of threads.
template <class T>
class Batch {
   public:
    Batch(Network<T>& network, const Rows<T>& rows, const T* parameters,
          const CustomLoss<T>& custom, StopSignal signal, Team& team, bool keeps_gradient = false)
        : network_(network),
          rows_(rows),
          parameters_(parameters),
          custom_(custom),
          pulse_(signal),
          team_(team),
          keeps_gradient_(keeps_gradient) {}

    // Sums loss and gradient over a batch. finish(layer, gradient, part, kind) is called for every
    // block of rows of W, and for the biases of every layer, as soon as their gradient is complete.
    template <class Finish>
    Ending pass(const Chunk& batch, const Finish& finish) {
        weight_sum_ = weight_sum_of(rows_, batch);
        if (weight_sum_ == 0) return Ending::zero_weight;
        loss_ = 0;
        const Index size = network_.chunk_size(batch.rows);
        for (Index done = 0; done < batch.rows; done += size) {
            const Index left = batch.rows - done;
            const Chunk chunk = batch.part(done, left < size ? left : size);
            const bool is_last = left <= size;
            const Input<T> input(network_, rows_, chunk);
            pass_rows(chunk, input);
            if (stops()) return Ending::stopped;
            add_loss(chunk.rows, is_last);
            if (!is_finite(loss_)) return Ending::non_finite;
            pass_weights(chunk.rows, input, done == 0, is_last, finish);
            beat(2 * chunk.rows * network_.n_weights);
            if (stops() && !is_last) return Ending::stopped;
        }
        return Ending::finished;
    }

    // Returns whether to stop; the last batch is completed with its update first.
    bool stops() const { return __atomic_load_n(&stops_, __ATOMIC_RELAXED); }
    double loss() const { return loss_; }
    double weight_sum() const { return weight_sum_; }

    // Only the calling thread may run Python's signal handlers.
    void beat(Index multiply_adds) {
        if (pulse_.stops_after(multiply_adds)) stop();
    }

   private:
    void stop() { __atomic_store_n(&stops_, true, __ATOMIC_RELAXED); }

    // One round: body(range) for all samples of a chunk, range by range.
    template <class Body>
    void share_rows(Index rows, const Body& body) {
        const Index n_tasks = row_tasks(rows, team_.size());
        team_.run(n_tasks, [&](Index task, int thread) {
            if (stops()) return;
            const Range mine = part_range(rows, row_grain, task, n_tasks);
            if (thread == 0 && n_tasks > 1) beat(2 * (mine.end - mine.begin) * network_.n_weights);
            body(mine);
        });
    }

    // One round if samples are independent. If they are not, between layers or in the loss: a round
    // to the logits, one for the loss, possibly on the calling thread alone, and one backward.
    void pass_rows(const Chunk& chunk, const Input<T>& input) {
        const auto round = [&](const auto& body) { share_rows(chunk.rows, body); };
        const auto forward_range = [&](Range mine) {
            gather(network_, rows_, chunk, mine);
            forward(network_, parameters_, input, mine);
        };
        const auto compute_losses = [&](Range mine) {
            loss_of_rows(network_, rows_.weight != nullptr, mine);
        };
        const auto backward_range = [&](Range mine) { pass_backward(network_, mine, chunk.rows); };
        const bool is_custom = network_.problem.loss == custom_loss;
        if (network_.normalizes_batch)
            run_forward(network_, rows_, parameters_, chunk, input, team_, round);
        else if (is_custom)
            round(forward_range);
        else
            round([&](Range mine) {
                forward_range(mine), compute_losses(mine), backward_range(mine);
            });
        if (stops()) return;
        if (is_custom && !loss_of_chunk(network_, rows_, chunk.rows, custom_)) return stop();
        if (network_.normalizes_batch) {
            if (!is_custom) round(compute_losses);
            run_backward(network_, chunk.rows, team_, round);
        } else if (is_custom) {
            round(backward_range);
        }
        if (input.dense) return;
        const int parts = team_.size();
        team_.run(parts, [&](Index part, int) {
            const Range mine = part_range(network_.n_features, 1, part, parts);
            list_columns(input.sparse, column_lists(network_), mine.begin, mine.end);
        });
    }

    void add_loss(Index rows, bool is_last) {
        for (Index row = 0; row < rows; ++row) loss_ += network_.row_loss[row];
        if (!is_last) return;
        loss_ /= weight_sum_;
        const Penalty& penalty = network_.problem.penalty;
        if (penalty.l2 == 0 && penalty.l1 == 0) return;
        double squares = 0, magnitudes = 0;
        for (Index block = 0; block < network_.n_squares; ++block) {
            squares += network_.square[block];
            magnitudes += network_.magnitude[block];
        }
        loss_ += penalty_value(penalty, squares, magnitudes) / weight_sum_;
    }

    template <class Finish>
    void pass_weights(Index rows, const Input<T>& input, bool first, bool is_last,
                      const Finish& finish) {
        // With one chunk, a gradient is used at once and stored only if the whole gradient is needed.
        T* const kept = first && is_last && !keeps_gradient_ ? nullptr : (T*)network_.gradient;
        const auto weights = [&](Index i, Range block, int thread) {
            Layer<T>& layer = network_.layers[i];
            T* const part = network_.part + thread * network_.part_size;
            T* const dW = kept ? kept + layer.weights + block.begin * layer.fan_out : part;
            weight_gradient(network_, i, input, rows, block, dW, first, thread);
            if (is_last) finish(layer, dW, block, Kind::weights);
        };
        const auto units = [&](Index i, int thread) {
            Layer<T>& layer = network_.layers[i];
            T* const part = network_.part + thread * network_.part_size;
            T* const db = kept ? kept + layer.biases : part;
            if (layer.learns_bias())
                column_sums<T>(layer.delta, layer.stride, rows, layer.fan_out, db, first);
            else
                std::memset(db, 0, sizeof(T) * std::size_t(layer.fan_out));
            if (is_last) finish(layer, db, Range{0, layer.fan_out}, Kind::biases);
            if (layer.n_learned) sum_learned(layer, kept, part, rows, first, is_last, finish);
            if (layer.normalizes_batch() && rows > 1) tell_moments(layer, part, rows, finish);
        };
        for_parameters(network_, team_, weights, units);
    }

    template <class Finish>
    void sum_learned(Layer<T>& layer, T* kept, T* part, Index rows, bool first, bool is_last,
                     const Finish& finish) {
        const Index n = layer.fan_out, stride = layer.stride;
        T* const sums = kept ? kept + layer.learned : part;
        if (layer.is_normalized()) {
            column_products<T>(layer.normalized_delta, layer.normalized, stride, rows, n, sums,
                               first);
            column_sums<T>(layer.normalized_delta, stride, rows, n, sums + n, first);
        }
        if (layer.parameter_delta)
            column_sums<T>(layer.parameter_delta, stride, rows, n,
                           sums + layer.n_of_normalization() * n, first);
        if (is_last) finish(layer, sums, Range{0, layer.n_learned * n}, Kind::learned);
    }

    // The batch's mean and unbiased variance; the batch has one chunk.
    template <class Finish>
    void tell_moments(Layer<T>& layer, T* part, Index rows, const Finish& finish) {
        const T unbiased = T(double(rows) / double(rows - 1));
        for (Index j = 0; j < layer.fan_out; ++j) {
            part[j] = layer.mean[j];
            part[layer.fan_out + j] = layer.variance[j] * unbiased;
        }
        finish(layer, part, Range{0, 2 * layer.fan_out}, Kind::statistics);
    }

    Network<T>& network_;
    const Rows<T>& rows_;
    const T* const parameters_;
    const CustomLoss<T>& custom_;
    Pulse pulse_;
    Team& team_;
    const bool keeps_gradient_;
    double loss_ = 0, weight_sum_ = 0;
    bool stops_ = false;
};

template <class T>
int broken_block(Network<T>& network, const Rows<T>& rows, const T* parameters,
                 const Chunk& batch) {
    const Chunk chunk = batch.part(0, network.chunk_size(batch.rows));
    gather(network, rows, chunk, {0, chunk.rows});
    const Input<T> input(network, rows, chunk);
    return first_non_finite_block<T>(network, parameters, &input, chunk.rows);
}

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
                 int n_threads) {
    network.uses_running = false;
    network.draws = {update.seed, std::uint64_t(update.step), network.draws_any()};
    network.prepare_forward(rows, true, network.largest_chunk_of(batches.batch_size));
    Updates<T> updates(update, update.parameters, update.slots, network.n_parameters,
                       network.problem.penalty);
    network.prepare_backward(n_threads, batches.batch_size, most_entries(network, rows, batches),
                             updates.keeps_gradient());
    refresh_all(network, update.parameters);
    Team team(n_threads);
    Batch<T> passes(network, rows, update.parameters, custom, signal, team,
                    updates.keeps_gradient());
    KeptGradient<T> kept(network, updates, team);
    // Updates a range of parameters, and the copies of it that the passes read.
    const auto finish = [&](Layer<T>& layer, const T* sum, Range part, Kind kind) {
        if (updates.keeps_gradient())
            return kept.finish(layer, sum, passes.weight_sum(), part, kind);
        const Range flat = flat_range(layer, part, kind);
        if (kind == Kind::statistics)
            return move_statistics(update.parameters + flat.begin, sum, flat.end - flat.begin);
        updates.make(sum, passes.weight_sum(), flat, kind);
        refresh(network, layer, update.parameters, part, kind);
    };
    Report report{Ending::finished, 0, 0, -1};
    for (Index start = 0; start < batches.n_order && report.ending == Ending::finished;
         start += batches.batch_size) {
        const Index left = batches.n_order - start;
        const Chunk batch{batches.order + start, 0,
                          left < batches.batch_size ? left : batches.batch_size};
        updates.begin(report.steps, batches.learning_rates[report.steps]);
        network.draws.step = std::uint64_t(update.step + report.steps);
        report.ending = passes.pass(batch, finish);
        report.loss += passes.loss() * double(batch.rows);
        if (report.ending == Ending::finished) {
            if (!updates.keeps_gradient() || kept.update(update.parameters, passes, batch.rows))
                ++report.steps;
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
                             int n_threads) {
    network.uses_running = false;
    network.draws.active = false;
    network.prepare_forward(rows, false, network.largest_chunk_of(rows.n_samples));
    network.prepare_backward(
        n_threads, rows.n_samples,
        most_entries(network, rows, {nullptr, rows.n_samples, rows.n_samples, {}}));
    refresh_all(network, parameters);
    Team team(n_threads);
    Batch<T> passes(network, rows, parameters, custom, signal, team);
    const auto finish = [&](Layer<T>& layer, const T* sum, Range part, Kind kind) {
        if (kind == Kind::statistics) return;
        const Range flat = flat_range(layer, part, kind);
        finish_gradient(gradient + flat.begin, sum, parameters + flat.begin, flat.end - flat.begin,
                        kind == Kind::weights ? network.problem.penalty : Penalty{},
                        passes.weight_sum());
    };
    const Ending ending = passes.pass({nullptr, 0, rows.n_samples}, finish);
    return {ending, passes.loss(), 0, -1};
}

// Ends as non_finite if a dense X is not finite; callers check the values of a CSR X first.
// a of every block except the last, without the padding between rows; `done` samples precede the
// chunk.
template <class T>
void keep_activations(const Network<T>& network, Index done, Range range, T* const* activations) {
    for (Index i = 0; i + 1 < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        for (Index row = range.begin; row < range.end; ++row)
            std::memcpy(activations[i] + (done + row) * layer.fan_out, layer.a + row * layer.stride,
                        sizeof(T) * std::size_t(layer.fan_out));
    }
}

template <class T>
Report run_predict(Network<T>& network, int inverse_link, const Rows<T>& rows, const T* parameters,
                   T* prediction, T* const* activations, StopSignal signal, int n_threads) {
    const Index size = network.predicted_chunk_size(rows.n_samples, n_threads);
    network.uses_running = true;
    network.draws.active = false;
    network.prepare_forward(rows, false, size);
    refresh_all(network, parameters);
    Team team(n_threads);
    Pulse pulse(signal);
    const Index n_outputs = network.n_outputs;
    bool is_broken = false;
    for (Index done = 0; done < rows.n_samples; done += size) {
        const Index left = rows.n_samples - done;
        const Chunk chunk{nullptr, done, left < size ? left : size};
        const Input<T> input(network, rows, chunk);
        const Index n_tasks = row_tasks(chunk.rows, team.size());
        team.run(n_tasks, [&](Index task, int) {
            const Range mine = part_range(chunk.rows, row_grain, task, n_tasks);
            const Index n = mine.end - mine.begin;
            gather(network, rows, chunk, mine);
            if (input.dense &&
                !all_finite(input.dense + mine.begin * network.n_features, n * network.n_features))
                __atomic_store_n(&is_broken, true, __ATOMIC_RELAXED);
            forward(network, parameters, input, mine);
            if (activations) keep_activations(network, done, mine, activations);
            gather_logits(network, mine);
            T* p = network.p + mine.begin * n_outputs;
            inverse_link_table<T>[inverse_link](p, n, n_outputs, network.heads());
            std::memcpy(prediction + (done + mine.begin) * n_outputs, p,
                        sizeof(T) * std::size_t(n * n_outputs));
        });
        if (__atomic_load_n(&is_broken, __ATOMIC_RELAXED)) return {Ending::non_finite, 0, 0, -1};
        if (pulse.stops_after(chunk.rows * network.n_weights)) return {Ending::stopped, 0, 0, -1};
    }
    return {Ending::finished, 0, 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
