// Reports of the core's tests: failures are printed and counted.
#pragma once

#include <cstdio>
#include <string>

inline int failures = 0;

inline void expect(bool holds, const std::string& what) {
    if (holds) return;
    ++failures;
    std::printf("FAILED: %s\n", what.c_str());
}
