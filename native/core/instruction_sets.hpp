// Which sets of kernels this binary holds, and which of them this machine can run.
#pragma once

#include "engine.hpp"

namespace lamina {

// Those that this machine can run, the fastest first; ended by null.
const InstructionSet* const* runnable_instruction_sets();

}  // namespace lamina
