// The panels of W and of Wᵀ, and ‖W‖², brought up to date behind the update of W, a few rows at a time.
//
// The update of Adam waits for square roots and divisions. What is copied between the updates of a few
// vectors takes place meanwhile; after the update of many it would take as long again, because a
// processor looks ahead only some hundred operations.
#pragma once

#include "products/matmul.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The panels of n columns, as for_panels makes them: the wider ones first.
template <class T>
class PanelPlaces {
   public:
    struct Place {
        Index first, width;  // columns
    };
    PanelPlaces() = default;
    explicit PanelPlaces(Index n) {
        const Index vectors = (n + lanes<T> - 1) / lanes<T>;
        const Index panels = (vectors + widest_tile - 1) / widest_tile;
        narrow_ = std::uint32_t(vectors / panels);
        of_wide_ = std::uint32_t(vectors % panels) * (narrow_ + 1);
    }
    // The panel that contains a column.
    Place at(Index column) const {
        const std::uint32_t v = std::uint32_t(column / lanes<T>);
        if (v < of_wide_) {
            const std::uint32_t wide = narrow_ + 1;
            return {Index(v / wide * wide) * lanes<T>, Index(wide) * lanes<T>};
        }
        const std::uint32_t first = of_wide_ + (v - of_wide_) / narrow_ * narrow_;
        return {Index(first) * lanes<T>, Index(narrow_) * lanes<T>};
    }

   private:
    std::uint32_t narrow_ = 1, of_wide_ = 0;  // vectors: of a narrower panel, and of all wider ones
};

// Rows whose transposed elements fill 16 bytes.
template <class T>
inline constexpr Index piece_side = 16 / sizeof(T);

template <class T>
class PanelCopies {
   public:
    PanelCopies() = default;
    // For rows [range) of W (k, n), contiguous; range.begin is a multiple of piece_side. `packed` or
    // `transposed` may be null.
    PanelCopies(const T* W, Range range, Index k, Index n, T* packed, T* transposed,
                bool sums_squares)
        : W_(W),
          k_(k),
          n_(n),
          packed_(packed),
          transposed_(transposed),
          sums_squares_(sums_squares),
          end_(range.end),
          columns_(n),
          rows_(k),
          row_(range.begin),
          summed_(W + range.begin * n) {
        if (can_begin_rows()) begin_rows();
    }

    explicit operator bool() const { return W_; }

    // Call when the numbers of W before `end` are up to date, after every few vectors.
    __attribute__((always_inline)) void follow(const T* end) {
        if (sums_squares_) add_squares(end);
        for (int i = 0; i < 2 && needed_ <= end; ++i) copy_next();
    }
    // Copies the rest, and returns ‖W‖² of the rows if it is summed.
    double finish() {
        const T* const end = W_ + end_ * n_;
        while (needed_ <= end) copy_next();
        if (row_ < end_) copy_last_rows();
        return sums_squares_ ? finish_squares(end) : 0;
    }

   private:
    static constexpr Index side = piece_side<T>, width = lanes<double>;

    bool can_begin_rows() const { return row_ + side <= end_; }

    void begin_rows() {
        from_ = W_ + row_ * n_;
        needed_ = from_ + side * n_;
        left_ = n_;
        if (packed_) enter_panel(0);
        if (!transposed_) return;
        if (row_ >= behind_rows_) {
            const auto panel = rows_.at(row_);
            behind_rows_ = panel.first + panel.width;
            transposed_step_ = panel.width;
            row_of_transposed_ = transposed_ + panel.first * n_ - panel.first;
        }
        transposed_to_ = row_of_transposed_ + row_;
    }

    void enter_panel(Index column) {
        const auto panel = columns_.at(column);
        step_ = panel.width;
        to_ = packed_ + panel.first * k_ + row_ * panel.width;
        left_behind_panel_ = n_ - panel.first - panel.width;
    }

    // One vector of each of `side` rows.
    __attribute__((always_inline)) void copy_next() {
        const T* const from = from_;
        const Index left = left_, n = n_;
        Vector<T> rows[side];
        if (left >= lanes<T>) {
            LAMINA_UNROLL
            for (Index r = 0; r < side; ++r) rows[r] = load(from + r * n);
        } else {
            LAMINA_UNROLL
            for (Index r = 0; r < side; ++r) rows[r] = load_part(from + r * n, left);
        }
        if (packed_) {
            T* const to = to_;
            LAMINA_UNROLL
            for (Index r = 0; r < side; ++r) store(to + r * step_, rows[r]);
            to_ = to + lanes<T>;
        }
        if (transposed_) write_columns(rows, left);
        from_ = from + lanes<T>;
        left_ = left - lanes<T>;
        if (left_ > 0) {
            if (packed_ && left_ <= left_behind_panel_) enter_panel(n - left_);
            return;
        }
        row_ += side;
        needed_ = end_of_all();
        if (can_begin_rows()) begin_rows();
    }
    static const T* end_of_all() { return (const T*)~std::uintptr_t(0); }

    __attribute__((always_inline)) void write_columns(Vector<T> (&rows)[side], Index columns) {
        const Index step = transposed_step_;
        T* const to = transposed_to_;
        transpose_pieces(rows, std::make_index_sequence<lanes<T>>());
        if (columns >= lanes<T>) {
            LAMINA_UNROLL
            for (Index j = 0; j < lanes<T>; ++j) write_piece(to + j * step, rows, j);
        } else {
            LAMINA_UNROLL
            for (Index j = 0; j < lanes<T>; ++j)
                if (j < columns) write_piece(to + j * step, rows, j);
        }
        transposed_to_ = to + lanes<T> * step;
    }
    static void write_piece(T* to, const Vector<T> (&rows)[side], Index j) {
        __builtin_memcpy(to, (const T*)&rows[j % side] + j / side * side, 16);
    }

    // Transposes the squares of 16 bytes of each row.
    template <std::size_t... I>
    static void transpose_pieces(Vector<T> (&rows)[side], std::index_sequence<I...> lane) {
        LAMINA_UNROLL
        for (Index r = 0; r < side; r += 2) swap_squares<T, 1>(rows[r], rows[r + 1], lane);
        if constexpr (side == 4) {
            swap_squares<T, 2>(rows[0], rows[2], lane);
            swap_squares<T, 2>(rows[1], rows[3], lane);
        }
    }

    void copy_last_rows() const {
        if (packed_) pack<T>(W_, n_, row_, end_, k_, n_, packed_);
        if (!transposed_) return;
        for (Index row = row_; row < end_; ++row) {
            const auto panel = rows_.at(row);
            T* const to = transposed_ + panel.first * n_ + row - panel.first;
            for (Index j = 0; j < n_; ++j) to[j * panel.width] = W_[row * n_ + j];
        }
    }

    // The sums of sum_of, sixteen numbers at a time.
    __attribute__((always_inline)) void add_squares(const T* end) {
        const T* from = summed_;
        Vector<double> partial[16 / width];
        LAMINA_UNROLL
        for (Index v = 0; v < 16 / width; ++v) partial[v] = partial_[v];
        for (; from + 16 <= end; from += 16) {
            LAMINA_UNROLL
            for (Index v = 0; v < 16 / width; ++v) {
                const Vector<double> each = load_as_double(from + v * width);
                partial[v] += each * each;
            }
        }
        LAMINA_UNROLL
        for (Index v = 0; v < 16 / width; ++v) partial_[v] = partial[v];
        summed_ = from;
    }

    double finish_squares(const T* end) {
        add_squares(end);
        double total[16];
        LAMINA_UNROLL
        for (Index v = 0; v < 16 / width; ++v) store(total + v * width, partial_[v]);
        for (Index i = 0; summed_ + i < end; ++i) total[i] += double(summed_[i]) * summed_[i];
        return sum_of_sixteen(total);
    }

    const T* W_ = nullptr;
    Index k_ = 0, n_ = 0;
    T *packed_ = nullptr, *transposed_ = nullptr;
    bool sums_squares_ = false;
    Index end_ = 0;  // of the rows
    PanelPlaces<T> columns_, rows_;
    // The next vectors to copy: the rows that they are in, the end of W that must be up to date, and
    // the columns left of these rows; where they go in the panels of W and of Wᵀ.
    Index row_ = 0, left_ = 0;
    const T *from_ = nullptr, *needed_ = end_of_all();
    T *to_ = nullptr, *transposed_to_ = nullptr;
    Index step_ = 0, transposed_step_ = 0, left_behind_panel_ = 0, behind_rows_ = 0;
    T* row_of_transposed_ = nullptr;
    const T* summed_ = nullptr;
    Vector<double> partial_[16 / width] = {};
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
