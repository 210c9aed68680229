// The passes over one batch by a team of threads: the loss and the sums of the gradient.
//
// There are two rounds of tasks. In the first, a task is a range of samples of the chunk: from
// gathering to delta, samples are independent. In the second, a task is a range of rows of one W:
// their gradient is summed, and can be used at once. Between the rounds, only the calling thread sums
// the loss and decides whether to continue. A custom loss receives the whole chunk, so it splits the
// first round in two: forward to the logits, and backward from delta.
#pragma once

#include "blocks/walk.hpp"
#include "training/loss_passes.hpp"
#include "training/pulse.hpp"
#include "training/ranges.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

inline bool is_finite(double x) { return x - x == 0; }

// The sum of the weights of targets, over the number of targets; infinite if they are all zero, because
// such a batch has no loss and no gradient.
template <class T>
double target_weight_sum(const Rows<T>& rows, const Chunk& batch, Index n_targets) {
    double sum = 0;
    bool is_empty = true;
    for (Index i = 0; i < batch.rows * batch.width; ++i)
        for (Index j = 0; j < n_targets; ++j) {
            const T weight = rows.weight[batch[i] * n_targets + j];
            sum += weight;
            is_empty = is_empty && weight == 0;
        }
    return is_empty ? __builtin_inf() : sum / double(n_targets * batch.width);
}

template <class T>
double weight_sum_of(const Rows<T>& rows, const Chunk& batch, Index n_targets) {
    if (!rows.weight) return double(batch.rows);
    if (rows.weighs_targets) return target_weight_sum(rows, batch, n_targets);
    double sum = 0;
    for (Index i = 0; i < batch.rows * batch.width; ++i) sum += rows.weight[batch[i]];
    return sum / double(batch.width);
}

template <class T, class Body>
struct RangeUseOf final : RangeUse<T> {
    const Body& body;
    explicit RangeUseOf(const Body& body) : body(body) {}
    void operator()(Range range, const T* sum) const override { body(range, sum); }
};

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
        weight_sum_ = weight_sum_of(rows_, batch, network_.problem.n_targets);
        if (weight_sum_ == 0) return Ending::zero_weight;
        loss_ = 0;
        const Index size = network_.chunk_size(batch.rows);
        for (Index done = 0; done < batch.rows; done += size) {
            const Index left = batch.rows - done;
            const Chunk chunk = batch.part(done, left < size ? left : size);
            const bool is_last = left <= size;
            const Input<T> input = input_of(network_, rows_, chunk);
            n_sections_ = network_.n_sections(batch.rows, input.dense);
            n_sections_ > 1 ? pass_sections(chunk, input) : pass_rows(chunk, input);
            if (stops()) return Ending::stopped;
            add_loss(chunk.rows, is_last);
            if (!is_finite(loss_)) return Ending::non_finite;
            pass_weights(chunk.rows, input, done == 0, is_last, finish);
            beat(2 * chunk.rows * network_.n_members * network_.n_weights);
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
        const Index k = network_.n_members, n_tasks = row_tasks(rows, k, team_.size());
        // Pairs in bfloat16 are of even and odd rows of members.
        const Index grain = k == 1 ? row_grain : network_.is_rounded ? 2 : 1;
        team_.run(n_tasks, [&](Index task, int thread) {
            if (stops()) return;
            const Range mine = part_range(rows, grain, task, n_tasks);
            if (thread == 0 && n_tasks > 1)
                beat(2 * (mine.end - mine.begin) * k * network_.n_weights);
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
        const auto compute_losses = [&](Range mine) { loss_of_rows(network_, rows_, mine); };
        const auto backward_range = [&](Range mine) { pass_backward(network_, mine, chunk.rows); };
        const bool is_custom = network_.problem.loss == custom_loss;
        if (network_.needs_batch)
            run_forward(network_, rows_, parameters_, chunk, input, team_, round);
        else if (is_custom)
            round(forward_range);
        else
            round([&](Range mine) {
                forward_range(mine), compute_losses(mine), backward_range(mine);
            });
        if (stops()) return;
        if (is_custom && !loss_of_chunk(network_, rows_, chunk.rows, custom_)) return stop();
        if (network_.needs_batch) {
            if (!is_custom) round(compute_losses);
            run_backward(network_, chunk.rows, team_, round);
        } else if (is_custom) {
            round(backward_range);
        }
        if (input.dense) return;
        const int parts = team_.size();
        team_.run(parts, [&](Index part, int) {
            const Range mine = part_range(network_.n_features, 1, part, parts);
            list_columns(input.sparse, network_.column_lists(), mine.begin, mine.end);
        });
    }

    // One round over sections of samples, each from gathering to the sums of its gradient.
    void pass_sections(const Chunk& chunk, const Input<T>& input) {
        team_.run(n_sections_, [&](Index section, int thread) {
            const Range whole = part_range(chunk.rows, row_grain, section, n_sections_);
            for (Range mine = whole; mine.begin < whole.end && !stops(); mine.begin = mine.end) {
                if (whole.end - mine.begin > most_rows)
                    mine.end = mine.begin + most_rows;
                else
                    mine.end = whole.end;
                pass_section(chunk, input, mine, section, mine.begin == whole.begin, thread);
            }
        });
    }

    // Some samples of a section.
    void pass_section(const Chunk& chunk, const Input<T>& input, Range mine, Index section,
                      bool first, int thread) {
        if (thread == 0) beat(2 * (mine.end - mine.begin) * network_.n_weights);
        gather(network_, rows_, chunk, mine);
        forward(network_, parameters_, input, mine);
        loss_of_rows(network_, rows_, mine);
        pass_backward(network_, mine, chunk.rows);
        T* const gradient = network_.sections + section * network_.section_size;
        for (Index i = 0; i < network_.n_layers; ++i) {
            const Layer<T>& layer = network_.layers[i];
            layer.section_gradient(network_, input_of_block(network_, i, input), mine,
                                   gradient + layer.weights, gradient + layer.biases, first,
                                   thread);
        }
    }

    // sums = Σ_sections of n parameters from `first` on.
    void add_sections(Index first, Index n, T* sums) const {
        const T* const section = network_.sections + first;
        for_slices<T>(n, [&](auto slice) {
            Vector<T> sum = slice.read(section);
            for (Index i = 1; i < n_sections_; ++i)
                sum += slice.read(section + i * network_.section_size);
            slice.write(sums, sum);
        });
    }

    void add_loss(Index rows, bool is_last) {
        for (Index row = 0; row < rows * network_.n_members; ++row) loss_ += network_.row_loss[row];
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
            const Layer<T>& layer = network_.layers[i];
            T* const part = network_.part + thread * network_.part_size;
            const Index columns = layer.tensors.weight_columns;
            T* const dW = kept ? kept + layer.weights + block.begin * columns : part;
            if (n_sections_ > 1)
                add_sections(layer.weights + block.begin * columns,
                             (block.end - block.begin) * columns, dW);
            else
                layer.weight_gradient(network_, input_of_block(network_, i, input), rows, block, dW,
                                      first, thread);
            if (is_last) finish(layer, dW, block, Kind::weights);
        };
        const auto units = [&](Index i, int thread) {
            const Layer<T>& layer = network_.layers[i];
            const Tensors& tensors = layer.tensors;
            T* const part = network_.part + thread * network_.part_size;
            T* const db = kept ? kept + layer.biases : part;
            if (tensors.biases && n_sections_ > 1)
                add_sections(layer.biases, tensors.biases, db);
            else if (tensors.biases)
                layer.bias_gradient(rows, db, first);
            if (is_last && tensors.biases) finish(layer, db, {0, tensors.biases}, Kind::biases);
            T* const sums = kept ? kept + layer.learned : part;
            if (tensors.learned)
                layer.learned_gradient(input_of_block(network_, i, input), rows, sums, first);
            if (is_last && tensors.learned)
                finish(layer, sums, {0, tensors.learned}, Kind::learned);
            if (!layer.needs_batch() || rows < 2) return;
            layer.batch_statistics(rows, part);
            finish(layer, part, {0, tensors.statistics}, Kind::statistics);
        };
        const auto inputs = [&](Index place, int thread) {
            const Layer<T>& stage = network_.layers[0];
            if (stage.has_idle_rows(place)) {
                T* const scratch = network_.part + thread * network_.part_size;
                const auto finish_rows = [&](Range rows, const T* sum) {
                    finish(stage, sum, rows, Kind::inputs);
                };
                return stage.row_gradients(rows, place, scratch,
                                           RangeUseOf<T, decltype(finish_rows)>(finish_rows));
            }
            const InputPart part = stage.input_part(place);
            T* sums[most_ranges];
            T* next = network_.part + thread * network_.part_size;
            for (Index i = 0; i < part.n_ranges; ++i) {
                sums[i] = kept ? kept + stage.inputs + part.ranges[i].begin : next;
                next += part.ranges[i].end - part.ranges[i].begin;
            }
            stage.input_gradient(parameters_, rows, place, sums, next, first);
            if (!is_last) return;
            for (Index i = 0; i < part.n_ranges; ++i)
                finish(stage, sums[i], part.ranges[i], Kind::inputs);
            stage.refresh_inputs(parameters_, place);
        };
        for_parameters(network_, team_, weights, units, inputs);
    }

    Network<T>& network_;
    const Rows<T>& rows_;
    const T* const parameters_;
    const CustomLoss<T>& custom_;
    Pulse pulse_;
    Team& team_;
    const bool keeps_gradient_;
    Index n_sections_ = 1;
    double loss_ = 0, weight_sum_ = 0;
    bool stops_ = false;
};

template <class T>
int broken_block(Network<T>& network, const Rows<T>& rows, const T* parameters,
                 const Chunk& batch) {
    const Chunk chunk = batch.part(0, network.chunk_size(batch.rows));
    gather(network, rows, chunk, {0, chunk.rows});
    const Input<T> input = input_of(network, rows, chunk);
    return first_non_finite_block<T>(network, parameters, &input, chunk.rows);
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
