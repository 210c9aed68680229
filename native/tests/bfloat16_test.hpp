#pragma once

#include "../core/engine.hpp"

void test_bfloat16(const lamina::InstructionSet&);
