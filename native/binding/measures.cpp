// The kernels in use, their elementary functions, and the peak rates that benchmarks compare with.
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "../core/products/avx512_bf16.hpp"
#include "../core/threads.hpp"
#include "kernels.hpp"

using namespace nanobind::literals;

namespace lamina {
namespace {

template <class T>
void multiply(In<T> A, In<T> B, InOut<T> C, bool A_is_transposed, bool B_is_transposed,
              std::int64_t n_threads, int precision) {
    require(A.ndim() == 2 && B.ndim() == 2 && C.ndim() == 2, "a product is of matrices");
    require(!(A_is_transposed && B_is_transposed), "one matrix may lie transposed, not both");
    const std::size_t m = A.shape(A_is_transposed), k = A.shape(!A_is_transposed);
    const std::size_t n = B.shape(!B_is_transposed);
    require(B.shape(B_is_transposed) == k && C.shape(0) == m && C.shape(1) == n,
            "the shapes do not fit");
    const Orientation orientation = A_is_transposed   ? Orientation::left_transposed
                                    : B_is_transposed ? Orientation::right_transposed
                                                      : Orientation::plain;
    auto product = kernels<T>().multiply;
    if constexpr (std::is_same_v<T, float>)
        if (Precision(precision) == Precision::bfloat16)
            product = instruction_set().multiply_bfloat16;
    without_gil([&] {
        product(orientation, A.data(), B.data(), C.data(), std::int64_t(m), std::int64_t(n),
                std::int64_t(k), threads_within(n_threads));
    });
}

struct NamedLoop {
    const char* instruction_set;
    SpinLoop loop;
};

// Loops of every instruction set that the machine supports, whichever is in use: the limit is the
// machine's.
template <class T>
std::vector<NamedLoop> spin_loops() {
    std::vector<NamedLoop> loops;
    for (auto sets = runnable_instruction_sets(); *sets; ++sets)
        for (auto loop = kernels_of<T>(**sets).spin_loops; loop->chains; ++loop)
            loops.push_back({(*sets)->name, *loop});
    // Last, so that the loops of both dtypes have the same numbers.
    if constexpr (std::is_same_v<T, float>)
        if (avx512_bf16::multiply() &&
            runnable_instruction_sets()[0]->name == std::string("avx512"))
            loops.push_back(
                {"avx512_bf16",
                 {"multiply_add_bfloat16", avx512_bf16::spin_chains, 32, avx512_bf16::spin}});
    return loops;
}

template <class T>
std::pair<std::int64_t, double> spin(std::size_t number, std::int64_t rounds,
                                     std::int64_t requested_threads) {
    const auto loops = spin_loops<T>();
    require(number < loops.size(), "there is no loop of that number");
    require(rounds > 0 && requested_threads > 0, "rounds and threads are at least 1");
    const SpinLoop loop = loops[number].loop;
    const int n_threads = threads_within(requested_threads);
    std::vector<double> means(n_threads);
    without_gil([&] {
        Team(n_threads).run(n_threads, [&](std::int64_t i, int) { means[i] = loop.run(rounds); });
    });
    const double sum = std::accumulate(means.begin(), means.end(), 0.0);
    return {n_threads * rounds * loop.chains * loop.lanes, sum / n_threads};
}

template <class T>
void bind_each(nb::module_& module) {
    module.def(
        std::is_same_v<T, float> ? "spin32" : "spin64", spin<T>, "loop"_a, "rounds"_a,
        "n_threads"_a,
        "Run one of spin_loops() on each thread; return the number of operations, each on one number,\n"
        "and the mean of the results.");
    module.def("multiply", multiply<T>, "A"_a.noconvert(), "B"_a.noconvert(), "C"_a.noconvert(),
               "A_is_transposed"_a, "B_is_transposed"_a, "n_threads"_a, "precision"_a,
               "Write the matrix product A B into C; one of them may be stored transposed.");
    module.def(
        "evaluate",
        [](int function, In<T> x, InOut<T> y) {
            require(is_in(names().functions, function), "function is none of FUNCTIONS");
            require(x.size() == y.size(), "x and y have other sizes");
            kernels<T>().evaluate(function, x.data(), y.data(), std::int64_t(x.size()));
        },
        "function"_a, "x"_a.noconvert(), "y"_a.noconvert(),
        "Apply one of FUNCTIONS to x, and write the result into y.");
}

}  // namespace

void bind_measures(nb::module_& module) {
    module.def(
        "instruction_set", [] { return std::string(instruction_set().name); },
        "Return the set of kernels in use: LAMINA_INSTRUCTION_SET's, else the fastest.");
    module.def(
        "bfloat16_unit",
        [] {
            const InstructionSet& set = instruction_set();
            const MultiplyBfloat16 unit = set.bfloat16_unit();
            return unit == set.emulated_bfloat16     ? "emulated"
                   : unit == avx512_bf16::multiply() ? "avx512_bf16"
                                                     : "amx";
        },
        "Return the unit of products in bfloat16: 'amx', 'emulated' with the same bits, or\n"
        "'avx512_bf16', which sums in an order of its own.");
    module.def(
        "instruction_sets",
        [] {
            std::vector<std::string> names;
            for (auto sets = runnable_instruction_sets(); *sets; ++sets)
                names.push_back((*sets)->name);
            return names;
        },
        "Return the sets of kernels that this machine supports, the fastest first.");
    module.def(
        "spin_loops",
        [] {
            std::vector<std::tuple<std::string, std::string, int>> names;
            for (const NamedLoop& each : spin_loops<float>())
                names.emplace_back(each.instruction_set, each.loop.operation, each.loop.chains);
            return names;
        },
        "Return the loops that spin32 and spin64 number: instruction set, operation, and chains.\n"
        "Only spin32 has 'multiply_add_bfloat16'.");
    bind_each<float>(module);
    bind_each<double>(module);
}

}  // namespace lamina
