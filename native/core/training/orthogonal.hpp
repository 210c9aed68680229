// An approximation of the orthogonal matrix nearest to a matrix, for Muon's steps (Jordan 2024), as
// in formulas/muon.py.
//
//     X ← G / ‖G‖;  five times:  A = X Xᵀ,  X ← a X + (b A + c A²) X
//
// Shapes: G (rows, columns); X (m, n), which is G, or Gᵀ if G has more rows than columns, so that A
// (m, m) is as small as possible.
#pragma once

#include "blocks/network.hpp"
#include "products/matmul.hpp"
#include "threads.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
class Orthogonal {
   public:
    explicit Orthogonal(Team& team) : team_(team) {}

    // Makes room for the largest matrix of a network.
    void make_room(const Network<T>& network) {
        Index most = 0, square = 0, across = 0, down = 0;
        const auto raise = [](Index& bound, Index n) { bound = bound < n ? n : bound; };
        for (Index i = 0; i < network.n_layers; ++i) {
            const Tensors& tensors = network.layers[i].tensors;
            const Sides sides(tensors.weight_rows / tensors.matrices, tensors.weight_columns);
            raise(most, sides.m * sides.n), raise(square, packed_size<T>(sides.m, sides.m));
            raise(across, packed_size<T>(sides.m, sides.n));
            raise(down, packed_size<T>(sides.n, sides.m));
        }
        X_ = Buffer<T>(most), across_ = Buffer<T>(across), down_ = Buffer<T>(down);
        A_ = Buffer<T>(square), P_ = Buffer<T>(square), packed_A_ = Buffer<T>(square);
    }

    // In place; incomplete if `work` stops. The calling thread counts the multiply-adds in `work`.
    template <class Work>
    void make(T* G, Index rows, Index columns, Work& work) {
        const Sides sides(rows, columns);
        const double norm = __builtin_sqrt(sum_of_squares(G, rows * columns));
        const T scale = T(1 / (norm < 1e-7 ? 1e-7 : norm));
        const bool is_transposed = rows > columns;
        for (Index i = 0; i < rows; ++i)
            for (Index j = 0; j < columns; ++j)
                X_[is_transposed ? j * rows + i : i * columns + j] = scale * G[i * columns + j];
        for (int round = 0; round < 5; ++round) improve(sides.m, sides.n, work);
        for (Index i = 0; i < rows; ++i)
            for (Index j = 0; j < columns; ++j)
                G[i * columns + j] = X_[is_transposed ? j * rows + i : i * columns + j];
    }

   private:
    struct Sides {
        Index m, n;  // the shorter one first
        Sides(Index rows, Index columns)
            : m(rows < columns ? rows : columns), n(rows < columns ? columns : rows) {}
    };

    template <class Work>
    void improve(Index m, Index n, Work& work) {
        const T a = T(3.4445), b = T(-4.775), c = T(2.0315);
        T *const X = X_, *const A = A_, *const P = P_;
        for_rows(m, work, 0, [&](Index begin, Index end) {
            pack<T>(X, n, begin, end, m, n, across_);
            pack_transposed<T>(X, begin, end, n, m, down_);
        });
        for_rows(m, work, m * n, [&](Index begin, Index end) {
            matmul<T>({X + begin * n, n, 1}, {down_, 0, n}, {A + begin * m, m, false}, Start::zero,
                      nullptr, end - begin, m, n);
        });
        for_rows(m, work, 0,
                 [&](Index begin, Index end) { pack<T>(A, m, begin, end, m, m, packed_A_); });
        for_rows(m, work, m * (m + n), [&](Index begin, Index end) {
            const Index rows = end - begin;
            matmul<T>({A + begin * m, m, 1}, {packed_A_, 0, m}, {P + begin * m, m, false},
                      Start::zero, nullptr, rows, m, m);
            for (Index i = begin * m; i < end * m; ++i) P[i] = c * P[i] + b * A[i];
            for (Index i = begin * n; i < end * n; ++i) X[i] *= a;
            matmul<T>({P + begin * m, m, 1}, {across_, 0, m}, {X + begin * n, n, false},
                      Start::result, nullptr, rows, n, m);
        });
    }

    // In whole vectors of rows, as `pack_transposed` requires.
    template <class Work, class Body>
    void for_rows(Index m, Work& work, Index multiply_adds_a_row, const Body& body) {
        constexpr Index grain = padding<T>;
        const Index n_tasks = (m + grain - 1) / grain;
        team_.run(n_tasks, [&](Index task, int thread) {
            if (work.stops()) return;
            const Range mine = part_range(m, grain, task, n_tasks);
            body(mine.begin, mine.end);
            if (thread == 0) work.beat((mine.end - mine.begin) * multiply_adds_a_row);
        });
    }

    Team& team_;
    Buffer<T> X_, A_, P_, across_, down_, packed_A_;
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
