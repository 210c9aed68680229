// The input stage: every kind of inputs, by one thread and by many, in one chunk and in several, with
// every optimizer and all options of a step; one sample alone and among many; codes that are none, and
// columns without bins.
#include "inputs_test.hpp"

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "expect.hpp"

using namespace lamina;

namespace {

int number_of(const char* const* table, const std::string& name) {
    int i = 0;
    while (table[i] && table[i] != name) ++i;
    return i;
}

bool never(void*) { return false; }
constexpr StopSignal quiet{never, nullptr};

template <class T>
const Kernels<T>& kernels_of(const InstructionSet& set) {
    if constexpr (sizeof(T) == 4)
        return set.float32;
    else
        return set.float64;
}

// A stage of every kind, interleaved, before two dense blocks, with samples for it.
template <class T>
struct StageExample {
    static constexpr std::int64_t n_columns = 14, n_samples = 301, n_outputs = 5, n_bins = 6;
    const std::vector<std::int64_t> columns[6] = {{13, 0},    {1, 12}, {2, 11},
                                                  {3, 10, 4}, {9, 5},  {8, 6, 7}};
    const std::vector<std::int64_t> several{3000, 1}, few{4, 1, 9};
    const std::vector<InputGroup> groups{
        {number_of(names().inputs, "identity"), 2, columns[0].data()},
        {number_of(names().inputs, "scaled"), 2, columns[1].data()},
        {number_of(names().inputs, "periodic"), 2, columns[2].data(), 5, 37},
        {number_of(names().inputs, "piecewise_linear"), 3, columns[3].data(), 7, n_bins},
        {number_of(names().inputs, "categorical"), 2, columns[4].data(), 9, 0, several.data()},
        {number_of(names().inputs, "one_hot"), 3, columns[5].data(), 1, 0, few.data()}};
    const std::int64_t width = 2 + 2 + 2 * 6 + 3 * 7 + 2 * 9 + 3 + 8;
    std::vector<Block> blocks;
    Problem problem{};
    std::vector<T> X, y, weight, parameters;
    std::vector<std::int64_t> order;

    StageExample(const Kernels<T>& kernels, std::int64_t hidden) {
        Block stage{n_columns, width};
        stage.kind = number_of(names().blocks, "input_stage");
        stage.groups = groups.data(), stage.n_groups = int(groups.size());
        blocks = {
            stage, {width, hidden, number_of(names().activations, "tanh")}, {hidden, n_outputs}};
        problem = {
            blocks.data(), int(blocks.size()), number_of(names().losses, "squared_error"), {0.1}};
        problem.n_targets = n_outputs;
        std::mt19937 random(7);
        std::uniform_real_distribution<double> uniform(-1, 1);
        for (std::int64_t i = 0; i < n_samples; ++i) {
            for (std::int64_t c = 0; c < n_columns; ++c) X.push_back(T(2 * uniform(random)));
            T* const row = X.data() + i * n_columns;
            row[9] = T(random() % 3000), row[5] = 0;
            row[8] = T(random() % 4), row[6] = 0, row[7] = T(random() % 9);
            for (std::int64_t j = 0; j < n_outputs; ++j) y.push_back(T(uniform(random)));
            weight.push_back(T(1.5 + uniform(random)));
            order.push_back(i * 7919 % n_samples);
        }
        void* const network = kernels.make(problem, 1);
        parameters.resize(std::size_t(kernels.n_parameters(network)));
        kernels.release(network);
        for (T& each : parameters) each = T(0.3 * uniform(random));
        // The edges are last: of usual bins, of fewer bins, and of none.
        T* edges = parameters.data() + parameters.size() - 3 * (n_bins + 1);
        for (std::int64_t t = 0; t <= n_bins; ++t) {
            edges[t] = T(t - 3) / T(2);
            edges[n_bins + 1 + t] = t < 2 ? T(-1) : T(0.25);
            edges[2 * (n_bins + 1) + t] = T(0.5);
        }
    }
    Rows<T> rows() const {
        Rows<T> all{};
        all.n_samples = n_samples;
        all.dense = X.data(), all.targets = y.data(), all.weight = weight.data();
        return all;
    }
    std::vector<T> predict(const Kernels<T>& kernels, int threads) const {
        void* const network = kernels.make(problem, n_samples);
        std::vector<T> a_0(n_samples * width), a_1(n_samples * blocks[1].fan_out),
            prediction(n_samples * n_outputs);
        T* const activations[] = {a_0.data(), a_1.data()};
        Rows<T> only_x = rows();
        only_x.targets = only_x.weight = nullptr;
        kernels.predict(network, 0, only_x, parameters.data(), prediction.data(), activations,
                        quiet, threads);
        kernels.release(network);
        prediction.insert(prediction.end(), a_0.begin(), a_0.end());
        return prediction;
    }
    std::vector<T> predict_each(const Kernels<T>& kernels) const {
        void* const network = kernels.make(problem, 1);
        std::vector<T> prediction(n_samples * n_outputs);
        for (std::int64_t i = 0; i < n_samples; ++i)
            kernels.predict_few(network, 0, X.data() + i * n_columns, 1, parameters.data(),
                                prediction.data() + i * n_outputs);
        kernels.release(network);
        return prediction;
    }
    // Parameters, slots and the gradient after an epoch with an optimizer.
    std::vector<T> fit(const Kernels<T>& kernels, int optimizer, bool has_options, double momentum,
                       std::int64_t batch, int threads) const {
        // As many as the optimizer with most takes: Muon, with the last two for its hidden matrices.
        const double hyperparameters[] = {momentum, momentum > 0 ? 0.99 : 0, 1e-3, 0.999, 1e-3, 1,
                                          0};
        const FactorSpan spans[] = {{100, 2, 0.5}, {std::int64_t(parameters.size()) - 30, 0.5, 0}};
        const std::vector<double> rates(std::size_t((n_samples + batch - 1) / batch), 1e-2);
        std::vector<T> trained = parameters;
        Update<T> update{optimizer, hyperparameters, nullptr, nullptr, 0};
        if (has_options) {
            update.weight_decay = 0.1, update.max_gradient_norm = 0.1, update.average_decay = 0.9;
            update.spans = spans, update.n_spans = 2;
        }
        std::vector<T> slots(std::size_t(kernels.n_slots(update)) * trained.size());
        update.parameters = trained.data(), update.slots = slots.data();
        void* const network = kernels.make(problem, n_samples);
        train(kernels, network, rows(), {order.data(), n_samples, batch, rates.data()}, update,
              quiet, threads);
        std::vector<T> gradient(trained.size());
        Team team(threads);
        kernels.loss_and_gradient(network, rows(), trained.data(), gradient.data(), {}, quiet,
                                  team);
        kernels.release(network);
        trained.insert(trained.end(), slots.begin(), slots.end());
        trained.insert(trained.end(), gradient.begin(), gradient.end());
        return trained;
    }
};

template <class T>
bool are_finite(const std::vector<T>& numbers) {
    for (T x : numbers)
        if (x - x != 0) return false;
    return true;
}

template <class T>
void test_threads(const InstructionSet& set) {
    const Kernels<T>& kernels = kernels_of<T>(set);
    const StageExample<T> example(kernels, 33);
    for (int optimizer = 0; names().optimizers[optimizer]; ++optimizer)
        for (bool has_options : {false, true})
            for (std::int64_t batch : {1, 37, 301}) {
                const std::vector<T> alone =
                    example.fit(kernels, optimizer, has_options, 0.9, batch, 1);
                expect(are_finite(alone), std::string(set.name) + ": a stage's fit is not finite");
                for (int threads : {2, 7})
                    expect(example.fit(kernels, optimizer, has_options, 0.9, batch, threads) ==
                               alone,
                           std::string(set.name) + " " + names().optimizers[optimizer] +
                               ": threads change a stage's fit");
            }
    const StageExample<T> wide(kernels, 9000);
    expect(wide.fit(kernels, 1, false, 0.9, 301, 1) == wide.fit(kernels, 1, false, 0.9, 301, 3),
           std::string(set.name) + ": threads change a stage's fit in several chunks");
}

template <class T>
void test_predictions(const InstructionSet& set) {
    const Kernels<T>& kernels = kernels_of<T>(set);
    StageExample<T> example(kernels, 33);
    // Numbers that are no codes count as 0, and others lie far from the bins and angles.
    const T infinity = std::numeric_limits<T>::infinity();
    const T odd[] = {T(-1), T(1e9), T(2999.5), -infinity, infinity, T(NAN), T(1e30), T(-0.0)};
    for (int i = 0; i < 8; ++i)
        for (std::int64_t c : {9, 5, 8, 6, 7}) example.X[std::size_t(i * 14 + c)] = odd[i];
    for (int i = 0; i < 8; ++i)
        if (odd[i] - odd[i] == 0)
            for (std::int64_t c : {1, 2, 3, 10, 4}) example.X[std::size_t(i * 14 + c)] = odd[i];
    const std::vector<T> alone = example.predict(kernels, 1);
    for (int threads : {2, 3, 7})
        expect(std::memcmp(example.predict(kernels, threads).data(), alone.data(),
                           alone.size() * sizeof(T)) == 0,
               std::string(set.name) + ": threads change a stage's predictions");
    const StageExample<T> usual(kernels, 33);
    std::vector<T> together = usual.predict(kernels, 1);
    together.resize(301 * 5);
    expect(usual.predict_each(kernels) == together,
           std::string(set.name) + ": a sample is predicted otherwise alone");
}

}  // namespace

void test_inputs(const InstructionSet& set) {
    test_threads<float>(set);
    test_threads<double>(set);
    test_predictions<float>(set);
    test_predictions<double>(set);
}
