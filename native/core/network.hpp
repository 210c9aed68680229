// The working memory of one network, and the passes over one chunk of rows: gather, forward, loss,
// backward. Batches are worked through in chunks, so that memory is bounded however large a batch;
// gradients go on summing where the chunk before left off, in the order of the rows.
//
// Shapes: x (rows, n_features); a, delta (rows, stride) of each block, rows padded to whole vectors
// with zeros (a: with anything finite) behind fan_out; W (fan_in, fan_out), b (fan_out) in the flat
// parameters.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>

#include "activations.hpp"
#include "engine.hpp"
#include "losses.hpp"
#include "matmul.hpp"
#include "sparse.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Zeroed memory on a cache line; the operating system hands out the pages when they are touched.
template <class T>
class Buffer {
   public:
    Buffer() = default;
    explicit Buffer(Index n) {
        memory_ = std::calloc(std::size_t(n) * sizeof(T) + 64, 1);
        if (!memory_) throw std::bad_alloc();
        data_ = reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(memory_) + 63) & ~std::uintptr_t(63));
    }
    Buffer(Buffer&& other) noexcept : memory_(other.memory_), data_(other.data_) {
        other.memory_ = nullptr;
    }
    Buffer& operator=(Buffer&& other) noexcept {
        void* mine = memory_;
        memory_ = other.memory_, data_ = other.data_;
        other.memory_ = mine;
        return *this;
    }
    ~Buffer() { std::free(memory_); }
    operator T*() const { return data_; }

   private:
    void* memory_ = nullptr;
    T* data_ = nullptr;
};

template <class T>
struct Layer {
    Index fan_in = 0, fan_out = 0, stride = 0;
    Index weights = 0, biases = 0;  // where they start in the flat vector
    Activation<T> activation{};
    Buffer<T> a, delta;
    Buffer<T> bias;        // padded
    Buffer<T> tail;        // W's last columns, (fan_in, one vector)
    Buffer<T> transposed;  // Wᵀ, (fan_out, padded(fan_in)); not for the first block
};

// The rows of one chunk: which ones, and how many.
struct Chunk {
    const std::int64_t* order;  // null: rows first, first + 1, …
    Index first, rows;
    Index operator[](Index i) const { return order ? order[i] : first + i; }
};

inline constexpr Index chunk_bytes = Index(16) << 20;

template <class T>
class Network {
   public:
    Network(const Problem& problem, Index largest_batch);

    // Weights have changed: bring the copies that the passes read up to date.
    void read_parameters(const T* parameters, bool for_backward);
    void gather(const Rows<T>& rows, const Chunk& chunk);
    void forward();
    // The sum of the chunk's weighted losses; leaves delta in the last layer.
    double loss();
    // Adds the chunk's part to the gradient; `first` says that there is nothing to add to.
    void backward(T* gradient, bool first);
    void link(int link, T* prediction);
    int first_non_finite_block(const T* parameters, bool values_too);

    Index chunk_size(Index batch) const;
    Index n_parameters() const { return n_parameters_; }
    Index n_weights() const { return n_weights_; }
    T* gradient() { return gradient_ ? gradient_ : (gradient_ = Buffer<T>(n_parameters_)); }
    const Problem& problem() const { return problem_; }

   private:
    void affine(Layer<T>& layer, bool is_first);
    void weight_gradient(Layer<T>& layer, Index i, T* gradient, bool first);
    void pass_down(Layer<T>& above, Layer<T>& below);
    void gather_logits();

    Problem problem_;
    Index n_layers_, n_features_, n_outputs_, n_parameters_ = 0, n_weights_ = 0;
    Index chunk_ = 0;       // rows that a chunk may have
    Index most_rows_ = 0;   // rows that the largest one here will have
    Buffer<Block> blocks_;
    struct Layers {
        Layer<T>* data;
        explicit Layers(Index n) : data(new Layer<T>[n]) {}
        ~Layers() { delete[] data; }
        Layer<T>& operator[](Index i) { return data[i]; }
    } layers_;
    const T* parameters_ = nullptr;

    // the present chunk
    Index rows_ = 0;
    const T* x_ = nullptr;
    SparseRows<T> sparse_{};
    bool is_sparse_ = false;
    bool has_weight_ = false;
    Buffer<T> gathered_, p_, y_, value_, logit_delta_, weight_, gradient_;
    Buffer<std::int32_t> codes_;
    Buffer<std::int64_t> sparse_rows_;
};

template <class T>
Network<T>::Network(const Problem& problem, Index largest_batch)
    : problem_(problem),
      n_layers_(problem.n_blocks),
      n_features_(problem.blocks[0].fan_in),
      n_outputs_(problem.blocks[problem.n_blocks - 1].fan_out),
      blocks_(problem.n_blocks),
      layers_(problem.n_blocks) {
    std::memcpy(blocks_, problem.blocks, sizeof(Block) * std::size_t(n_layers_));
    problem_.blocks = blocks_;
    Index row_values = n_features_;
    for (Index i = 0; i < n_layers_; ++i) {
        Layer<T>& layer = layers_[i];
        layer.fan_in = problem.blocks[i].fan_in;
        layer.fan_out = problem.blocks[i].fan_out;
        layer.stride = padded<T>(layer.fan_out);
        layer.activation = activation_table<T>[problem.blocks[i].activation];
        layer.weights = n_parameters_;
        n_parameters_ += layer.fan_in * layer.fan_out;
        row_values += 2 * layer.stride;
    }
    n_weights_ = n_parameters_;
    const Index most = chunk_bytes / (row_values * Index(sizeof(T)));
    chunk_ = most < 64 ? 64 : most;
    const Index rows = most_rows_ = largest_batch < chunk_ ? largest_batch : chunk_;
    for (Index i = 0; i < n_layers_; ++i) {
        Layer<T>& layer = layers_[i];
        layer.biases = n_parameters_;
        n_parameters_ += layer.fan_out;
        layer.a = Buffer<T>(rows * layer.stride);
        layer.bias = Buffer<T>(layer.stride);
        if (layer.fan_out % lanes<T>) layer.tail = Buffer<T>(layer.fan_in * lanes<T>);
    }
    const Index logits = rows * n_outputs_ + padding<T>;
    p_ = Buffer<T>(logits);
    y_ = Buffer<T>(logits);
    value_ = Buffer<T>(logits + rows);
    logit_delta_ = Buffer<T>(logits);
    weight_ = Buffer<T>(rows);
    codes_ = Buffer<std::int32_t>(rows);
    sparse_rows_ = Buffer<std::int64_t>(rows);
}

// Chunks of nearly equal size, none over the bound.
template <class T>
Index Network<T>::chunk_size(Index batch) const {
    const Index chunks = (batch + chunk_ - 1) / chunk_;
    return chunks < 2 ? batch : (batch + chunks - 1) / chunks;
}

template <class T>
void Network<T>::read_parameters(const T* parameters, bool for_backward) {
    parameters_ = parameters;
    for (Index i = 0; i < n_layers_; ++i) {
        Layer<T>& layer = layers_[i];
        const T* W = parameters + layer.weights;
        std::memcpy(layer.bias, parameters + layer.biases, sizeof(T) * std::size_t(layer.fan_out));
        if (layer.tail) pack_tail<T>(W, layer.fan_in, layer.fan_out, layer.tail);
        if (for_backward && i > 0) {
            const Index stride = padded<T>(layer.fan_in);
            if (!layer.transposed) layer.transposed = Buffer<T>(layer.fan_out * stride);
            transpose<T>(W, layer.fan_in, layer.fan_out, layer.transposed, stride);
        }
    }
}

template <class T>
void Network<T>::gather(const Rows<T>& rows, const Chunk& chunk) {
    rows_ = chunk.rows;
    is_sparse_ = !rows.dense;
    const std::size_t row_bytes = sizeof(T) * std::size_t(n_features_);
    if (is_sparse_) {
        for (Index i = 0; i < rows_; ++i) sparse_rows_[i] = chunk[i];
        sparse_ = {rows.csr_values, rows.csr_columns, rows.csr_starts, sparse_rows_, rows_};
    } else if (!chunk.order) {
        x_ = rows.dense + chunk.first * n_features_;
    } else {
        if (!gathered_) gathered_ = Buffer<T>(most_rows_ * n_features_);
        for (Index i = 0; i < rows_; ++i)
            std::memcpy(gathered_ + i * n_features_, rows.dense + chunk[i] * n_features_, row_bytes);
        x_ = gathered_;
    }
    has_weight_ = rows.weight;
    if (rows.weight)
        for (Index i = 0; i < rows_; ++i) weight_[i] = rows.weight[chunk[i]];
    if (rows.codes)
        for (Index i = 0; i < rows_; ++i) codes_[i] = rows.codes[chunk[i]];
    if (rows.targets)
        for (Index i = 0; i < rows_; ++i)
            for (Index j = 0; j < n_outputs_; ++j)
                y_[i * n_outputs_ + j] = rows.targets[chunk[i] * n_outputs_ + j];
}

template <class T>
void Network<T>::affine(Layer<T>& layer, bool is_first) {
    const T* W = parameters_ + layer.weights;
    if (is_first && is_sparse_) {
        sparse_times_dense<T>(sparse_, W, layer.fan_out, layer.bias, layer.a, layer.stride);
        return;
    }
    const Layer<T>* before = is_first ? nullptr : &layer - 1;
    const Left<T> A{is_first ? x_ : before->a, is_first ? n_features_ : before->stride, 1};
    const Right<T> B{W, layer.fan_out, layer.tail, lanes<T>};
    matmul<T>(A, B, {layer.a, layer.stride, true}, Start::row, layer.bias, rows_, layer.fan_out,
              layer.fan_in);
}

template <class T>
void Network<T>::forward() {
    for (Index i = 0; i < n_layers_; ++i) {
        affine(layers_[i], i == 0);
        if (!layers_[i].activation.is_identity)
            layers_[i].activation.activate(layers_[i].a, rows_ * layers_[i].stride);
    }
}

template <class T>
void Network<T>::gather_logits() {
    const Layer<T>& last = layers_[n_layers_ - 1];
    for (Index i = 0; i < rows_; ++i)
        for (Index j = 0; j < n_outputs_; ++j)
            p_[i * n_outputs_ + j] = last.a[i * last.stride + j];
}

template <class T>
double Network<T>::loss() {
    gather_logits();
    const double sum = loss_table<T>[problem_.loss](
        {rows_, n_outputs_, p_, y_, codes_, has_weight_ ? (const T*)weight_ : nullptr,
         logit_delta_, value_});
    Layer<T>& last = layers_[n_layers_ - 1];
    if (!last.delta)
        for (Index i = 0; i < n_layers_; ++i)
            layers_[i].delta = Buffer<T>(most_rows_ * layers_[i].stride);
    for (Index i = 0; i < rows_; ++i)
        for (Index j = 0; j < n_outputs_; ++j)
            last.delta[i * last.stride + j] = logit_delta_[i * n_outputs_ + j];
    return sum;
}

template <class T>
void Network<T>::weight_gradient(Layer<T>& layer, Index i, T* gradient, bool first) {
    T* dW = gradient + layer.weights;
    const Index whole = layer.fan_out / lanes<T> * lanes<T>;
    if (i == 0 && is_sparse_) {
        if (first) std::memset(dW, 0, sizeof(T) * std::size_t(layer.fan_in * layer.fan_out));
        sparse_transposed_times_dense<T>(sparse_, layer.delta, layer.stride, dW, layer.fan_out);
    } else {
        const Left<T> A{i == 0 ? x_ : layers_[i - 1].a, 1,
                        i == 0 ? n_features_ : layers_[i - 1].stride};
        const Right<T> B{layer.delta, layer.stride, layer.delta + whole, layer.stride};
        matmul<T>(A, B, {dW, layer.fan_out, false}, first ? Start::zero : Start::result, nullptr,
                  layer.fan_in, layer.fan_out, rows_);
    }
    column_sums<T>(layer.delta, layer.stride, rows_, layer.fan_out, gradient + layer.biases, first);
}

template <class T>
void Network<T>::pass_down(Layer<T>& above, Layer<T>& below) {
    const Index stride = padded<T>(above.fan_in);
    const Index whole = above.fan_in / lanes<T> * lanes<T>;
    const Right<T> B{above.transposed, stride, above.transposed + whole, stride};
    matmul<T>({above.delta, above.stride, 1}, B, {below.delta, below.stride, true}, Start::zero,
              nullptr, rows_, above.fan_in, above.fan_out);
    if (!below.activation.is_identity)
        below.activation.multiply_slope(below.a, below.delta, rows_ * below.stride);
}

template <class T>
void Network<T>::backward(T* gradient, bool first) {
    for (Index i = n_layers_ - 1; i >= 0; --i) {
        weight_gradient(layers_[i], i, gradient, first);
        if (i > 0) pass_down(layers_[i], layers_[i - 1]);
    }
}

template <class T>
void Network<T>::link(int link, T* prediction) {
    gather_logits();
    link_table<T>[link](p_, rows_, n_outputs_);
    std::memcpy(prediction, p_, sizeof(T) * std::size_t(rows_ * n_outputs_));
}

// With values_too, the chunk at hand runs forward again, block by block, to find where it breaks.
template <class T>
int Network<T>::first_non_finite_block(const T* parameters, bool values_too) {
    for (Index i = 0; i < n_layers_; ++i) {
        Layer<T>& layer = layers_[i];
        if (values_too) affine(layer, i == 0);
        if (!all_finite(parameters + layer.weights, layer.fan_in * layer.fan_out) ||
            !all_finite(parameters + layer.biases, layer.fan_out) ||
            (values_too && !all_finite<T>(layer.a, rows_ * layer.stride)))
            return int(i);
        if (values_too) layer.activation.activate(layer.a, rows_ * layer.stride);
    }
    return -1;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
