// Test programs that include this, in one file each, count their calls of operator new.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace chainrule::testing {
inline std::size_t allocations = 0;  ///< calls of operator new so far
}

// All forms that the standard library uses, or a sanitizer sees memory of one allocator returned to another.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++chainrule::testing::allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void* operator new(std::size_t size) {
  if (void* memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
