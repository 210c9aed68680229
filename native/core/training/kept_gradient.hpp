// A batch's whole gradient, if it is needed before the update: for its norm, or to orthogonalise
// matrices.
#pragma once

#include "training/orthogonal.hpp"
#include "training/ranges.hpp"
#include "training/updates.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The whole gradient of a batch, and the round of tasks that updates the parameters by it.
template <class T>
class KeptGradient {
   public:
    KeptGradient(Network<T>& network, Updates<T>& updates, Team& team)
        : network_(network), updates_(updates), team_(team), orthogonal_(team) {
        if (!updates.orthogonalises()) return;
        for (Index i = 0; i < network.n_layers; ++i) {
            if (network.layers[i].tensors.weight_rows == 0) continue;
            if (first_matrix_ < 0) first_matrix_ = i;
            last_matrix_ = i;
        }
        direction_ = Buffer<T>(network.n_weights);
        orthogonal_.make_room(network);
    }

    // Stores a range's gradient from its sum over the batch; for statistics, the values they move
    // towards.
    void finish(const Layer<T>& layer, const T* sum, double weight_sum, Range part, Kind kind) {
        const Range flat = flat_range(layer, part, kind);
        T* const gradient = network_.gradient + flat.begin;
        if (kind == Kind::statistics) {
            std::memcpy(gradient, sum, sizeof(T) * std::size_t(flat.end - flat.begin));
            return;
        }
        const Index place = kind == Kind::weights
                                ? layer.squares + part.begin / weight_rows<T>
                                : network_.n_squares + flat.begin - network_.n_weights;
        updates_.finish(gradient, sum, weight_sum, flat, kind);
        network_.gradient_square[place] =
            updates_.needs_norm() ? sum_of_squares(gradient, flat.end - flat.begin) : 0;
    }

    // Returns false if `work` stopped before anything was changed.
    template <class Work>
    bool update(T* parameters, Work& work, Index batch_rows) {
        double square = 0;
        for (Index i = 0; i < network_.n_gradient_squares(); ++i)
            square += network_.gradient_square[i];
        updates_.take_norm(square);
        if (updates_.orthogonalises() && !orthogonalise(work)) return false;
        const auto follow = [&](const Layer<T>& layer, Range part, Kind kind,
                                bool is_orthogonal = false) {
            const Range flat = flat_range(layer, part, kind);
            const T* const gradient = network_.gradient + flat.begin;
            if (kind == Kind::statistics)
                return move_statistics(parameters + flat.begin, gradient, flat.end - flat.begin);
            is_orthogonal ? updates_.follow(direction_ + flat.begin, gradient, flat,
                                            fan_in_of(layer), layer.tensors.weight_columns)
                          : updates_.make_of_finished(gradient, flat, kind);
            refresh(network_, layer, parameters, part, kind);
        };
        const auto weights = [&](Index i, Range block, int) {
            follow(network_.layers[i], block, Kind::weights, orthogonalises(i));
        };
        const auto units = [&](Index i, int) {
            const Layer<T>& layer = network_.layers[i];
            const Tensors& tensors = layer.tensors;
            if (tensors.biases) follow(layer, {0, tensors.biases}, Kind::biases);
            if (tensors.learned) follow(layer, {0, tensors.learned}, Kind::learned);
            if (layer.needs_batch() && batch_rows > 1)
                follow(layer, {0, tensors.statistics}, Kind::statistics);
        };
        const auto inputs = [&](Index place, int) {
            const Layer<T>& stage = network_.layers[0];
            const InputPart part = stage.input_part(place);
            for (Index i = 0; i < part.n_ranges; ++i) follow(stage, part.ranges[i], Kind::inputs);
            stage.refresh_inputs(parameters, place);
        };
        for_parameters(network_, team_, weights, units, inputs);
        return true;
    }

   private:
    static Index fan_in_of(const Layer<T>& layer) {
        return layer.tensors.weight_rows / layer.tensors.matrices;
    }
    bool orthogonalises(Index i) const {
        if (!updates_.orthogonalises_hidden_only()) return updates_.orthogonalises();
        return first_matrix_ < i && i < last_matrix_;
    }

    template <class Work>
    bool orthogonalise(Work& work) {
        for (Index i = 0; i < network_.n_layers; ++i) {
            const Layer<T>& layer = network_.layers[i];
            const Index rows = layer.tensors.weight_rows;
            if (rows == 0 || !orthogonalises(i)) continue;
            const Range flat = flat_range(layer, {0, rows}, Kind::weights);
            T* const direction = direction_ + flat.begin;
            updates_.look_ahead(network_.gradient + flat.begin, flat, direction);
            const Index n = layer.tensors.matrices, columns = layer.tensors.weight_columns;
            for (Index i = 0; i < n; ++i) {
                orthogonal_.make(direction + i * rows / n * columns, rows / n, columns, work);
                if (work.stops()) return false;
            }
        }
        return true;
    }

    Network<T>& network_;
    Updates<T>& updates_;
    Team& team_;
    Orthogonal<T> orthogonal_;
    Buffer<T> direction_;                         // (n_weights)
    Index first_matrix_ = -1, last_matrix_ = -1;  // layers with the first and the last weights
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
