// The core's own tests, without Python, so that sanitizers see nothing else: every instruction set
// that this machine supports, both dtypes and bfloat16, every loss, optimizer and kind of block, dense
// and CSR, in one chunk and in several, with one thread and with many, small networks and larger ones.
// Prints failures, and exits with their number.
#include <cmath>
#include <cstdio>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "../core/engine.hpp"
#include "../core/instruction_sets.hpp"
#include "bfloat16_test.hpp"
#include "expect.hpp"
#include "inputs_test.hpp"

using namespace lamina;

namespace {
bool never(void*) { return false; }
constexpr StopSignal quiet{never, nullptr};

template <class T>
const Kernels<T>& kernels_of(const InstructionSet& set);
template <>
const Kernels<float>& kernels_of(const InstructionSet& set) {
    return set.float32;
}
template <>
const Kernels<double>& kernels_of(const InstructionSet& set) {
    return set.float64;
}

// Hyperparameters and outputs of the losses; those not named here have none.
struct Settings {
    const char* loss;
    std::vector<double> hyperparameters;
    std::int64_t outputs_per_target = 1;
};
const std::vector<Settings> loss_settings = {{"huber", {0.5}},      {"quantile", {0.3}},
                                             {"tweedie", {1.5}},    {"gaussian_nll", {}, 2},
                                             {"binary_focal", {2}}, {"smoothed_log_loss", {0.1}},
                                             {"focal", {2, 0.1}}};

Settings settings_of(int loss) {
    for (const Settings& settings : loss_settings)
        if (std::string(settings.loss) == names().losses[loss]) return settings;
    return {names().losses[loss], {}};
}

bool is_of_codes(int loss) {
    const std::string name = names().losses[loss];
    return name == "log_loss" || name == "smoothed_log_loss" || name == "focal";
}

// Random samples for one loss, dense or CSR, and a network for them.
template <class T>
struct Example {
    std::vector<Block> blocks;
    Problem problem{};
    Settings settings;
    std::vector<T> dense, values, targets, weight, parameters;
    std::vector<std::int32_t> columns, codes;
    std::vector<std::int64_t> starts, order;
    std::int64_t n_samples, n_parameters = 0;
    bool is_sparse, takes_codes;

    // The last of the widths is the number of targets.
    Example(int loss, bool sparse, std::int64_t rows, std::vector<std::int64_t> widths,
            Precision precision = Precision::full)
        : settings(settings_of(loss)),
          n_samples(rows),
          is_sparse(sparse),
          takes_codes(is_of_codes(loss)) {
        const std::int64_t n_targets = widths.back();
        widths.back() *= settings.outputs_per_target;
        std::mt19937 random(7);
        std::uniform_real_distribution<double> uniform(-1, 1);
        for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
            const bool is_last = i + 2 == widths.size();
            blocks.push_back({widths[i], widths[i + 1], is_last ? 0 : 2});
            n_parameters += (widths[i] + 1) * widths[i + 1];
        }
        problem = {blocks.data(), int(blocks.size()), loss, {0.1}, precision};
        problem.n_targets = takes_codes ? 1 : n_targets;
        problem.loss_hyperparameters = settings.hyperparameters.data();
        problem.n_loss_hyperparameters = int(settings.hyperparameters.size());
        const std::int64_t n_features = widths.front(), n_outputs = widths.back();
        starts.push_back(0);
        for (std::int64_t row = 0; row < rows; ++row) {
            for (std::int64_t j = 0; j < n_features; ++j) {
                const T x = T(uniform(random));
                const bool is_kept = !sparse || (row + j) % 3 == 0;
                dense.push_back(is_kept ? x : T(0));
                if (!is_kept) continue;
                values.push_back(x);
                columns.push_back(std::int32_t(j));
            }
            starts.push_back(std::int64_t(values.size()));
            codes.push_back(std::int32_t(random() % std::uint32_t(n_outputs)));
            weight.push_back(T(0.5 + 0.4 * uniform(random)));
            // A gamma loss does not take zero.
            for (std::int64_t j = 0; j < n_targets; ++j)
                targets.push_back(T(0.5 + random() % 2 * 0.5));
            order.push_back((row * 7919) % rows);
        }
        for (std::int64_t i = 0; i < n_parameters; ++i)
            parameters.push_back(T(0.3 * uniform(random)));
    }

    Rows<T> rows() const {
        return {n_samples,
                is_sparse ? nullptr : dense.data(),
                is_sparse ? values.data() : nullptr,
                is_sparse ? columns.data() : nullptr,
                is_sparse ? starts.data() : nullptr,
                takes_codes ? nullptr : targets.data(),
                takes_codes ? codes.data() : nullptr,
                weight.data()};
    }

    Rows<T> rows_to_predict() const {
        Rows<T> only_x = rows();
        only_x.targets = only_x.weight = nullptr, only_x.codes = nullptr;
        return only_x;
    }
};

// Steps of Adam, without decay, clipping or an average.
template <class T>
Update<T> by_adam(std::vector<T>& parameters, std::vector<T>& slots, std::int64_t step) {
    static const double hyperparameters[] = {0.9, 0.999, 1e-8};
    Update<T> update{};
    update.optimizer = 1, update.hyperparameters = hyperparameters;
    update.max_gradient_norm = HUGE_VAL, update.average_decay = -1;
    update.parameters = parameters.data(), update.slots = slots.data(), update.step = step;
    return update;
}

template <class T>
struct Fitted {
    std::vector<T> parameters, slots, gradient, prediction;
    double loss;
    bool operator==(const Fitted&) const = default;
};

template <class T>
Fitted<T> fit(const InstructionSet& set, const Example<T>& example, std::int64_t batch,
              int threads) {
    const Kernels<T>& kernels = kernels_of<T>(set);
    const std::size_t n = std::size_t(example.n_parameters);
    const std::size_t n_outputs = std::size_t(example.blocks.back().fan_out);
    Fitted<T> fitted{example.parameters, std::vector<T>(2 * n), std::vector<T>(n),
                     std::vector<T>(std::size_t(example.n_samples) * n_outputs), 0};
    const std::vector<double> rates(std::size_t((example.n_samples + batch - 1) / batch), 1e-2);
    void* network = kernels.make(example.problem, example.n_samples);
    for (int epoch = 0; epoch < 2; ++epoch)
        train(kernels, network, example.rows(),
              {example.order.data(), example.n_samples, batch, rates.data()},
              by_adam(fitted.parameters, fitted.slots, epoch * std::int64_t(rates.size())), quiet,
              threads);
    Team team(threads);
    fitted.loss = kernels
                      .loss_and_gradient(network, example.rows(), fitted.parameters.data(),
                                         fitted.gradient.data(), {}, quiet, team)
                      .loss;
    kernels.predict(network, 0, example.rows_to_predict(), fitted.parameters.data(),
                    fitted.prediction.data(), nullptr, quiet, threads);
    kernels.release(network);
    return fitted;
}

template <class T>
void test_threads_give_equal_bits(const InstructionSet& set, int loss, bool sparse,
                                  Precision precision = Precision::full) {
    const Example<T> example(loss, sparse, 301, {19, 33, 5}, precision);
    const Fitted<T> alone = fit(set, example, 37, 1);
    for (int threads : {2, 3, 7})
        expect(fit(set, example, 37, threads) == alone,
               std::string(set.name) + " " + names().losses[loss] + ": " + std::to_string(threads) +
                   " threads differ from one");
}

// With all optional parts of a step; the hyperparameters suit every optimizer.
template <class T>
std::vector<T> fit_with_all(const InstructionSet& set, const Example<T>& example, int optimizer,
                            int threads) {
    const Kernels<T>& kernels = kernels_of<T>(set);
    const double hyperparameters[] = {0.9, 0.99, 1e-3, 0.999, 1e-3, 1, 0};
    const std::vector<double> rates(std::size_t((example.n_samples + 36) / 37), 1e-3);
    std::vector<T> parameters = example.parameters;
    Update<T> update{optimizer, hyperparameters, nullptr, nullptr, 0};
    update.amsgrad = true, update.weight_decay = 0.1, update.max_gradient_norm = 0.1;
    update.average_decay = 0.9, update.measures_gradient = true;
    std::vector<T> slots(std::size_t(kernels.n_slots(update)) * parameters.size());
    update.parameters = parameters.data(), update.slots = slots.data();
    Problem problem = example.problem;
    problem.penalty = {0.1, 0.2};
    void* network = kernels.make(problem, example.n_samples);
    const Report report =
        train(kernels, network, example.rows(),
              {example.order.data(), example.n_samples, 37, rates.data()}, update, quiet, threads);
    kernels.release(network);
    expect(report.gradient_norm > 0, std::string(names().optimizers[optimizer]) + ": no norm");
    parameters.insert(parameters.end(), slots.begin(), slots.end());
    return parameters;
}

template <class T>
void test_steps_with_all_around_them(const InstructionSet& set, bool sparse) {
    for (const Example<T>& example :
         {Example<T>(3, sparse, 301, {19, 33, 5}), Example<T>(3, sparse, 301, {4, 8, 3})})
        for (int optimizer = 0; names().optimizers[optimizer]; ++optimizer) {
            const std::vector<T> alone = fit_with_all(set, example, optimizer, 1);
            expect(fit_with_all(set, example, optimizer, 3) == alone,
                   std::string(set.name) + " " + names().optimizers[optimizer] +
                       ": three threads differ from one");
            bool is_finite = true;
            for (T x : alone) is_finite &= x - x == 0;
            expect(is_finite, std::string(names().optimizers[optimizer]) + ": not finite");
        }
}

// Wide layers make chunks of few samples, so that a full batch has several.
template <class T>
void test_chunks_agree_with_threads(const InstructionSet& set,
                                    Precision precision = Precision::full) {
    const Example<T> example(3, false, 260, {40, 9000, 7}, precision);
    expect(fit(set, example, 260, 1) == fit(set, example, 260, 3),
           std::string(set.name) + ": several chunks differ between one thread and three");
}

// A prediction's chunks are smaller than those of a batch, so its buffers must grow.
template <class T>
void test_a_network_that_has_predicted_trains_as_a_new_one(const InstructionSet& set) {
    const Example<T> example(3, false, 260, {40, 3000, 7});
    const Kernels<T>& kernels = kernels_of<T>(set);
    const double rates[] = {1e-2};
    std::vector<T> trained[2];
    for (bool predicts : {false, true}) {
        void* network = kernels.make(example.problem, example.n_samples);
        std::vector<T> prediction(std::size_t(example.n_samples) * 7),
            slots(2 * example.parameters.size());
        Rows<T> unlabelled = example.rows();
        unlabelled.targets = unlabelled.weight = nullptr, unlabelled.codes = nullptr;
        if (predicts)
            kernels.predict(network, 0, unlabelled, example.parameters.data(), prediction.data(),
                            nullptr, quiet, 1);
        trained[predicts] = example.parameters;
        train(kernels, network, example.rows(),
              {example.order.data(), example.n_samples, example.n_samples, rates},
              by_adam(trained[predicts], slots, 0), quiet, 2);
        kernels.release(network);
    }
    expect(trained[0] == trained[1],
           std::string(set.name) + ": a prediction before shows in a fit");
}

// Dense samples for which the products skip zeros.
template <class T>
void test_mostly_zeros_agree_with_threads(const InstructionSet& set) {
    Example<T> example(3, false, 301, {67, 33, 5});
    for (std::size_t i = 0; i < example.dense.size(); ++i)
        if (i % 7 % 5 != 0) example.dense[i] = 0;
    for (std::int64_t batch : {1, 37, 301})
        expect(fit(set, example, batch, 1) == fit(set, example, batch, 3),
               std::string(set.name) +
                   ": rows of mostly zeros differ between one thread and three");
}

// Every activation and normalization, with residuals, dropout and noise, by one thread and by three.
template <class T>
void test_blocks_agree_with_threads(const InstructionSet& set, int activation, int normalization) {
    Example<T> example(0, false, 301, {19, 33, 33, 5});
    for (Block& block : example.blocks)
        block.activation = activation, block.hyperparameters[0] = 0.5;
    for (int i : {0, 1}) {
        example.blocks[std::size_t(i)].normalization = normalization;
        example.blocks[std::size_t(i)].dropout = 0.3;
    }
    example.blocks[1].residual = true;
    example.problem.input_dropout = 0.1, example.problem.input_noise = 0.2;
    const Kernels<T>& kernels = kernels_of<T>(set);
    void* network = kernels.make(example.problem, 1);
    example.n_parameters = kernels.n_parameters(network);
    kernels.release(network);
    example.parameters.resize(std::size_t(example.n_parameters), T(0.5));
    for (std::int64_t batch : {1, 37, 301})
        expect(fit(set, example, batch, 1) == fit(set, example, batch, 3),
               std::string(set.name) + " " + names().activations[activation] +
                   ": blocks differ between one thread and three");
}

template <class T>
double worst_difference(const std::vector<T>& one, const std::vector<T>& other) {
    double worst = 0, largest = 1;
    for (std::size_t i = 0; i < one.size(); ++i) {
        // Written like this, a NaN is larger than any number.
        const double difference = std::fabs(double(one[i]) - double(other[i]));
        if (!(difference <= worst)) worst = difference;
        largest = std::fmax(largest, std::fabs(double(other[i])));
    }
    return worst / largest;
}

// A CSR matrix uses the passes of larger networks, the same samples made dense those of small ones:
// whole groups of samples and others, in one chunk and in several.
template <class T>
void test_small_networks_agree_with_larger_ones_passes(const InstructionSet& set, int loss) {
    const double tolerance = sizeof(T) == 4 ? 1e-4 : 1e-12;
    for (const std::vector<std::int64_t>& widths :
         {std::vector<std::int64_t>{4, 7, 3}, {1, 1}, {3, 17, 1}, {32, 3, 2, 3}})
        for (std::int64_t batch : {1, 15, 16, 17, 200, 256, 257, 601}) {
            Example<T> example(loss, true, 601, widths);
            const Fitted<T> by_larger = fit(set, example, batch, 1);
            example.is_sparse = false;
            const Fitted<T> by_small = fit(set, example, batch, 1);
            const double worst =
                std::fmax(std::fmax(worst_difference(by_small.parameters, by_larger.parameters),
                                    worst_difference(by_small.slots, by_larger.slots)),
                          std::fmax(worst_difference(by_small.gradient, by_larger.gradient),
                                    std::fabs(by_small.loss - by_larger.loss)));
            expect(worst < tolerance, std::string(set.name) + " " + names().losses[loss] +
                                          ": a small network in batches of " +
                                          std::to_string(batch) + " is off by " +
                                          std::to_string(worst));
        }
}

// dL/dw by central differences, for float64.
void test_gradient(const InstructionSet& set, int loss, bool sparse) {
    Example<double> example(loss, sparse, 23, {5, 7, 3});
    const Kernels<double>& kernels = set.float64;
    void* network = kernels.make(example.problem, example.n_samples);
    std::vector<double> gradient(std::size_t(example.n_parameters)), ignored(gradient.size());
    Team alone(1);
    const auto loss_at = [&](double* into) {
        const double* const at = example.parameters.data();
        return kernels.loss_and_gradient(network, example.rows(), at, into, {}, quiet, alone).loss;
    };
    loss_at(gradient.data());
    // The loss is the mean over the outputs; the gradient is that of their sum.
    const double factor = std::string(names().losses[loss]) == "squared_error" ? 3 : 1;
    const double weight_sum = std::accumulate(example.weight.begin(), example.weight.end(), 0.0);
    double worst = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        const double h = 1e-6, at = example.parameters[i];
        example.parameters[i] = at + h;
        const double above = loss_at(ignored.data());
        example.parameters[i] = at - h;
        const double below = loss_at(ignored.data());
        example.parameters[i] = at;
        const bool is_weight = i < std::size_t(5 * 7 + 7 * 3 * example.settings.outputs_per_target);
        const double penalty = is_weight ? 0.1 * at / weight_sum : 0;
        const double derivative = ((above - below) / (2 * h) - penalty) * factor + penalty;
        worst = std::fmax(worst, std::fabs(derivative - gradient[i]));
    }
    kernels.release(network);
    expect(worst < 1e-7, std::string(set.name) + " " + names().losses[loss] + ": gradient off by " +
                             std::to_string(worst));
}

template <class T>
void test_all(const InstructionSet& set) {
    for (int loss = 0; names().losses[loss]; ++loss)
        for (bool sparse : {false, true}) test_threads_give_equal_bits<T>(set, loss, sparse);
    for (bool sparse : {false, true}) test_steps_with_all_around_them<T>(set, sparse);
    test_chunks_agree_with_threads<T>(set);
    test_mostly_zeros_agree_with_threads<T>(set);
    test_a_network_that_has_predicted_trains_as_a_new_one<T>(set);
    for (int activation = 0; names().activations[activation]; ++activation)
        for (int normalization : {-1, 0, 1})
            test_blocks_agree_with_threads<T>(set, activation, normalization);
    for (int loss = 0; names().losses[loss]; ++loss)
        test_small_networks_agree_with_larger_ones_passes<T>(set, loss);
}

void test_rounded_products(const InstructionSet& set) {
    for (int loss = 0; names().losses[loss]; ++loss)
        for (bool sparse : {false, true})
            test_threads_give_equal_bits<float>(set, loss, sparse, Precision::bfloat16);
    test_chunks_agree_with_threads<float>(set, Precision::bfloat16);
}

}  // namespace

int main() {
    for (auto set = runnable_instruction_sets(); *set; ++set) {
        test_all<float>(**set);
        test_all<double>(**set);
        test_rounded_products(**set);
        test_bfloat16(**set);
        test_inputs(**set);
        for (int loss = 0; names().losses[loss]; ++loss)
            for (bool sparse : {false, true}) test_gradient(**set, loss, sparse);
        std::printf("%s: done\n", (*set)->name);
    }
    return failures;
}
