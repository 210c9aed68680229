// Memory of a network.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <new>

#include "simd/vector.hpp"

namespace lamina::LAMINA_INSTRUCTION_SET {

// Zeroed memory, aligned to a cache line; the operating system provides pages when they are touched.
template <class T>
class Buffer {
   public:
    Buffer() = default;
    explicit Buffer(Index n) {
        memory_ = std::calloc(std::size_t(n) * sizeof(T) + 64, 1);
        if (!memory_) throw std::bad_alloc();
        data_ = reinterpret_cast<T*>((reinterpret_cast<std::uintptr_t>(memory_) + 63) &
                                     ~std::uintptr_t(63));
    }
    Buffer(Buffer&& other) noexcept : memory_(other.memory_), data_(other.data_) {
        other.memory_ = nullptr;
    }
    Buffer& operator=(Buffer&& other) noexcept {
        void* mine = memory_;
        memory_ = other.memory_, data_ = other.data_;
        other.memory_ = mine;
        return *this;
    }
    ~Buffer() { std::free(memory_); }
    operator T*() const { return data_; }

   private:
    void* memory_ = nullptr;
    T* data_ = nullptr;
};

}  // namespace lamina::LAMINA_INSTRUCTION_SET
