// Compiled once for each instruction set, with LAMINA_INSTRUCTION_SET as its name: all computation,
// as one table of functions.
#include "measures.hpp"
#include "predict/chunks.hpp"
#include "predict/few.hpp"
#include "small/epoch.hpp"
#include "training/epoch.hpp"
#include "training/lbfgs_passes.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// The object that the binding holds: a network, and the extra memory of a small one, made when it
// trains.
template <class T>
struct Held {
    Network<T> network;
    Index largest_batch;
    SmallNetwork<T>* small = nullptr;

    Held(const Problem& problem, Index most) : network(problem), largest_batch(most) {}
    ~Held() { delete small; }
    Held(const Held&) = delete;

    bool trains_small(const Rows<T>& rows) {
        if (!rows.dense || rows.weighs_targets || !is_small(network)) return false;
        if (!small) small = new SmallNetwork<T>(network, largest_batch);
        return true;
    }
};

template <class T>
struct Function {
    const char* name;
    Vector<T> (*apply)(Vector<T>);
};

template <class T>
inline constexpr Function<T> function_table[] = {
    {"exp", exponential<T>},
    {"log", logarithm<T>},
    {"tanh", hyperbolic_tangent<T>},
    {"logistic", logistic<T>},
    {"normal", normal_distribution<T>},
    {"sin", Sine<T>::value},
    {"cos", cosine<T>},
    {"softplus", softplus<T>},
};

template <int n>
struct NameList {
    const char* names[n + 1] = {};
};

template <class Record, int n>
constexpr NameList<n> names_of(const Record (&table)[n]) {
    NameList<n> list;
    for (int i = 0; i < n; ++i) list.names[i] = table[i].name;
    return list;
}

inline constexpr auto block_names = names_of(block_table<double>);
inline constexpr auto inputs_names = names_of(inputs_table<double>);
inline constexpr auto activation_names = names_of(activation_table<double>);
inline constexpr auto loss_names = names_of(loss_table<double>);
inline constexpr auto inverse_link_names = names_of(inverse_link_table<double>);
inline constexpr auto optimizer_names = names_of(optimizer_table<double>);
inline constexpr auto function_names = names_of(function_table<double>);

template <class T>
struct Entry {
    static Held<T>& held(void* network) { return *static_cast<Held<T>*>(network); }
    static void* make(const Problem& problem, std::int64_t largest_batch) {
        return new Held<T>(problem, largest_batch);
    }
    static void release(void* network) { delete static_cast<Held<T>*>(network); }
    static std::int64_t n_parameters(const void* network) {
        return static_cast<const Held<T>*>(network)->network.n_parameters;
    }
    static std::int64_t n_slots(const Update<T>& update) {
        return optimizer_of(update).n_slots + (update.average_decay >= 0 ? 1 : 0);
    }
    static Report epoch(void* network, const Rows<T>& rows, const Batches& batches,
                        const Update<T>& update, const CustomLoss<T>& custom, StopSignal signal,
                        Team& team) {
        Held<T>& it = held(network);
        // A small network's copy of the parameters has places of its own.
        if (!optimizer_of(update).orthogonalises && update.n_spans == 0 && it.trains_small(rows))
            return run_small_epoch(it.network, *it.small, rows, batches, update, signal);
        return run_epoch(it.network, rows, batches, update, custom, signal, team);
    }
    static Report loss_and_gradient(void* network, const Rows<T>& rows, const T* parameters,
                                    T* gradient, const CustomLoss<T>& custom, StopSignal signal,
                                    Team& team) {
        Held<T>& it = held(network);
        if (it.trains_small(rows))
            return run_small_loss_and_gradient(it.network, *it.small, rows, parameters, gradient,
                                               signal);
        return run_loss_and_gradient(it.network, rows, parameters, gradient, custom, signal, team);
    }
    static Report predict(void* network, int inverse_link, const Rows<T>& rows, const T* parameters,
                          T* prediction, T* const* activations, StopSignal signal, int n_threads) {
        return run_predict(held(network).network, inverse_link, rows, parameters, prediction,
                           activations, signal, n_threads);
    }
    static Report predict_few(const void* network, int inverse_link, const T* x,
                              std::int64_t n_samples, const T* parameters, T* prediction) {
        return run_predict_few(static_cast<const Held<T>*>(network)->network, inverse_link, x,
                               n_samples, parameters, prediction);
    }
    static void evaluate(int function, const T* x, T* y, std::int64_t n) {
        const auto apply = function_table<T>[function].apply;
        for (Index i = 0; i < n; i += lanes<T>) {
            const Index left = n - i;
            if (left >= lanes<T>)
                store(y + i, apply(load(x + i)));
            else
                store_part(y + i, apply(load_part(x + i, left)), left);
        }
    }
    static constexpr Kernels<T> kernels = {make,
                                           release,
                                           n_parameters,
                                           n_slots,
                                           epoch,
                                           loss_and_gradient,
                                           predict,
                                           predict_few,
                                           evaluate,
                                           spin_loops<T>,
                                           lamina::LAMINA_INSTRUCTION_SET::multiply<T>};
};

#define LAMINA_TEXT_OF(name) #name
#define LAMINA_TEXT(name) LAMINA_TEXT_OF(name)

extern const InstructionSet instruction_set;
const InstructionSet instruction_set = {
    LAMINA_TEXT(LAMINA_INSTRUCTION_SET),
    {block_names.names, inputs_names.names, activation_names.names, loss_names.names,
     inverse_link_names.names, optimizer_names.names, normalization_names, function_names.names},
    Entry<float>::kernels,
    Entry<double>::kernels,
    lbfgs_kernels,
    multiply_emulated,
    bfloat16_unit,
    multiply_rounded};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
