// Codes of categories, as whole numbers in a column of X.
#pragma once

#include <cstring>

#include "blocks/inputs/inputs.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Zero, for missing or unknown, instead of a number that is no code of the column.
template <class T>
Index code_of(T x, Index n_codes) {
    return x >= T(0) && x < T(n_codes) ? Index(x) : 0;
}

}  // namespace lamina::LAMINA_INSTRUCTION_SET
