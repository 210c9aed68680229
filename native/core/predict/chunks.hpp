// Predictions of many samples, chunk by chunk.
#pragma once

#include <cstring>

#include "blocks/walk.hpp"
#include "formulas/losses.hpp"
#include "training/loss_passes.hpp"
#include "training/pulse.hpp"
#include "training/ranges.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Stores a of every block except the last, without the padding between rows; `done` samples precede the
// chunk.
template <class T>
void keep_activations(const Network<T>& network, Index done, Range range, T* const* activations) {
    for (Index i = 0; i + 1 < network.n_layers; ++i) {
        const Layer<T>& layer = network.layers[i];
        const Index k = layer.n_members;
        for (Index row = range.begin * k; row < range.end * k; ++row)
            layer.copy_a(row, activations[i] + (done * k + row) * layer.fan_out);
    }
}

// Writes the mean over the members of the predictions in p, for `n` samples.
template <class T>
void average_members(const T* p, Index n, Index k, Index n_outputs, T* prediction) {
    for (Index row = 0; row < n; ++row, p += k * n_outputs)
        for (Index j = 0; j < n_outputs; ++j) {
            T sum = 0;
            for (Index i = 0; i < k; ++i) sum += p[i * n_outputs + j];
            prediction[row * n_outputs + j] = sum / T(k);
        }
}

// Ends as non_finite if a dense X is not finite; callers check the values of a CSR X first.
template <class T>
Report run_predict(Network<T>& network, int inverse_link, const Rows<T>& rows, const T* parameters,
                   T* prediction, T* const* activations, StopSignal signal, int n_threads) {
    network.read_rows_of_x(1);
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
        const Input<T> input = input_of(network, rows, chunk);
        const Index k = network.n_members, n_tasks = row_tasks(chunk.rows, k, team.size());
        team.run(n_tasks, [&](Index task, int) {
            const Range mine = part_range(chunk.rows, k > 1 ? 1 : row_grain, task, n_tasks);
            const Index n = mine.end - mine.begin;
            gather(network, rows, chunk, mine);
            if (input.dense &&
                !all_finite(input.dense + mine.begin * network.n_features, n * network.n_features))
                __atomic_store_n(&is_broken, true, __ATOMIC_RELAXED);
            forward(network, parameters, input, mine);
            if (activations) keep_activations(network, done, mine, activations);
            gather_logits(network, {mine.begin * k, mine.end * k});
            T* const p = network.p + mine.begin * k * n_outputs;
            inverse_link_table<T>[inverse_link].apply(p, n * k, n_outputs, network.heads());
            T* const to = prediction + (done + mine.begin) * n_outputs;
            if (k > 1)
                average_members(p, n, k, n_outputs, to);
            else
                std::memcpy(to, p, sizeof(T) * std::size_t(n * n_outputs));
        });
        if (__atomic_load_n(&is_broken, __ATOMIC_RELAXED)) return {Ending::non_finite, 0, 0, -1};
        if (pulse.stops_after(chunk.rows * network.n_members * network.n_weights))
            return {Ending::stopped, 0, 0, -1};
    }
    return {Ending::finished, 0, 0, -1};
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
