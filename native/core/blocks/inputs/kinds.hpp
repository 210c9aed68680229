// The kinds of inputs, by the names of src/lamina/blocks/inputs/. To add one: a struct like
// ScaledInputs in a header of its own, and a line in the table below.
#pragma once

#include "blocks/inputs/categorical.hpp"
#include "blocks/inputs/identity.hpp"
#include "blocks/inputs/one_hot.hpp"
#include "blocks/inputs/periodic.hpp"
#include "blocks/inputs/piecewise_linear.hpp"
#include "blocks/inputs/scaled.hpp"
#include "blocks/inputs/scaled_outputs.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

template <class T>
struct InputsKind {
    const char* name;
    Inputs<T>* (*make)(const InputGroup&);
};

template <class T, template <class> class Each>
Inputs<T>* make_inputs(const InputGroup& group) {
    return new Each<T>(group);
}

template <class T>
inline constexpr InputsKind<T> inputs_table[] = {
    {"identity", make_inputs<T, IdentityInputs>},
    {"scaled", make_inputs<T, ScaledInputs>},
    {"periodic", make_inputs<T, PeriodicInputs>},
    {"piecewise_linear", make_inputs<T, PiecewiseLinearInputs>},
    {"categorical", make_inputs<T, CategoricalInputs>},
    {"one_hot", make_inputs<T, OneHotInputs>},
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
