// Reports of the core's tests, and the epochs that they train.
#pragma once

#include <cstdio>
#include <string>

#include "../core/engine.hpp"
#include "../core/threads.hpp"

inline int failures = 0;

inline void expect(bool holds, const std::string& what) {
    if (holds) return;
    ++failures;
    std::printf("FAILED: %s\n", what.c_str());
}

// One epoch by a team of its own.
template <class T>
lamina::Report train(const lamina::Kernels<T>& kernels, void* network, const lamina::Rows<T>& rows,
                     const lamina::Batches& batches, const lamina::Update<T>& update,
                     lamina::StopSignal signal, int n_threads) {
    lamina::Team team(n_threads);
    return kernels.epoch(network, rows, batches, update, {}, signal, team);
}
