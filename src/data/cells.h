// Where the cells of a column live: columns too small for large pages of their own share them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

namespace chainrule::data {

/// Memory for cells, aligned to cache lines unless it is little. Any thread may call both; `bytes` must be the same. Throws std::bad_alloc.
void* take_cells(std::size_t bytes);
void give_back_cells(void* cells, std::size_t bytes) noexcept;

/// Elements made without a value hold anything: they are written next, and writing memory twice takes time.
template <class T>
struct CellAllocator {
  using value_type = T;

  CellAllocator() = default;
  template <class U>
  CellAllocator(const CellAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(take_cells(count * sizeof(T)));
  }
  void deallocate(T* cells, std::size_t count) noexcept { give_back_cells(cells, count * sizeof(T)); }
  template <class U>
  void construct(U* cell) noexcept {
    ::new (static_cast<void*>(cell)) U;
  }
  template <class U, class... Arguments>
  void construct(U* cell, Arguments&&... arguments) {
    ::new (static_cast<void*>(cell)) U(static_cast<Arguments&&>(arguments)...);
  }
  bool operator==(const CellAllocator&) const noexcept { return true; }
};

template <class T>
using Cells = std::vector<T, CellAllocator<T>>;

template <class T>
bool operator==(const Cells<T>& cells, const std::vector<T>& others) {
  return std::equal(cells.begin(), cells.end(), others.begin(), others.end());
}

}  // namespace chainrule::data
