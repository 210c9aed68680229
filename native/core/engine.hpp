// The interface between the binding and the kernels: plain structs, and one table of functions for
// each instruction set. No templates of the standard library: a file compiled for AVX-512 must not
// leave behind a copy of a shared inline function that an older processor would run.
//
// Shapes: X (n_samples, n_features) row-major or CSR; targets or codes (n_samples, n_targets);
// parameters and gradient (n_parameters): the weights of all blocks, their biases, the other learned
// parameters of their units, those of an input stage, then statistics, which no optimizer changes;
// slots (n_slots, n_parameters).
#pragma once

#include <cstdint>

#include "products/bfloat16_product.hpp"
#include "training/lbfgs_kernels.hpp"

namespace lamina {

class Team;

inline constexpr int most_block_hyperparameters = 4;

// Columns of X that an input stage transforms in the same way.
struct InputGroup {
    int kind;  // place in the table of kinds of inputs
    std::int64_t n_columns;
    const std::int64_t* columns;            // indices in X
    std::int64_t n_outputs = 1;             // learned outputs of a column
    std::int64_t n_terms = 0;               // frequencies of periodic, bins of piecewise_linear
    const std::int64_t* n_codes = nullptr;  // of every column, for codes
    bool scaled = false;                    // whether each output has a learned factor
};

// Fields beside kind, fan_in and fan_out are those of dense blocks, and the groups those of an input
// stage; other kinds may ignore them.
struct Block {
    std::int64_t fan_in;
    std::int64_t fan_out;
    int activation = 0;
    int normalization = -1;  // -1: none
    bool residual = false;   // whether a_prev is added to a
    double dropout = 0;      // fraction of a that a training step sets to zero
    bool ntk = false;        // whether products with W are divided by √fan_in
    bool blend = false;      // whether the activation is blended with the identity
    int kind = 0;            // place in the table of blocks
    // Of members: their number, whether each of them receives all of a_prev, and which parameters they
    // have of their own.
    std::int64_t n_members = 1;
    bool repeats = false, scales_inputs = false, scales_outputs = false, own_biases = false;
    // Those of the activation, in the order of the record's `hyperparameters`.
    double hyperparameters[most_block_hyperparameters] = {};
    const InputGroup* groups = nullptr;  // copied when the network is made
    int n_groups = 0;
};

// l2 ½ ‖W‖² + l1 ‖W‖₁, on the weights.
struct Penalty {
    double l2 = 0, l1 = 0;
};

// Precision to which both operands of a product are rounded; its sums stay in the network's dtype.
enum class Precision { full = -1, bfloat16 };
inline constexpr const char* precision_names[] = {"bfloat16", nullptr};

// The number of a custom loss, which is in no table.
inline constexpr int custom_loss = -1;

// The targets of pointers are copied when the network is made.
struct Problem {
    const Block* blocks;
    int n_blocks;
    int loss;
    Penalty penalty;
    Precision precision = Precision::full;
    double input_dropout = 0;    // fraction of the inputs that a training step sets to zero
    double input_noise = 0;      // standard deviation of the noise added to them
    std::int64_t n_targets = 1;  // number of columns of the targets or codes
    const double* loss_hyperparameters = nullptr;  // in the order of the record's `hyperparameters`
    int n_loss_hyperparameters = 0;
    // Label smoothing, for steps that multiply it: its place among these, or -1; and the fraction
    // with which the targets are smoothed already, if they are numbers.
    int smoothing_place = -1;
    double target_smoothing = 0;
    // Number of outputs of each head; null: one head of all outputs.
    const std::int64_t* heads = nullptr;
    int n_heads = 0;
};

template <class T>
struct Rows {
    std::int64_t n_samples;
    const T* dense;       // null if X is CSR
    const T* csr_values;  // CSR: value and column of every entry, and the starts of rows
    const std::int32_t* csr_columns;
    const std::int64_t* csr_starts;
    const T* targets;  // null if the loss takes codes, and for predictions
    const std::int32_t* codes;
    const T* weight;  // null if all weights are one
    // Whether weight is (n_samples, n_targets), a number of each target, instead of (n_samples).
    bool weighs_targets = false;
};

// Multipliers of one step for hyperparameters that follow a schedule.
struct Multipliers {
    double dropout = 1, weight_decay = 1, label_smoothing = 1;
};

struct Batches {
    const std::int64_t* order;
    std::int64_t n_order;
    std::int64_t batch_size;
    const double* learning_rates;         // one per step
    const double* multipliers = nullptr;  // (n_steps, 3), in the order above; null: all are 1
    // order is (n_order, order_width): one row of X for a sample, or one for each of its members.
    std::int64_t order_width = 1;
    Multipliers multipliers_of(std::int64_t step) const {
        const double* const m = multipliers + 3 * step;
        return {m[0], m[1], m[2]};
    }
};

// Factors of the learning rate and of the decay of the parameters up to `end`, from the end of the
// span before.
struct FactorSpan {
    std::int64_t end;
    double rate = 1, decay = 1;
};

template <class T>
struct Update {
    int optimizer;
    const double* hyperparameters;  // in the order of the record's `hyperparameters`
    T* parameters;
    T* slots;
    std::int64_t step;       // number of updates before this epoch
    std::uint64_t seed = 0;  // of dropout and noise
    bool amsgrad = false;
    double weight_decay = 0;
    double max_gradient_norm = __builtin_inf();  // largest norm of a gradient
    double average_decay = -1;  // negative: no average is kept; else its slot is the last
    bool measures_gradient = false;
    const FactorSpan* spans = nullptr;  // in order; all factors behind the last are one
    int n_spans = 0;
};

// Called now and then during long work; returns true to stop after this step.
struct StopSignal {
    bool (*asked)(void* context);
    void* context;
};

// A whole chunk of samples, as input and output of a custom loss.
// Shapes: logits, delta (rows, n_outputs); y, codes (rows, n_targets), one of them null; weight, null
// if all weights are one, and value (rows). value and delta are multiplied by the samples' weights.
template <class T>
struct ChunkTerms {
    std::int64_t rows, n_outputs, n_targets;
    const T* logits;
    const T* y;
    const std::int32_t* codes;
    const T* weight;
    T* delta;
    double* value;
};

// Called by the thread that called the kernels; returns false if the loss failed, and then no step is
// made.
template <class T>
struct CustomLoss {
    bool (*compute)(void* context, const ChunkTerms<T>&) = nullptr;
    void* context = nullptr;
};

enum class Ending { finished, stopped, zero_weight, non_finite };

struct Report {
    Ending ending;
    double loss;               // mean over the samples, penalty included
    std::int64_t steps;        // number of updates
    int non_finite_block;      // -1 if all blocks are finite
    double gradient_norm = 0;  // mean over the steps, before clipping, if measured
};

// Which of a product's matrices is stored transposed.
enum class Orientation { plain, left_transposed, right_transposed };

// A loop of one operation in registers only: in each round, `chains` of them, each on `lanes` numbers.
struct SpinLoop {
    const char* operation;
    int chains;
    std::int64_t lanes;
    double (*run)(std::int64_t rounds);  // returns the mean of all numbers
};

// One compiled set of kernels. `Network` is opaque, because each instruction set has its own.
template <class T>
struct Kernels {
    void* (*make)(const Problem&, std::int64_t largest_batch);
    void (*release)(void* network);
    std::int64_t (*n_parameters)(const void* network);
    std::int64_t (*n_slots)(const Update<T>&);
    // The same team may run several epochs.
    Report (*epoch)(void* network, const Rows<T>&, const Batches&, const Update<T>&,
                    const CustomLoss<T>&, StopSignal, Team&);
    Report (*loss_and_gradient)(void* network, const Rows<T>&, const T* parameters, T* gradient,
                                const CustomLoss<T>&, StopSignal, Team&);
    // activations: null, or the destinations of a of every block except the last, (rows, fan_out)
    // each.
    Report (*predict)(void* network, int inverse_link, const Rows<T>&, const T* parameters,
                      T* prediction, T* const* activations, StopSignal, int n_threads);
    // Reads only the network and has no working memory, so threads may share it.
    Report (*predict_few)(const void* network, int inverse_link, const T* x, std::int64_t n_samples,
                          const T* parameters, T* prediction);
    void (*evaluate)(int function, const T* x, T* y, std::int64_t n);
    // For benchmarks: loops in registers, terminated by one without chains, and a product.
    const SpinLoop* spin_loops;
    void (*multiply)(Orientation, const T* A, const T* B, T* C, std::int64_t m, std::int64_t n,
                     std::int64_t k, int n_threads);
};

// The names in formulas/ of the entries of each table, in their order; terminated by null.
struct Names {
    const char* const* blocks;
    const char* const* inputs;
    const char* const* activations;
    const char* const* losses;
    const char* const* inverse_links;
    const char* const* optimizers;
    const char* const* normalizations;
    const char* const* functions;
};

struct InstructionSet {
    const char* name;
    Names names;  // the same in each set
    Kernels<float> float32;
    Kernels<double> float64;
    LbfgsKernels lbfgs;
    MultiplyBfloat16 emulated_bfloat16;   // on plain vectors, with the bits of tiles
    MultiplyBfloat16 (*bfloat16_unit)();  // the one in use, which may sum in another order
    void (*multiply_bfloat16)(Orientation, const float* A, const float* B, float* C, std::int64_t m,
                              std::int64_t n, std::int64_t k, int n_threads);
};

// The names of the tables' entries.
const Names& names();

}  // namespace lamina
