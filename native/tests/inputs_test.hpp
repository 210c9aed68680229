#pragma once

#include "../core/engine.hpp"

// Tests the input stage of a set of kernels, in both dtypes.
void test_inputs(const lamina::InstructionSet&);
