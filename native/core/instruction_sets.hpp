// The sets of kernels in this binary, and those that this machine supports.
#pragma once

#include "engine.hpp"

namespace lamina {

// The supported sets, the fastest first; terminated by null.
const InstructionSet* const* runnable_instruction_sets();

}  // namespace lamina
